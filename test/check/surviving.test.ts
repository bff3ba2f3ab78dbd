import { expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import { evaluate, type Verdict } from '../../server/check/evaluate.js'
import { VethlabError } from '../../server/error/vethlab-error.js'
import type { Probe } from '../../server/place/ground.js'
import { read } from './cases.js'
import { standardRack } from './state-builder.js'

const options = { home: 'node1', labDirectory: '/nonexistent' }
const web = read({ container: { name: 'web' }, within: 1, survives: 'restart' })
const passing = read({ container: { name: 'web' }, within: 1 })

/** A rack whose container web is gone after a restart unless it is kept. */
function rack({ kept = true, ms = 0 } = {}) {
  const made = { restarts: 0, backAt: 0 }
  const probe: Probe = {
    capture: async () => {
      const { state } = standardRack()
      const engine = state.hosts[0]!.engine!
      const isThere = made.restarts === 0 || (kept && performance.now() >= made.backAt)
      if (!isThere) engine.containers = engine.containers.filter(({ name }) => name !== 'web')
      return state
    },
    ask: () => Promise.reject(new Error('nothing was to be asked')),
    runScript: () => Promise.reject(new Error('no script was expected')),
    runCommand: () => Promise.reject(new Error('no command was expected')),
  }
  const restart = async () => {
    made.restarts++
    made.backAt = performance.now() + ms
  }
  return { made, probe, restart }
}

const outcomes = (verdicts: readonly Verdict[]) =>
  verdicts.map(({ finding }) => (finding.outcome === 'pass' ? 'pass' : finding.reason))

it('restarts once all pass, and passes what is true again in time', async () => {
  const { made, probe, restart } = rack({ ms: 300 })
  const rounds: string[][] = []
  const said: string[] = []
  const verdicts = await evaluate([passing, web], probe, {
    ...options,
    restart,
    onRound: (round) => {
      rounds.push(outcomes(round))
      const [, { finding }] = round as [Verdict, Verdict]
      if (finding.outcome === 'pass') said.push(finding.observed.en)
    },
  })
  expect(outcomes(verdicts)).toEqual(['pass', 'pass'])
  expect(made.restarts).toBe(1)
  expect(verdicts[1]!.tookMs).toBeGreaterThanOrEqual(300)
  expect(said.some((one) => one.endsWith('(Docker is being restarted)'))).toBe(true)
  expect(said.at(-1)).not.toContain('restarted')
  // Nobody is told in between that it is not there yet, and would mend it by hand.
  expect(rounds.flat()).toEqual(rounds.flat().map(() => 'pass'))
})

it('fails with what is not true after it, and says both', async () => {
  const { probe, restart } = rack({ kept: false })
  const [first, verdict] = await evaluate([passing, web], probe, { ...options, restart })
  expect(first!.finding.outcome).toBe('pass')
  expect(verdict!.finding).toMatchObject({
    outcome: 'fail',
    reason: 'check.not-survived',
    because: ['container.missing'],
    observed: { en: expect.stringMatching(/^it was so, and after Docker had been restarted: /) },
  })
})

it('restarts nothing as long as anything fails', async () => {
  const { made, probe, restart } = rack()
  const gone = read({ container: { name: 'gone' }, within: 1 })
  const verdicts = await evaluate([gone, web], probe, { ...options, restart })
  expect(outcomes(verdicts)).toEqual(['container.missing', 'pass'])
  expect(made.restarts).toBe(0)
})

it('where nobody has asked it is told to be so now, and does not pass', async () => {
  const { probe } = rack()
  const rounds: string[][] = []
  const onRound = (round: Verdict[]) => rounds.push(outcomes(round))
  const verdicts = await evaluate([passing, web], probe, { ...options, onRound })
  expect(outcomes(verdicts)).toEqual(['pass', 'check.not-restarted'])
  expect(rounds.at(-1)).toEqual(['pass', 'check.not-restarted'])
  expect(verdicts[1]!.finding).toMatchObject({ why: { en: expect.stringContaining('Docker is restarted') } })
})

it('a single look takes it as it is', async () => {
  const { made, probe, restart } = rack()
  expect(outcomes(await evaluate([web], probe, { ...options, restart, once: true }))).toEqual(['pass'])
  expect(made.restarts).toBe(0)
})

it('an Engine that does not come back is an error, no verdict', async () => {
  const { probe } = rack()
  const restart = () =>
    Promise.reject(
      new VethlabError('host.unreachable', 'the Engine did not start', { place: 'r/node1', cure: 'Reset.' }),
    )
  const verdicts = await evaluate([passing, web], probe, { ...options, restart })
  expect(verdicts.map(({ finding }) => finding.outcome)).toEqual(['pass', 'error'])
})

it('is broken off by its signal', async () => {
  const { probe } = rack()
  const abort = new AbortController()
  const restart = async () => {
    abort.abort(new Error('left'))
    throw new Error('of no interest')
  }
  await expect(evaluate([web], probe, { ...options, restart, signal: abort.signal })).rejects.toThrow('left')
})

it.each([
  [{ survives: 'reboot', container: { name: 'web' } }, 'must be `restart`'],
  [
    { survives: 'restart', number: { id: 'n', ask: { en: 'n', zh: 'n' }, is: 1, known: 'It is always so.' } },
    'beside a question',
  ],
])('%o is refused', (value, what) => {
  const parsed = parseCheck(value, [])
  if (!('issues' in parsed)) throw new Error('it was taken')
  expect(parsed.issues.map((issue) => issue.what).join()).toContain(what)
})

it('tells nobody of a single check before the restart, nor by its place among those that are looked at again', async () => {
  const { probe, restart } = rack({ kept: false })
  const told: number[] = []
  await evaluate([passing, web, passing, web], probe, {
    ...options,
    restart,
    onAnswer: ({ index }) => told.push(index),
  })
  expect(told.toSorted()).toEqual([0, 2])
})
