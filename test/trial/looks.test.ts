import { expect, it } from 'vitest'
import { unsteady } from '../../server/check/evaluate.js'
import type { Check } from '../../server/check/family.js'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import type { LabRack } from '../../server/labrack/lab-rack.js'
import { fromPackage } from '../../server/package-root.js'
import { Looks } from '../../server/trial/looks.js'
import { Stopwatch } from '../../server/trial/phase.js'

const lab: Lab = await loadLab(fromPackage('test/trial/exam'))
const [network, web] = lab.steps as [Lab['steps'][number], Lab['steps'][number]]

/** A rack in which a check is right as a function of time says, in milliseconds since the first look. */
function rackWhere(isRight: (check: Check, ms: number) => boolean, of: Lab = lab) {
  let began: number | undefined
  const at: number[] = []
  const check: LabRack['check'] = async (checks) => {
    began ??= performance.now()
    const ms = performance.now() - began
    at.push(ms)
    const text = { en: 'x', zh: 'x' }
    return checks.map((one, index) => ({
      index,
      family: one.family,
      finding: isRight(one, ms)
        ? { outcome: 'pass', observed: text }
        : { outcome: 'fail', reason: 'x.wrong', expected: text, observed: text, why: text },
      hints: [],
      tookMs: 0,
    }))
  }
  const looks = new Looks({ lab: of, check, ground: {} } as unknown as LabRack, {
    signal: new AbortController().signal,
    watch: new Stopwatch(),
    say: () => {},
  })
  /** Which steps have passed in the end. */
  const end = async () =>
    [...(await looks.atTheEnd())]
      .filter(([, verdicts]) => verdicts.every(({ finding }) => finding.outcome === 'pass'))
      .map(([{ id }]) => id)
      .toSorted()
  return { looks, end, at }
}

/** Turns a moment before two seconds are over: four looks last just as long, and timers of Node may be early by a millisecond each. */
const flips = (ms: number) => Math.floor((ms + 25) / 2000) % 2 === 0

it.concurrent('holds for two seconds at pauses that nobody knows before, and once for all steps', async () => {
  const { end, at } = rackWhere(() => true)
  expect(await end()).toEqual(['network', 'web'])
  const looks = at.slice(2)
  expect(looks).toHaveLength(4)
  expect(looks.at(-1)! - at[1]!).toBeGreaterThan(1950)
  const pauses = looks.map((ms, n) => ms - (looks[n - 1] ?? at[1]!))
  expect(Math.max(...pauses)).toBeLessThan(950)
  expect(new Set(pauses.map(Math.round)).size).toBeGreaterThan(1)
})

it.concurrent('fails what is right for two seconds and wrong for two', async () => {
  const { end } = rackWhere(({ family }, ms) => family !== 'reach' || flips(ms))
  expect(await end()).toEqual(['network'])
})

it.concurrent('looks again at what an answer foresaw of the network, and not at what is an answer alone', async () => {
  const everything = await loadLab(fromPackage('test/lab/desk'))
  const steps = everything.steps.filter(({ id }) => id === 'read' || id === 'foresee')
  const { end } = rackWhere((_, ms) => flips(ms), { ...everything, steps })
  expect(await end()).toEqual(['read'])
})

it.concurrent('lets a later part of the work undo an earlier one for good', async () => {
  let undone = false
  const { looks, end } = rackWhere(({ family }) => family !== 'network' || !undone)
  await looks.between(network, { isLast: false })
  undone = true
  await looks.between(web, { isLast: true })
  expect(await end()).toEqual(['network', 'web'])
})

it.concurrent('lets a later part take its time to undo an earlier one', async () => {
  let done = Number.POSITIVE_INFINITY
  const { looks, end } = rackWhere(({ family }) => family !== 'network' || performance.now() - done < 1200)
  await looks.between(network, { isLast: false })
  done = performance.now()
  await looks.between(web, { isLast: true })
  expect(await end()).toEqual(['network', 'web'])
})

it.concurrent('fails what has a part of its own, and goes and comes in the end', async () => {
  let done = Number.POSITIVE_INFINITY
  const { looks, end } = rackWhere(
    ({ family }) => family !== 'network' || Math.floor((performance.now() - done) / 1000) !== 1,
  )
  await looks.between(network, { isLast: false })
  done = performance.now()
  await looks.between(web, { isLast: true })
  expect(await end()).toEqual(['web'])
})

