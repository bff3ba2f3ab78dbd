import { describe, expect, it } from 'vitest'
import { groupsOf, onward, wayOf } from '../../client/catalogue/find.js'
import type { LabCard } from '../../server/protocol/protocol.js'

function card(id: string, over: Partial<LabCard> = {}): LabCard {
  return {
    id,
    title: { en: `Title of ${id}`, zh: `${id} 的标题` },
    summary: { en: 'Summary', zh: '简介' },
    topic: 'bridge',
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

describe('groupsOf', () => {
  const path = (id: string, ...labs: string[]) => ({
    id,
    title: { en: `Path ${id}`, zh: id },
    summary: { en: '', zh: '' },
    labs,
  })
  const labs = [
    card('overlay', { order: 70, topic: 'overlay', level: 'intermediate' }),
    card('user-bridge', { order: 20 }),
    card('default-bridge', { order: 10 }),
    card('late-bridge', { order: 90, level: 'advanced' }),
  ]
  const shown = (groups: ReturnType<typeof groupsOf>) =>
    groups.map(({ id, labs }) => [id, labs.map(({ lab, place }) => `${place} ${lab.id}`)])

  it('puts labs on their paths, in the order of the paths, and the others by topic behind them', () => {
    const paths = [path('second', 'late-bridge', 'default-bridge'), path('first', 'overlay', 'gone')]
    expect(shown(groupsOf({ labs, paths }, 'all'))).toEqual([
      ['second', ['1 late-bridge', '2 default-bridge']],
      ['first', ['1 overlay']],
      ['topic-bridge', ['1 user-bridge']],
    ])
  })

  it('groups by topic, in the order of the catalogue, where there are no paths', () => {
    const groups = groupsOf({ labs, paths: [] }, 'all')
    expect(shown(groups)).toEqual([
      ['topic-bridge', ['1 default-bridge', '2 user-bridge', '3 late-bridge']],
      ['topic-overlay', ['1 overlay']],
    ])
    expect(groups.every((group) => group.path === undefined)).toBe(true)
  })

  it('keeps to a level, and to the places on the path; groups without any are left out', () => {
    const paths = [path('bridges', 'default-bridge', 'late-bridge', 'user-bridge'), path('swarm', 'overlay')]
    expect(shown(groupsOf({ labs, paths }, 'advanced'))).toEqual([['bridges', ['2 late-bridge']]])
    // How far one is, is said of all of the path.
    expect(groupsOf({ labs, paths }, 'advanced')[0]!.path!.way).toMatchObject({ labs: 3, steps: 12 })
  })
})

describe('wayOf', () => {
  it('counts labs and steps, and goes on at the first lab that is not finished and can be opened', () => {
    const done = card('a', { passed: 4, finished: true })
    const closed = card('b', { closed: { why: 'not-yet', opensAt: '2030-01-01T00:00:00Z' } })
    const begun = card('c', { passed: 1 })
    expect(wayOf([done, closed, begun])).toEqual({
      labs: 3,
      finished: 1,
      steps: 12,
      passed: 5,
      begun: true,
      next: begun,
    })
    expect(wayOf([done])).toEqual({ labs: 1, finished: 1, steps: 4, passed: 4, begun: true })
    expect(wayOf([card('a')])).toMatchObject({ begun: false, passed: 0 })
  })
})

describe('onward', () => {
  const running = (lab: string) => ({ session: `of ${lab}`, lab })
  const paths = [
    { id: 'one', title: { en: 'One', zh: '一' }, summary: { en: '', zh: '' }, labs: ['z'] },
    { id: 'two', title: { en: 'Two', zh: '二' }, summary: { en: '', zh: '' }, labs: ['c', 'b', 'a'] },
  ]

  it('prefers what runs, the last one opened', () => {
    const labs = [card('a'), card('b'), card('c', { passed: 3 })]
    expect(onward({ labs, paths, running: [running('a'), running('b')] })).toEqual({ lab: labs[1], why: 'running' })
  })

  it('else takes the lab that is nearest to its end, and no finished one', () => {
    const labs = [card('a', { passed: 1 }), card('b', { passed: 3 }), card('c', { passed: 4, finished: true })]
    expect(onward({ labs, paths, running: [] })).toEqual({ lab: labs[1], why: 'begun' })
  })

  it('else the next one of the path that has been begun', () => {
    const labs = [card('a'), card('b'), card('c', { passed: 4, finished: true }), card('z')]
    expect(onward({ labs, paths, running: [] })).toEqual({ lab: labs[1], why: 'next', path: paths[1]!.title })
  })

  it('offers nothing that cannot run, and nothing to who has not begun anything', () => {
    const lacks = [{ feature: 'x', what: { en: '', zh: '' }, cure: { en: '', zh: '' } }]
    const labs = [card('a'), card('b', { passed: 1, lacks })]
    expect(onward({ labs, paths: [], running: [running('b')] })).toBeUndefined()
    expect(onward({ labs: [card('a'), card('z')], paths, running: [] })).toBeUndefined()
  })
})
