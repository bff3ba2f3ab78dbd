// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import {
  type Inquiry,
  inquiry,
  isOutdated,
  newsOf,
  openTrace,
  storyOf,
  type TraceForm,
  wayOf,
  wrongIn,
} from '../../../client/network/inquiry/inquiry-state.js'
import { passedTies } from '../../../client/network/inquiry/passed-ties.js'
import { connection } from '../../../client/state/connection.js'
import { side } from '../../../client/state/lab.js'
import { mapOpen } from '../../../client/state/settings.js'
import type { Hop, MapElement, TimelineEntry, TraceSeries, TraceStory } from '../../../server/protocol/protocol.js'
import { element, tie } from './sample-map.js'

const hop = (state: Hop['state'], about: string[]): Hop => ({
  ...{ kind: 'link', state, place: 'node1', text: { en: 'hop', zh: '跳' }, evidence: [], about },
})
const story = (outcome: TraceStory['outcome'], hops: Hop[]): TraceStory => ({
  ...{ from: 'a', to: 'b', protocol: 'icmp', outcome, hops, durationMs: 1 },
  summary: { en: 'told', zh: '结果' },
})

describe('the way of a story', () => {
  it('is all that it went through, where it was answered', () => {
    const way = wayOf(story('answered', [hop('ok', ['a', 'a-b']), hop('ok', ['b'])]))
    expect([...way]).toEqual([
      ['a', 'way'],
      ['a-b', 'way'],
      ['b', 'way'],
    ])
  })

  it('ends where it stopped, and where what stopped it is not drawn, at the last thing before', () => {
    expect(wayOf(story('stopped', [hop('ok', ['a']), hop('stop', ['b'])])).get('b')).toBe('stop')
    const undrawn = wayOf(story('stopped', [hop('ok', ['a', 'b']), hop('stop', []), hop('unknown', ['c'])]))
    expect([...undrawn]).toEqual([
      ['a', 'way'],
      ['b', 'stop'],
      ['c', 'way'],
    ])
    expect(wayOf(story('stopped', [])).size).toBe(0)
    expect([...wayOf(story('error', [hop('ok', ['a'])])).values()]).toEqual(['way'])
  })
})

describe('the ties of a way', () => {
  const map = {
    takenAt: '',
    elements: [
      element('host:h', 'host'),
      element('lan:lan', 'lan'),
      ...(['interface:eth0', 'bridge:docker0', 'container:web', 'port:80'] as const).map((id) =>
        element(`h/${id}`, id.slice(0, id.indexOf(':')) as MapElement['kind'], { parent: 'host:h' }),
      ),
    ],
    ties: [
      tie('h/interface:eth0', 'lan:lan', 'cable'),
      tie('h/bridge:docker0', 'h/interface:eth0', 'routed'),
      tie('h/bridge:docker0', 'h/container:web'),
      tie('h/port:80', 'h/container:web', 'publishes'),
    ],
  }

  it('are those along which it went, past what stands for the host and its ports', () => {
    const hops = [
      hop('ok', ['lan:lan']),
      hop('ok', ['h/interface:eth0']),
      hop('ok', ['h/port:80', 'host:h']),
      hop('ok', ['h/bridge:docker0']),
      hop('ok', ['h/container:web']),
    ]
    expect(passedTies(story('answered', hops), map)).toEqual([
      'h/interface:eth0~lan:lan',
      'h/bridge:docker0~h/interface:eth0',
      'h/bridge:docker0~h/container:web',
    ])
    // What comes after it stopped it did not pass.
    const stopped = [...hops.slice(0, 2), hop('stop', ['host:h']), ...hops.slice(3)]
    expect(passedTies(story('stopped', stopped), map)).toEqual(['h/interface:eth0~lan:lan'])
  })
})

describe('the panel', () => {
  it('is put away with the map, which does not come back by that', () => {
    mapOpen.value = true
    openTrace({ from: 'node1' })
    expect(side.value).toBe('map')
    mapOpen.value = false
    expect(inquiry.value).toBeUndefined()
    expect(side.value).not.toBe('map')
    expect(mapOpen.value).toBe(false)
    mapOpen.value = true
  })
})

