import { expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import { evaluate } from '../../server/check/evaluate.js'
import type { Probe } from '../../server/place/ground.js'
import { read } from './cases.js'
import { standardRack } from './state-builder.js'

const options = { home: 'node1', labDirectory: '/nonexistent' }
const steady = read({ container: { name: 'web' }, within: 1, holds: '1s' })

/** A rack whose container web is there as a function of the time says, in milliseconds from the first capture on. */
function rackIn(isThere: (ms: number) => boolean): Probe & { captures: number } {
  let began: number | undefined
  return {
    captures: 0,
    async capture() {
      began ??= performance.now()
      this.captures++
      const { state } = standardRack()
      const engine = state.hosts[0]!.engine!
      if (!isThere(performance.now() - began))
        engine.containers = engine.containers.filter(({ name }) => name !== 'web')
      return state
    },
    ask: () => Promise.reject(new Error('nothing was to be asked')),
    runScript: () => Promise.reject(new Error('no script was expected')),
    runCommand: () => Promise.reject(new Error('no command was expected')),
  }
}

it('passes once it has been true for so long on end, and says meanwhile how long that was', async () => {
  const probe = rackIn(() => true)
  const said: string[] = []
  const [verdict] = await evaluate([steady], probe, {
    ...options,
    onRound: ([one]) => said.push(one!.finding.outcome === 'pass' ? one!.finding.observed.en : one!.finding.reason),
  })
  expect(verdict!.finding.outcome).toBe('pass')
  expect(verdict!.tookMs).toBeGreaterThanOrEqual(1000)
  expect(probe.captures).toBeGreaterThanOrEqual(4)
  expect(said[0]).toMatch(/\(so for 0\.0 of 1 s\)$/)
  expect(said.at(-1)).not.toContain('so for')
})

it('begins anew where it ended to be true, and passes where it then stays so', async () => {
  const [verdict] = await evaluate(
    [steady],
    rackIn((ms) => ms < 300 || ms > 900),
    options,
  )
  expect(verdict!.finding.outcome).toBe('pass')
  expect(verdict!.tookMs).toBeGreaterThanOrEqual(1900)
})

it('fails with the moment where it flips, whatever it is in the last round', async () => {
  for (const period of [400, 700]) {
    const [verdict] = await evaluate(
      [steady],
      rackIn((ms) => Math.floor(ms / period) % 2 === 0),
      options,
    )
    expect(verdict!.finding).toMatchObject({ outcome: 'fail', reason: 'check.not-held' })
    const { finding } = verdict!
    if (finding.outcome !== 'fail') throw new Error('no fail')
    expect(finding.observed.en).toMatch(/^it was so for \d\.\d s, and not any more \d\.\d s after the check had begun$/)
    expect(finding.observed.zh).toMatch(/^保持了 \d\.\d 秒/)
  }
})

it('fails as ever where it was never true', async () => {
  const [verdict] = await evaluate(
    [steady],
    rackIn(() => false),
    options,
  )
  expect(verdict!.finding).toMatchObject({ outcome: 'fail', reason: 'container.missing' })
})

it('is held to its time where another check of the step fails, too', async () => {
  const gone = read({ container: { name: 'gone' }, within: 1 })
  const verdicts = await evaluate(
    [read({ container: { name: 'web' }, holds: '2s' }), gone],
    rackIn(() => true),
    options,
  )
  expect(verdicts.map(({ finding }) => finding.outcome)).toEqual(['pass', 'fail'])
  expect(verdicts[0]!.tookMs).toBeGreaterThanOrEqual(2000)
})

it('looks a single time where it is asked to', async () => {
  const probe = rackIn(() => true)
  const [verdict] = await evaluate([steady], probe, { ...options, once: true })
  expect(verdict!.finding).toMatchObject({ outcome: 'pass', observed: { en: expect.not.stringContaining('so for') } })
  expect(probe.captures).toBe(1)
})

it.each(['5', '0s', '61s', '5 s', '1m'])('%s is no time', (holds) => {
  const parsed = parseCheck({ container: { name: 'web' }, holds }, [])
  expect('issues' in parsed && parsed.issues[0]!.what).toContain('is no time such as 5s')
})
