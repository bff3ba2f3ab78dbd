import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { evaluate, type Verdict } from '../../../server/check/evaluate.js'
import type { Step } from '../../../server/lab/lab.js'
import { CheckRunner } from '../../../server/session/work/check-runner.js'
import { read } from '../../check/cases.js'
import { standardRack } from '../../check/state-builder.js'

const runners: CheckRunner[] = []
afterEach(() => {
  for (const runner of runners.splice(0)) runner.pause()
})

function stepOf(id: string, container: string, within = 1): Step {
  return {
    id,
    points: 1,
    optional: false,
    whenAsked: false,
    needs: [],
    checks: [read({ container: { name: container }, within })],
    solution: [],
    at: { line: 1, column: 1 },
    checksAt: [],
  }
}

/** Containers come and go as a test says, and the runner looks at them. */
function bench(...steps: Step[]) {
  const seen = {
    containers: new Set(['web', 'db']),
    captures: 0,
    passed: [] as string[],
    finished: [] as { step: string; asked: boolean; outcomes: string[] }[],
    glances: 0,
    /** How each step looked at each change. */
    looks: [] as { step: string; checking?: string; outcomes: string[] }[],
    errors: [] as unknown[],
    atOnce: 0,
    most: 0,
  }
  const probe = {
    async capture() {
      seen.captures++
      const { state } = standardRack()
      const engine = state.hosts[0]!.engine!
      engine.containers = engine.containers.filter(({ name }) => seen.containers.has(name))
      return state
    },
    ask: () => Promise.reject(new Error('nobody asks')),
    runScript: () => Promise.reject(new Error('nobody asks')),
    runCommand: () => Promise.reject(new Error('nobody asks')),
  }
  const runner = new CheckRunner({
    async evaluate(step, options) {
      seen.most = Math.max(seen.most, ++seen.atOnce)
      try {
        return await evaluate(step.checks, probe, { home: 'node1', labDirectory: '/nonexistent', ...options })
      } finally {
        seen.atOnce--
      }
    },
    current: () => steps.find(({ id }) => !seen.passed.includes(id)),
    glance: async () => {
      seen.glances++
    },
    onChange: () => {
      for (const { id } of steps) {
        const { checking, verdicts } = runner.look(id)
        if (verdicts.length > 0 || checking) {
          seen.looks.push({ step: id, ...(checking ? { checking } : {}), outcomes: outcomes(verdicts) })
        }
      }
    },
    onFinished: async (step, asked, verdicts) => {
      seen.finished.push({ step: step.id, asked, outcomes: outcomes(verdicts) })
      if (verdicts.every(({ finding }) => finding.outcome === 'pass')) seen.passed.push(step.id)
    },
    onError: (error) => seen.errors.push(error),
  })
  runners.push(runner)
  runner.resume()
  return { runner, seen }
}
const outcomes = (verdicts: readonly Verdict[]) => verdicts.map(({ finding }) => finding.outcome)

it('looks by itself after a trigger, shows the first round at once, and goes on until it passes', async () => {
  const { runner, seen } = bench(stepOf('a', 'web', 10))
  seen.containers.delete('web')
  runner.trigger()
  await expect.poll(() => seen.looks.at(-1)).toEqual({ step: 'a', checking: 'by-itself', outcomes: ['fail'] })
  seen.containers.add('web')
  await expect.poll(() => seen.finished).toEqual([{ step: 'a', asked: false, outcomes: ['pass'] }])
  expect(runner.look('a')).toMatchObject({ verdicts: [{ finding: { outcome: 'pass' } }] })
  expect(runner.look('a').checking).toBeUndefined()
  expect(Date.parse(runner.look('a').at!)).toBeGreaterThan(0)
})

