import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { evaluate } from '../../server/check/evaluate.js'
import type { NetworkState } from '../../server/network/state.js'
import type { Probe } from '../../server/place/ground.js'
import { read } from './cases.js'
import { standardRack } from './state-builder.js'

const options = { home: 'node1', labDirectory: '/nonexistent' }
const there = (name: string, within = 1) => read({ container: { name }, within })

/** A rack that looks different at each capture; the last look stays. */
function film(...looks: ((state: NetworkState) => void)[]): Probe & { captures: number } {
  return {
    captures: 0,
    async capture() {
      const { state } = standardRack()
      const look = looks[Math.min(this.captures++, looks.length - 1)]
      look?.(state)
      return state
    },
    async ask() {
      return { outcome: 'no' as const, detail: 'silent', durationMs: 1, cause: 'silent' as const }
    },
    runScript: () => Promise.reject(new Error('no script was expected')),
    runCommand: () => Promise.reject(new Error('no command was expected')),
  }
}
const without =
  (...names: string[]) =>
  (state: NetworkState) => {
    const engine = state.hosts[0]!.engine!
    engine.containers = engine.containers.filter(({ name }) => !names.includes(name))
  }
const outcomes = (verdicts: { finding: { outcome: string } }[]) => verdicts.map(({ finding }) => finding.outcome)

it('takes one capture for all checks of a round, and is done when all pass', async () => {
  const probe = film()
  const verdicts = await evaluate(
    [there('web'), read({ ...{ network: { name: 'my_net' } }, id: 'net' })],
    probe,
    options,
  )
  expect(probe.captures).toBe(1)
  expect(verdicts).toMatchObject([
    { index: 0, family: 'container', finding: { outcome: 'pass' }, hints: [] },
    { index: 1, id: 'net', family: 'network', finding: { outcome: 'pass' } },
  ])
})

it('waits for what becomes true in time', async () => {
  const probe = film(without('web'), without('web'), () => {})
  const [verdict] = await evaluate([there('web', 5)], probe, options)
  expect(verdict).toMatchObject({ finding: { outcome: 'pass' } })
  expect(probe.captures).toBe(3)
  expect(verdict!.tookMs).toBeGreaterThan(200)
})

it('tells how all checks stand after each round, the last one included', async () => {
  const rounds: string[][] = []
  const verdicts = await evaluate(
    [there('web', 5), there('db')],
    film(without('web'), without('web'), () => {}),
    {
      ...options,
      onRound: (seen) => rounds.push(outcomes(seen)),
    },
  )
  expect(rounds).toEqual([
    ['fail', 'pass'],
    ['fail', 'pass'],
    ['pass', 'pass'],
  ])
  expect(outcomes(verdicts)).toEqual(rounds.at(-1))
})

it('gives up when the time is over, and not before', async () => {
  const started = performance.now()
  const verdicts = await evaluate([there('nobody', 1), there('web', 1)], film(), options)
  expect(outcomes(verdicts)).toEqual(['fail', 'pass'])
  expect(performance.now() - started).toBeGreaterThan(1000)
  expect(performance.now() - started).toBeLessThan(3500)
})

it('passes a step only when all pass in the same round', async () => {
  // They take turns: one is always missing.
  const looks = Array.from({ length: 200 }, (_, n) => without(n % 2 === 0 ? 'web' : 'db'))
  const verdicts = await evaluate([there('web'), there('db')], film(...looks), options)
  expect(outcomes(verdicts)).toContain('fail')
})

const reached = read({ reach: { from: 'laptop', to: 'node1', port: 8080 }, within: 1 })
const answering = (probe: ReturnType<typeof film>) => {
  probe.ask = async () => ({ outcome: 'yes' as const, detail: '', durationMs: 1 })
  return probe
}
const flushed = (state: NetworkState) => {
  state.hosts[0]!.namespaces[0]!.rules = []
}
const present = read({ rule: { chain: 'DOCKER-USER', target: 'RETURN' }, within: 1 })

it('joins no picture of before with an answer of after: the network is captured again once it was asked', async () => {
  // While the question is on its way all rules are flushed.
  const verdicts = await evaluate([present, reached], answering(film(() => {}, flushed)), options)
  expect(verdicts).toMatchObject([{ finding: { reason: 'rule.missing' } }, { finding: { outcome: 'pass' } }])
})

it('passes what was asked of a network that stays as it was, with one more capture', async () => {
  const probe = answering(film())
  expect(outcomes(await evaluate([present, reached], probe, options))).toEqual(['pass', 'pass'])
  expect(probe.captures).toBe(2)
})

