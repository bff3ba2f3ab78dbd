import { describe, expect, it } from 'vitest'
import { find, leftOff } from '../../client/catalogue/find.js'
import type { LabCard } from '../../server/protocol/protocol.js'

function card(id: string, over: Partial<LabCard> = {}): LabCard {
  return {
    id,
    title: { en: `Title of ${id}`, zh: `${id} 的标题` },
    summary: { en: 'Summary', zh: '简介' },
    topic: 'bridge',
    words: '',
    languages: ['en', 'zh'],
    buildsOn: [],
    level: 'beginner',
    order: 10,
    minutes: 20,
    hosts: { docker: 1, plain: 0 },
    optional: 0,
    steps: 4,
    passed: 0,
    helped: 0,
    states: [],
    finished: false,
    lacks: [],
    ...over,
  }
}

const all = { words: '', level: 'all' } as const
const ids = (groups: ReturnType<typeof find>) => groups.map(({ topic, labs }) => [topic, labs.map(({ id }) => id)])

describe('find', () => {
  const labs = [
    card('overlay', {
      order: 70,
      topic: 'overlay',
      level: 'intermediate',
      summary: { en: 'VXLAN on the wire', zh: '抓包' },
    }),
    card('user-bridge', { order: 20, title: { en: 'A bridge of your own', zh: '自己的网桥' } }),
    card('default-bridge', { order: 10 }),
    card('late-bridge', { order: 90, level: 'advanced' }),
  ]

  it('finds what the pages speak of', () => {
    expect(
      ids(find([...labs, card('ports', { words: 'iptables nginx dnat' })], { words: 'NGINX', level: 'all' })),
    ).toEqual([['bridge', ['ports']]])
  })

  it('groups by topic, in the order of the catalogue', () => {
    expect(ids(find(labs, all))).toEqual([
      ['bridge', ['default-bridge', 'user-bridge', 'late-bridge']],
      ['overlay', ['overlay']],
    ])
  })

  it('looks in title, summary and topic of both languages, for all words', () => {
    expect(ids(find(labs, { ...all, words: 'vxlan WIRE' }))).toEqual([['overlay', ['overlay']]])
    expect(ids(find(labs, { ...all, words: '自己' }))).toEqual([['bridge', ['user-bridge']]])
    expect(ids(find(labs, { ...all, words: ' 抓包 ' }))).toEqual([['overlay', ['overlay']]])
    // The topic's name, which is only on the page.
    expect(ids(find(labs, { ...all, words: 'networks' }))).toEqual([['overlay', ['overlay']]])
    expect(find(labs, { ...all, words: 'vxlan bridge' })).toEqual([])
  })

  it('keeps to a level', () => {
    expect(ids(find(labs, { words: 'bridge', level: 'advanced' }))).toEqual([['bridge', ['late-bridge']]])
  })
})

describe('leftOff', () => {
  const running = (lab: string) => ({ session: `of ${lab}`, lab })

  it('prefers what runs, the last one opened', () => {
    const labs = [card('a'), card('b'), card('c', { passed: 3 })]
    expect(leftOff({ labs, running: [running('a'), running('b')] })).toEqual({ lab: labs[1], running: true })
  })

  it('else takes the lab that is nearest to its end, and no finished one', () => {
    const labs = [card('a', { passed: 1 }), card('b', { passed: 3 }), card('c', { passed: 4, finished: true })]
    expect(leftOff({ labs, running: [] })).toEqual({ lab: labs[1], running: false })
  })

  it('offers nothing that is not begun or cannot run', () => {
    const lacks = [{ feature: 'x', what: { en: '', zh: '' }, cure: { en: '', zh: '' } }]
    expect(leftOff({ labs: [card('a'), card('b', { passed: 1, lacks })], running: [running('b')] })).toBeUndefined()
  })
})