it('leaves the next step alone until something more happens', async () => {
  const { runner, seen } = bench(stepOf('a', 'web'), stepOf('b', 'db'))
  runner.trigger()
  await expect.poll(() => seen.passed).toEqual(['a'])
  await sleep(1_200)
  expect(seen.passed).toEqual(['a'])
  expect(runner.look('b').verdicts).toEqual([])
  runner.trigger()
  await expect.poll(() => seen.passed).toEqual(['a', 'b'])
  runner.trigger()
  await expect.poll(() => seen.glances).toBe(1)
})

it('makes one run of a burst of events', async () => {
  const { runner, seen } = bench(stepOf('a', 'nobody', 1))
  for (let n = 0; n < 50; n++) runner.trigger()
  await expect.poll(() => seen.finished, { timeout: 5_000 }).toHaveLength(1)
  await sleep(800)
  expect(seen.finished).toHaveLength(1)
  expect(seen.most).toBe(1)
})

it('starts again with an event during a run, so that no old deadline counts', async () => {
  const { runner, seen } = bench(stepOf('a', 'late', 2))
  runner.trigger()
  await expect.poll(() => seen.looks.at(-1)?.outcomes).toEqual(['fail'])
  await sleep(1_500)
  runner.trigger()
  // The first run would be over by now.
  await sleep(1_500)
  expect(seen.finished).toEqual([])
  expect(runner.look('a').checking).toBe('by-itself')
  await expect.poll(() => seen.finished, { timeout: 5_000 }).toHaveLength(1)
  expect(seen.most).toBe(1)
})

it('shows something however many events come', async () => {
  const { runner, seen } = bench(stepOf('a', 'nobody', 20))
  const storm = setInterval(() => runner.trigger(), 20)
  try {
    await expect.poll(() => seen.captures, { timeout: 10_000 }).toBeGreaterThan(3)
    expect(outcomes(runner.look('a').verdicts)).toEqual(['fail'])
    seen.containers.add('web')
  } finally {
    clearInterval(storm)
  }
  expect(seen.most).toBe(1)
})

it('puts what is asked for first, and looks once more after it', async () => {
  const { runner, seen } = bench(stepOf('a', 'nobody', 20), stepOf('b', 'db', 1))
  runner.trigger()
  await expect.poll(() => seen.looks.at(-1)?.checking).toBe('by-itself')
  const verdicts = await runner.ask(stepOf('b', 'db', 1))
  expect(outcomes(verdicts!)).toEqual(['pass'])
  expect(seen.finished).toEqual([{ step: 'b', asked: true, outcomes: ['pass'] }])
  expect(seen.most).toBe(1)
})

it('answers who has asked after one round, and goes on by itself', async () => {
  const step = stepOf('a', 'late', 20)
  const { runner, seen } = bench(step)
  const asked = runner.ask(step)
  await expect.poll(() => seen.looks.at(-1)).toEqual({ step: 'a', checking: 'by-itself', outcomes: ['fail'] })
  expect(seen.looks[0]).toEqual({ step: 'a', checking: 'asked', outcomes: [] })
  expect(seen.finished).toEqual([])
  runner.pause()
  expect(await asked).toBeUndefined()
})