it.concurrent('fails what has a part of its own, and comes and goes in the end', async () => {
  let done = 0
  const { looks, end } = rackWhere(
    ({ family }) => family !== 'network' || done === 0 || flips(performance.now() - done),
  )
  await looks.between(network, { isLast: false })
  done = performance.now() - 2100
  await looks.between(web, { isLast: true })
  // It is away at first, and then here for two seconds.
  expect(await end()).toEqual(['web'])
})

it.concurrent('takes what comes back late for what it is', async () => {
  let done = Number.POSITIVE_INFINITY
  const { looks, end } = rackWhere(
    ({ family }) => family !== 'network' || !Number.isFinite(done) || performance.now() - done > 600,
  )
  await looks.between(network, { isLast: false })
  done = performance.now()
  await looks.between(web, { isLast: true })
  expect(await end()).toEqual(['network', 'web'])
})

it.concurrent('holds the last part of the work to what it has made', async () => {
  let done = Number.POSITIVE_INFINITY
  const { looks, end } = rackWhere(({ family }) => family !== 'reach' || performance.now() - done < 1000)
  await looks.between(network, { isLast: false })
  done = performance.now()
  await looks.between(web, { isLast: true })
  expect(await end()).toEqual(['network'])
})

it.concurrent('has a second picture of a part that asks, behind a pause, which the second look goes by', async () => {
  const pictures: number[] = []
  const seen: [once: boolean, picture: string][] = []
  const text = { en: 'x', zh: 'x' }
  const ground = {
    async capture() {
      pictures.push(performance.now())
      return { takenAt: `${pictures.length}` }
    },
  }
  // As evaluate() does where something was asked and all have passed.
  const check: LabRack['check'] = async (checks, { once = false, probe, settle } = {}) => {
    seen.push([once, (await probe!.capture()).takenAt])
    if (!once) {
      await settle?.()
      await probe!.capture()
    }
    return checks.map(({ family }, index) => {
      return { index, family, finding: { outcome: 'pass', observed: text }, hints: [], tookMs: 0 }
    })
  }
  const watch = new Stopwatch()
  const options = { signal: new AbortController().signal, watch, say: () => {} }
  const looks = new Looks({ lab, check, ground } as unknown as LabRack, options)
  await looks.between(network, { isLast: false })
  expect(seen).toEqual([
    [false, '1'],
    [true, '2'],
  ])
  expect(pictures[1]! - pictures[0]!).toBeGreaterThan(95)
  expect(watch.ms.hold).toBeGreaterThan(95)
  expect(watch.ms.check).toBeLessThan(95)
  // The last part is not looked at again at once; its last picture tells of what it may have undone as well.
  await looks.between(web, { isLast: true })
  await looks.atTheEnd()
  expect(seen.slice(2, 4)).toEqual([
    [false, '3'],
    [true, '4'],
  ])
  expect(seen.slice(4).map(([, picture]) => picture)).toEqual(['5', '6', '7', '8'])
})

it.concurrent('fails what never comes to rest, and passes what does in time', async () => {
  const lookedAt = (restless: number) => {
    let looks = 0
    const text = { en: 'x', zh: 'x' }
    const check: LabRack['check'] = async (checks, { once = false } = {}) => {
      if (!once && checks.some(({ family }) => family === 'reach')) looks++
      return checks.map(({ family }, index) => {
        const finding =
          family === 'reach' && looks <= restless ? unsteady : { outcome: 'pass' as const, observed: text }
        return { index, family, finding, hints: [], tookMs: 0 }
      })
    }
    const options = { signal: new AbortController().signal, watch: new Stopwatch(), say: () => {} }
    return new Looks({ lab, check, ground: {} } as unknown as LabRack, options).atTheEnd()
  }
  const outcomes = (all: Awaited<ReturnType<typeof lookedAt>>) =>
    all.get(web)!.map(({ finding }) => (finding.outcome === 'pass' ? 'pass' : `${finding.outcome} ${finding.reason}`))
  const [calm, restless] = await Promise.all([lookedAt(2), lookedAt(3)])
  expect(outcomes(calm)).toEqual(['pass', 'pass', 'pass'])
  expect(outcomes(restless)).toEqual(['pass', 'pass', 'fail check.unsteady'])
  expect(restless.get(network)!.map(({ finding }) => finding.outcome)).toEqual(['pass'])
})

it.concurrent('looks once more at a part before the next one is run', async () => {
  const { looks, end, at } = rackWhere((_, ms) => ms < 50)
  await looks.between(network, { isLast: false })
  expect(at).toHaveLength(2)
  expect(await end()).toEqual([])
})
