import { describe, expect, it } from 'vitest'
import { groupStories } from '../../server/trace/series.js'
import type { Reached, TraceStory } from '../../server/trace/story.js'

/** What several answers to one question have in common; whether they are so is for test/hosts/trace-series.test.ts. */

function story(reached: Reached | undefined, more: Partial<TraceStory> = {}): TraceStory {
  const outcome = reached?.how === 'answered' ? 'answered' : 'stopped'
  const plain = { from: 'app', to: 'db', protocol: 'tcp', port: 6379, durationMs: 3 } as const
  return { ...plain, hops: [], outcome, summary: { en: 'told', zh: '结果' }, ...(reached ? { reached } : {}), ...more }
}

const one: Reached = {
  ...{ address: '172.18.0.2', how: 'answered', mac: '02:42:ac:12:00:02' },
  ...{ place: 'node1/one-db', answeredFrom: '172.18.0.2' },
}
const two: Reached = {
  ...{ address: '172.18.0.3', how: 'refused', mac: '02:42:ac:12:00:03' },
  ...{ place: 'node1/two-db', answeredFrom: '172.18.0.3' },
}
const notListening: Partial<TraceStory> = {
  cause: { code: 'port-not-listening', what: { en: 'x', zh: 'x' }, evidence: [], tries: [] },
}

describe('one question, asked several times', () => {
  it('is told by what differs, the most frequent first', () => {
    const refused = () => story(two, notListening)
    const stories = [refused(), story(one), story(one), refused(), story(one)]
    const series = groupStories(stories)
    expect(series.groups.map(({ times, turns, cause }) => ({ times, turns, cause }))).toEqual([
      { times: 3, turns: [2, 3, 5], cause: undefined },
      { times: 2, turns: [1, 4], cause: 'port-not-listening' },
    ])
    expect(series.asked).toBe(5)
    expect(series.differs).toEqual(['address', 'answerer', 'outcome'])
    expect(series.summary).toEqual({
      en: '`db:6379` was `172.18.0.2` (`node1/one-db`) three times: answered; `172.18.0.3` (`node1/two-db`) twice: refused (`port-not-listening`); what differs: the address that was asked, who was reached, what became of it.',
      zh: '`db:6379` 是 `172.18.0.2`（`node1/one-db`）3 次：有应答；`172.18.0.3`（`node1/two-db`）2 次：被拒绝（`port-not-listening`）；不同之处：访问的地址、到达的对象、结果。',
    })
  })

  it('is one group where nothing differs but times', () => {
    const series = groupStories([story(one, { durationMs: 1 }), story(one, { durationMs: 900 })])
    expect(series.groups).toHaveLength(1)
    expect(series.differs).toEqual([])
    expect(series.summary.en).toBe('`db:6379` was `172.18.0.2` (`node1/one-db`) twice: answered.')
  })

  it('names the MAC address where two have one address, and nothing else tells them apart', () => {
    const other = { ...one, mac: '02:42:ac:12:00:99' }
    const series = groupStories([story(one), story(other)])
    expect(series.differs).toEqual(['mac'])
    expect(series.groups.map(({ text }) => text.en)).toEqual([
      '`172.18.0.2` (`node1/one-db`, MAC `02:42:ac:12:00:02`) once: answered',
      '`172.18.0.2` (`node1/one-db`, MAC `02:42:ac:12:00:99`) once: answered',
    ])
  })

  it('names the task of a service, and the address behind its virtual one', () => {
    const task: Reached = {
      address: '10.0.1.2',
      how: 'answered',
      place: 'node2/web.1',
      task: 'web.1',
      answeredFrom: '10.0.1.5',
    }
    const { summary, differs } = groupStories([
      story(task),
      story({ ...task, place: 'node1/web.2', task: 'web.2', answeredFrom: '10.0.1.6' }),
    ])
    expect(differs).toEqual(['answerer'])
    expect(summary.en).toContain('`10.0.1.2` (task `web.1` on `node2`, at `10.0.1.5`) once: answered')
    expect(summary.zh).toContain('`node2` 上的任务 `web.1`，地址 `10.0.1.5`')
  })

  it('tells apart a name that did not resolve each time', () => {
    const unresolved = story(undefined, {
      cause: { code: 'unknown-name', what: { en: 'x', zh: 'x' }, evidence: [], tries: [] },
    })
    const { summary, groups } = groupStories([unresolved, story(one), unresolved])
    expect(groups.map(({ times, reached }) => [times, reached?.address])).toEqual([
      [2, undefined],
      [1, '172.18.0.2'],
    ])
    expect(summary.en).toMatch(/^`db:6379`: twice nothing could be sent \(`unknown-name`\); `172/)
  })

  it('calls a delivered datagram no failure', () => {
    const silent: Reached = { address: '172.18.0.2', how: 'silent', place: 'node1/one-db' }
    const { summary } = groupStories([story(silent, { outcome: 'error', protocol: 'udp' })])
    expect(summary.en).toContain('once: delivered, and nothing came back')
  })

  it('does not say twice what was asked by its address', () => {
    const { summary } = groupStories([story(one, { to: '172.18.0.2' })])
    expect(summary).toEqual({
      en: '`172.18.0.2` (`node1/one-db`) once: answered.',
      zh: '`172.18.0.2`（`node1/one-db`）1 次：有应答。',
    })
  })

  it('says so where nothing was asked', () => {
    expect(groupStories([])).toMatchObject({ asked: 0, groups: [], differs: [], summary: { en: 'nothing was asked' } })
  })
})