it('waits where all have passed, before it is captured again, and compares with what is there then', async () => {
  let changed = false
  const probe = answering(film())
  const capture = probe.capture.bind(probe)
  probe.capture = async () => {
    const state = await capture()
    if (changed) flushed(state)
    return state
  }
  const waited: number[] = []
  const settle = async () => {
    waited.push(probe.captures)
    changed = true
  }
  // It has changed while it was waited, and stays so when it is looked at anew.
  expect(outcomes(await evaluate([reached], probe, { ...options, settle }))).toEqual(['pass'])
  expect(waited).toEqual([1, 3])
  // Nobody waits for what has failed, or where nothing was asked.
  waited.length = 0
  await evaluate([reached, there('nobody', 1)], probe, { ...options, once: true, settle })
  await evaluate([present], probe, { ...options, settle })
  expect(waited).toEqual([])
})

it('calls what never comes to rest an error, after a few looks', async () => {
  const looks = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? () => {} : flushed))
  const probe = answering(film(...looks))
  expect(await evaluate([reached], probe, { ...options, once: true })).toMatchObject([
    { finding: { outcome: 'error', reason: 'check.unsteady' } },
  ])
  expect(probe.captures).toBe(10)
})

it('tells each answer as it comes, while others are still being asked', async () => {
  const probe = film()
  let answer: (() => void) | undefined
  const silent = await probe.ask('laptop', {} as never)
  probe.ask = () => new Promise((resolve) => (answer = () => resolve(silent)))
  const told: unknown[] = []
  const held = read({ container: { name: 'web' }, holds: '1s', within: 1 })
  const looking = evaluate([there('web'), reached, there('nobody'), held], probe, {
    ...options,
    once: true,
    onAnswer: ({ index, finding }) => told.push([index, finding.outcome]),
    onRound: (seen) => told.push(outcomes(seen)),
  })
  await expect
    .poll(() => told)
    .toEqual([
      [0, 'pass'],
      [2, 'fail'],
    ])
  await expect.poll(() => answer).toBeDefined()
  answer!()
  await looking
  expect(told.slice(2)).toEqual([['pass', 'fail', 'fail', 'pass']])
})

it('looks a single time when told so', async () => {
  const probe = film(without('web'), () => {})
  expect(outcomes(await evaluate([there('web', 60)], probe, { ...options, once: true }))).toEqual(['fail'])
  expect(probe.captures).toBe(1)
})

it('does not wait for a wrong answer to become right', async () => {
  const ask = { en: 'What?', zh: '什么？' }
  const check = read({ answer: { id: 'q', ask, equals: 'x' }, within: 60 })
  const started = performance.now()
  expect(await evaluate([check], film(), options)).toMatchObject([{ finding: { reason: 'answer.none' } }])
  expect(await evaluate([check], film(), { ...options, answers: { q: 'y' } })).toMatchObject([
    { finding: { reason: 'answer.wrong' } },
  ])
  expect(performance.now() - started).toBeLessThan(2000)
})

it('makes an error of a capture that fails, and tries again', async () => {
  let n = 0
  const probe = film()
  const capture = probe.capture.bind(probe)
  const broken: Probe = {
    ask: probe.ask,
    runScript: probe.runScript,
    runCommand: probe.runCommand,
    capture: () => (n++ === 0 ? Promise.reject(new Error('`rackd`\u001b[0m is gone')) : capture()),
  }
  expect(await evaluate([there('web', 5)], broken, options)).toMatchObject([{ finding: { outcome: 'pass' } }])
  n = 0
  const [verdict] = await evaluate([there('web')], broken, { ...options, once: true })
  expect(verdict!.finding).toMatchObject({ outcome: 'error', reason: 'check.broken' })
  expect(JSON.stringify(verdict)).not.toMatch(/u001b/)
})

it('stops when it is told to', async () => {
  const never: Probe = {
    capture: () => new Promise(() => {}),
    ask: () => new Promise(() => {}),
    runScript: () => new Promise(() => {}),
    runCommand: () => new Promise(() => {}),
  }
  const started = performance.now()
  await expect(evaluate([there('web')], never, { ...options, signal: AbortSignal.timeout(100) })).rejects.toThrow()
  await expect(
    evaluate([there('nobody', 60)], film(), { ...options, signal: AbortSignal.timeout(300) }),
  ).rejects.toThrow()
  expect(performance.now() - started).toBeLessThan(2000)
})

it('looks as seldom as it is told to, and once more at the end', async () => {
  const probe = film(without('web'))
  const [verdict] = await evaluate([there('web', 1)], probe, { ...options, pauseMs: 1_100 })
  expect(verdict).toMatchObject({ finding: { outcome: 'fail' } })
  expect(probe.captures).toBe(2)
})

it('rests in proportion to what a look takes, where it is told to, and looks once more at the end', async () => {
  const probe = film(without('web'))
  const capture = probe.capture.bind(probe)
  probe.capture = async () => {
    await sleep(200)
    return await capture()
  }
  const [verdict] = await evaluate([there('web', 1)], probe, { ...options, restTimes: 5 })
  expect(verdict).toMatchObject({ finding: { outcome: 'fail' } })
  expect(probe.captures).toBe(2)
})
