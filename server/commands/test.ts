import { Command } from 'commander'
import pMap from 'p-map'
import { labFoldersNamed } from '../lab/catalogue.js'
import type { Lab } from '../lab/lab.js'
import { loadLab } from '../lab/read-lab.js'
import { type FeatureReport, probeFeatures } from '../machine/features.js'
import { fromPackage } from '../package-root.js'
import { type LabReport, type TrialReport, trialsOf } from '../trial/test-lab.js'
import { withOwnRacks } from './own-racks.js'
import { RackKeeper } from './rack-keeper.js'
import { whole } from './rackd.js'

interface TestOptions {
  repeat: number
  jobs: number
  keep: boolean
  json: boolean
}

/** What is printed with `--json`. */
interface TestReport {
  passed: boolean
  labs: LabReport[]
  /** Labs that this kernel can't run, and why. */
  skipped: { lab: string; why: string }[]
  /** With `--repeat`: trials that passed at one time and failed at another, of all trials. */
  flaky: { lab: string; trial: string; passed: number; failed: number }[]
  flakeRate: number
  durationMs: number
}

export function testCommand(): Command {
  return new Command('test')
    .description('prove labs in fresh racks: pages, solutions and alternatives pass, mistakes fail as they should')
    .argument('[lab...]', 'ids or folders; all labs by default')
    .option('--repeat <count>', 'do all of it so many times, and tell what flakes', whole, 1)
    .option('--jobs <count>', 'racks at the same time', whole, 1)
    .option('--keep', 'keep the rack of the first failed trial to look at; says how to enter and to close it', false)
    .option('--json', 'print a JSON document', false)
    .action(async (names: string[], options: TestOptions) => {
      const keeper = options.keep ? new RackKeeper() : undefined
      const report = await testLabs(await labFoldersNamed(fromPackage('labs'), names), options, keeper)
      if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
      else process.stdout.write(summary(report, options.repeat))
      if (keeper) process.stderr.write(keeper.howToEnter())
      process.exitCode = report.passed ? 0 : 1
    })
}

async function testLabs(
  folders: string[],
  { repeat, jobs }: TestOptions,
  keeper: RackKeeper | undefined,
): Promise<TestReport> {
  const started = performance.now()
  const labs = await Promise.all(folders.map(loadLab))
  const missing = await absentFeatures(labs)
  const lacks = (lab: Lab) => missing.find(({ name }) => lab.requires.includes(name))
  const skipped = labs.flatMap((lab) => {
    const feature = lacks(lab)
    return feature ? [{ lab: lab.id, why: `${feature.name}: ${feature.fails} ${feature.cure}` }] : []
  })
  for (const { lab, why } of skipped) process.stderr.write(`skipped ${lab}, this kernel lacks ${why}\n`)
  const plans = labs
    .filter((lab) => !lacks(lab))
    .map((lab) => ({ lab, runs: Array.from({ length: Math.max(1, repeat) }, () => trialsOf(lab, keeper)) }))
  const results = new Map<string, TrialReport[]>(plans.map(({ lab }) => [lab.id, []]))
  const note = (lab: string, report: TrialReport) => {
    results.get(lab)!.push(report)
    const seconds = (report.durationMs / 1000).toFixed(1)
    process.stderr.write(`${report.passed ? 'ok' : 'not ok'} ${lab}, ${report.name} (${seconds} s)\n`)
    for (const problem of report.problems) process.stderr.write(`  ${problem}\n`)
  }
  const queue = plans.flatMap(({ lab, runs }) => runs.flatMap(({ trials }) => trials.map((trial) => ({ lab, trial }))))
  await withOwnRacks((racks, signal) => {
    keeper?.keepFrom(racks)
    return pMap(queue, async ({ lab, trial }) => note(lab.id, await trial.run(racks, signal)), {
      concurrency: Math.max(1, jobs),
      signal,
    })
  })
  for (const { lab, runs } of plans) for (const { finish } of runs) note(lab.id, finish())

  const flaky = [...results].flatMap(([lab, reports]) =>
    [...new Set(reports.map((report) => report.name))].flatMap((trial) => {
      const passed = reports.filter((report) => report.name === trial && report.passed).length
      const failed = reports.filter((report) => report.name === trial && !report.passed).length
      return passed > 0 && failed > 0 ? [{ lab, trial, passed, failed }] : []
    }),
  )
  const all = [...results].map(([lab, trials]) => ({ lab, passed: trials.every((trial) => trial.passed), trials }))
  return {
    passed: all.every((lab) => lab.passed),
    labs: all,
    skipped,
    flaky,
    flakeRate: flaky.reduce((sum, { failed }) => sum + failed, 0) / Math.max(1, queue.length),
    durationMs: Math.round(performance.now() - started),
  }
}

async function absentFeatures(labs: Lab[]): Promise<FeatureReport[]> {
  const names = [...new Set(labs.flatMap((lab) => lab.requires))]
  return names.length === 0 ? [] : (await probeFeatures(names)).filter(({ state }) => state === 'absent')
}

function summary({ labs, skipped, flaky, flakeRate, durationMs }: TestReport, repeat: number): string {
  const trials = labs.flatMap((lab) => lab.trials)
  const lines = labs.map((lab) => {
    const failed = lab.trials.filter((trial) => !trial.passed).length
    return `${lab.passed ? 'ok    ' : 'not ok'} ${lab.lab}: ${lab.trials.length - failed} of ${lab.trials.length} trials`
  })
  lines.push(...skipped.map(({ lab, why }) => `skipped ${lab}: this kernel lacks ${why}`))
  if (repeat > 1) {
    lines.push(`flake rate ${(100 * flakeRate).toFixed(2)} %`)
    for (const { lab, trial, passed, failed } of flaky)
      lines.push(`  ${lab}, ${trial}: ${failed} of ${passed + failed} failed`)
  }
  const passed = trials.filter((trial) => trial.passed).length
  lines.push(`${passed} passed, ${trials.length - passed} failed in ${(durationMs / 1000).toFixed(0)} s`)
  return `${lines.join('\n')}\n`
}