describe('what could not be asked', () => {
  const form: TraceForm = { from: 'a', to: 'b', port: '', protocol: 'icmp' }
  const failed = (code: string): Inquiry => ({
    kind: 'trace',
    form,
    run: { state: 'failed', trouble: { code, what: { en: 'x', zh: 'x' }, cure: { en: 'y', zh: 'y' } } },
  })

  it('is said for as long as the server is away, and no longer', () => {
    connection.value = 'away'
    inquiry.value = failed('connection.away')
    expect(inquiry.value?.run.state).toBe('failed')
    connection.value = 'online'
    expect(inquiry.value).toEqual({ kind: 'trace', form, run: { state: 'waiting' } })
  })

  it('for another reason is said on', () => {
    connection.value = 'away'
    inquiry.value = failed('place.not-found')
    connection.value = 'online'
    expect(inquiry.value?.run.state).toBe('failed')
    inquiry.value = undefined
  })
})

describe('an answer', () => {
  const entry = (id: number, ...texts: string[]): TimelineEntry => ({
    ...{ id, at: '2026-01-01T00:00:00.000Z' },
    changes: texts.map((text) => ({ kind: 'changed', text: { en: text, zh: text }, about: ['x'] })),
  })
  const answered = (entries: TimelineEntry[]): Inquiry => ({
    kind: 'trace',
    form: { from: 'a', to: 'b', port: '', protocol: 'icmp' },
    asked: { news: newsOf(entries) },
    run: { state: 'done', value: story('answered', []) },
  })

  it('is outdated once a change was seen after the question, in a new entry or in one that goes on', () => {
    const then = [entry(1), entry(2, 'a network came')]
    const now = answered(then)
    expect(isOutdated(now, then)).toBe(false)
    // The same, sent once more.
    expect(isOutdated(now, structuredClone(then))).toBe(false)
    // A command that ended changed nothing.
    const ended = { ...then[1]!, command: { host: 'node1', text: 'x', running: false } }
    expect(isOutdated(now, [then[0]!, ended])).toBe(false)
    expect(isOutdated(now, [...then, entry(3, 'a container went')])).toBe(true)
    expect(isOutdated(now, [then[0]!, entry(2, 'a network came', 'and a rule')])).toBe(true)
    // The entry before the last goes on as well.
    expect(isOutdated(now, [entry(1, 'late'), then[1]!])).toBe(true)
  })

  it('that has not come yet is not outdated', () => {
    const now = { ...answered([entry(1)]), run: { state: 'running' } } as Inquiry
    expect(isOutdated(now, [entry(1), entry(2, 'a')])).toBe(false)
  })

  it('of a repeated question is drawn by the one that failed', () => {
    const [good, bad] = [story('answered', []), story('stopped', [hop('stop', ['b'])])]
    const group = (one: TraceStory) => ({ times: 1, turns: [1], outcome: one.outcome, text: one.summary, story: one })
    const series: TraceSeries = {
      ...{ from: 'a', to: 'b', protocol: 'icmp', count: 2, asked: 2, differs: ['outcome'], durationMs: 2 },
      ...{ summary: good.summary, groups: [group(good), group(bad)] },
    }
    expect(storyOf(series)).toBe(bad)
    expect(storyOf({ ...series, groups: [] })).toBeUndefined()
    expect(storyOf(good)).toBe(good)
  })
})

it.each<[keyof TraceForm | undefined, Partial<TraceForm>]>([
  [undefined, {}],
  ['from', { from: '  ' }],
  ['to', { to: '' }],
  [undefined, { protocol: 'tcp', port: '80' }],
  ['port', { protocol: 'tcp', port: '' }],
  ['port', { protocol: 'tcp', port: '0' }],
  ['port', { protocol: 'udp', port: '65536' }],
  ['port', { protocol: 'udp', port: '8o' }],
  // Pings have none, whatever was typed before.
  [undefined, { protocol: 'icmp', port: 'x' }],
])('what is wrong is %s in %j', (wrong, change) => {
  expect(wrongIn({ from: 'web', to: 'db', port: '', protocol: 'icmp', ...change })).toBe(wrong)
})