it('shows who has asked each answer as it comes, and says which are of before', async () => {
  const step = { ...stepOf('a', 'web', 1), checks: [] }
  const verdict = (index: number, outcome: 'pass' | 'fail') => ({ index, finding: { outcome } }) as Verdict
  const last = [verdict(0, 'fail'), verdict(1, 'fail'), verdict(2, 'pass')]
  let asking: Parameters<ConstructorParameters<typeof CheckRunner>[0]['evaluate']>[1] | undefined
  let end: ((verdicts: Verdict[]) => void) | undefined
  const runner = new CheckRunner({
    evaluate: (_step, options) => {
      asking = options
      return new Promise((resolve) => (end = resolve))
    },
    current: () => step,
    glance: async () => {},
    onChange: () => {},
    onFinished: async () => {},
    onError: (error) => {
      throw error
    },
  })
  runners.push(runner)
  runner.resume()
  const shown = () => {
    const { verdicts, asking: open, checking } = runner.look('a')
    return [checking, outcomes(verdicts), [...(open ?? [])]]
  }
  const first = runner.ask(step)
  asking!.onAnswer(last[0]!)
  expect(shown()).toEqual(['asked', ['fail'], []])
  asking!.onRound(last)
  end!(last)
  await first
  expect(shown()).toEqual([undefined, ['fail', 'fail', 'pass'], []])

  const second = runner.ask(step)
  expect(shown()).toEqual(['asked', ['fail', 'fail', 'pass'], []])
  asking!.onAnswer(verdict(1, 'pass'))
  expect(shown()).toEqual(['asked', ['fail', 'pass', 'pass'], [0, 2]])
  const now = [verdict(0, 'pass'), verdict(1, 'pass'), verdict(2, 'pass')]
  asking!.onRound(now)
  asking!.onAnswer(verdict(0, 'fail'))
  expect(shown()).toEqual(['by-itself', ['pass', 'pass', 'pass'], []])
  end!(now)
  await second

  // Looks that come by themselves change once a round.
  runner.trigger()
  await expect.poll(() => runner.look('a').checking).toBe('by-itself')
  await sleep(800)
  asking!.onAnswer(verdict(0, 'fail'))
  expect(outcomes(runner.look('a').verdicts)).toEqual(['pass', 'pass', 'pass'])
})

it('answers the newest of several asks', async () => {
  const step = stepOf('a', 'late', 20)
  const { runner, seen } = bench(step)
  const first = runner.ask(step)
  await expect.poll(() => seen.looks.at(-1)).toEqual({ step: 'a', checking: 'by-itself', outcomes: ['fail'] })
  const second = runner.ask(step)
  expect(await first).toBeUndefined()
  seen.containers.add('late')
  // The standard rack has no such container: it is another one that is asked for now.
  const other = stepOf('a', 'web', 1)
  const third = runner.ask(other)
  runner.drop()
  runner.pause()
  expect(await second).toBeUndefined()
  expect(await third).toBeUndefined()
  expect(await runner.ask(step)).toBeUndefined()
  runner.resume()
  expect(outcomes((await runner.ask(other))!)).toEqual(['pass'])
})

it('makes nothing while it is paused, and breaks off what runs', async () => {
  const { runner, seen } = bench(stepOf('a', 'nobody', 20))
  runner.trigger()
  await expect.poll(() => seen.looks.at(-1)?.checking).toBe('by-itself')
  runner.pause()
  await expect.poll(() => seen.atOnce).toBe(0)
  const { captures } = seen
  runner.trigger()
  await sleep(700)
  expect(seen).toMatchObject({ captures, finished: [], errors: [] })
  expect(runner.look('a').checking).toBeUndefined()
})

it('tells of what breaks, and goes on', async () => {
  const { runner, seen } = bench(stepOf('a', 'web', 1))
  seen.passed.push = () => {
    throw new Error('the disk is full')
  }
  runner.trigger()
  await expect.poll(() => seen.errors).toHaveLength(1)
  Reflect.deleteProperty(seen.passed, 'push')
  runner.trigger()
  await expect.poll(() => seen.passed).toEqual(['a'])
})

it('says of which step somebody waits for an answer, until the first round of it has come', async () => {
  const { runner, seen } = bench(stepOf('a', 'nobody', 2), stepOf('b', 'late', 2))
  runner.trigger()
  await expect.poll(() => seen.looks.at(-1)?.outcomes).toEqual(['fail'])
  expect(runner.asked).toBeUndefined()
  // A look by itself has to end first.
  const [asked, answered] = [runner.ask(stepOf('b', 'late', 2)), () => runner.asked]
  expect(runner.asked).toBe('b')
  await expect.poll(answered).toBeUndefined()
  expect(runner.look('b').checking).toBe('by-itself')
  void runner.ask(stepOf('b', 'late', 2))
  expect(runner.asked).toBe('b')
  runner.pause()
  expect(runner.asked).toBeUndefined()
  expect(await asked).toBeUndefined()
})
