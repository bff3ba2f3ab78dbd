import { Command } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { labFoldersNamed } from '../lab/catalogue.js'
import type { Lab } from '../lab/lab.js'
import { proofSeeds } from '../lab/parameters/proof-seeds.js'
import { parseSeed, practiceSeed } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { type FeatureReport, probeFeatures } from '../machine/features.js'
import { packageRoot } from '../package-root.js'
import { keyOf, LabProofs } from '../proof/lab-proofs.js'
import { commitOf, inTurn } from '../proof/rotation.js'
import { requireGolden } from '../rack/golden/golden.js'
import { requireBase } from '../rack/images/base.js'
import { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import { poolFor, type QueuedTrial, runTrials, usualJobs } from '../trial/run-trials.js'
import { checksCanFail, type Trial, type TrialReport, trialsOf } from '../trial/test-lab.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'
import { withOwnRacks } from './own-racks.js'
import { RackKeeper } from './rack-keeper.js'
import { summary, type TestReport, testReport, trialLine } from './test-report.js'
import { wholeNumber } from './whole-number.js'

interface TestOptions extends LabsOption {
  all: boolean
  receipts: boolean
  write: boolean
  minutes?: number
  repeat: number
  jobs?: number
  keep: boolean
  json: boolean
  seed?: string
  seeds?: number
}

/** A lab with its trials, and what became of them each time. */
interface Plan {
  lab: Lab
  trials: Trial[]
  runs: TrialReport[][]
}

export function testCommand(): Command {
  return new Command('test')
    .description('prove labs in fresh racks: pages, solutions and alternatives pass, mistakes fail as they should')
    .argument(
      '[lab...]',
      'ids or folders, all of whose trials are proved; by default all labs, but for trials with receipts',
    )
    .addOption(labsOption('all of which are proved where none is named'))
    .option('--all', 'prove all trials of all labs, and write receipts for those that pass', false)
    .option('--write', 'write receipts for trials that pass, of those that are due', false)
    .option('--no-receipts', 'prove all trials, and leave the receipts as they are')
    .option('--repeat <count>', 'do all of it so many times, and tell what flakes', wholeNumber(1, 1000), 1)
    .option(
      '--jobs <count>',
      'trials that work at the same time; by default as many as memory and cores allow',
      wholeNumber(1, 64),
    )
    .option(
      '--minutes <count>',
      'begin no trial after so many minutes, and tell which are due; 0 begins none',
      wholeNumber(0, 1000),
    )
    .option('--seed <seed>', 'with the numbers of that seed, for labs that have parameters', parseSeed)
    .option('--seeds <count>', 'with the numbers of so many seeds, one after another', wholeNumber(1, 200))
    .option('--keep', 'keep the rack of the first failed trial to look at; says how to enter and to close it', false)
    .option('--json', 'print a JSON document', false)
    .action(async (names: string[], options: TestOptions) => {
      const keeper = options.keep ? new RackKeeper() : undefined
      const report = await testLabs(options.all ? [] : names, options, keeper)
      if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
      else process.stdout.write(summary(report, options.repeat))
      if (keeper) process.stderr.write(keeper.howToEnter())
      process.exitCode = report.passed ? 0 : 1
    })
}

async function testLabs(names: string[], options: TestOptions, keeper: RackKeeper | undefined): Promise<TestReport> {
  const started = performance.now()
  const isPractice = options.seed === undefined && options.seeds === undefined
  const writing = options.all ? '--all' : options.write ? '--write' : undefined
  if (!isPractice && writing) {
    throw new VethlabError('argument.invalid', 'writes receipts, which are for the numbers of practice', {
      place: writing,
      cure: 'Name labs, or leave `--seed` and `--seeds` out.',
      zh: { what: '会写入证明记录，而记录只针对练习用的数值', cure: '请指定实验，或去掉 `--seed` 和 `--seeds`。' },
    })
  }
  if (writing && options.labs.length > 0) {
    throw new VethlabError('argument.invalid', 'writes receipts, which are for the labs that come with vethlab', {
      place: writing,
      cure: 'Leave it out: without it all trials of the labs in the folders of `--labs` are proved.',
      zh: {
        what: '会写入证明记录，而记录只针对 vethlab 自带的实验',
        cure: '请去掉它：不加它也会把 `--labs` 文件夹里的实验全部验证一遍。',
      },
    })
  }
  const folders = await labFoldersNamed(shelvesOf(options), names)
  const read = await Promise.all(folders.map((folder) => loadLab(folder)))
  const labs = read.flatMap((lab) => seedsOf(lab, options).map((seed) => withSeed(lab, seed)))
  const missing = await absentFeatures(read)
  const lacks = (lab: Lab) => missing.find(({ name }) => lab.requires.includes(name))
  const skipped = read.flatMap((lab) => {
    const feature = lacks(lab)
    return feature ? [{ lab: lab.id, why: `${feature.name}: ${feature.fails} ${feature.cure}` }] : []
  })
  for (const { lab, why } of skipped) say(`skipped ${lab}, this kernel lacks ${why}`)
  const plans = labs
    .filter((lab) => !lacks(lab))
    .map((lab): Plan => {
      const runs = Array.from({ length: options.repeat }, () => [])
      return { lab, trials: trialsOf(lab, keeper), runs }
    })

  const proofs = options.receipts && isPractice ? await openProofs(labs) : undefined
  const isNamed = names.length > 0 || options.labs.length > 0
  const byReceipts = proofs !== undefined && !options.all && !isNamed
  const known = byReceipts ? await receiptsFor(proofs, plans) : { all: new Map(), rest: new Map() }
  const due: TestReport['due'] = []
  try {
    due.push(...(await prove(plans, known, { keeper, ...options })))
  } finally {
    // What was proved before a signal ended it is proved.
    if (proofs) await settle(proofs, plans, labs, { write: writing !== undefined, isWhole: !isNamed })
  }
  for (const { lab, runs } of plans) {
    // What its other trials see failing is not known.
    if (due.some((one) => one.lab === lab.id)) continue
    for (const run of runs) note(lab, run, checksCanFail(lab, run))
  }
  const reports = plans.map(({ lab, runs }) => ({ lab: lab.id, ...seedOfPlan(lab), trials: runs.flat() }))
  return testReport(reports, skipped, due, Math.round(performance.now() - started))
}

/** A lab that draws nothing is tested once. */
function seedsOf({ id, drawn }: Lab, { seed, seeds }: TestOptions): string[] {
  if (seed === undefined && seeds === undefined) return [practiceSeed]
  if (drawn) return seed === undefined ? proofSeeds(drawn, seeds!) : [seed]
  say(`${id} has no parameters: it is tested as it is`)
  return [practiceSeed]
}

/** Not said of practice, whose numbers are those in the lab's files. */
function seedOfPlan({ drawn }: Lab): { seed?: string } {
  return drawn === undefined || drawn.seed === practiceSeed ? {} : { seed: drawn.seed }
}

async function openProofs(labs: readonly Lab[]): Promise<LabProofs> {
  // Hosts are made from what is there, which may be older than the sources.
  const store = await Store.open(StateDirectory.at())
  const { version } = await requireGolden(store)
  const { packs } = await requireBase(store)
  const proofs = await LabProofs.open(packageRoot, labs, packs === undefined ? version : `${version} ${packs}`)
  if (proofs.fault !== undefined) say(`labs/receipts.json counts for nothing: ${proofs.fault}`)
  return proofs
}

/** What receipts say, by `keyOf`: of all trials that have one, and of the rest of them, whose turn it is not. */
interface Known {
  all: ReadonlyMap<string, TrialReport>
  rest: ReadonlyMap<string, TrialReport>
}

async function receiptsFor(proofs: LabProofs, plans: readonly Plan[]): Promise<Known> {
  const names = plans.flatMap(({ lab, trials }) => trials.map(({ name }) => ({ lab: lab.id, trial: name })))
  const { all, rest } = proofs.provedBefore(names, await commitOf(packageRoot))
  const told = new Map(
    names.flatMap((name): [string, TrialReport][] => {
      const receipt = all.get(keyOf(name))
      if (!receipt) return []
      const provedBefore = { inputs: receipt.inputs, at: receipt.provedAt }
      const { failedChecks } = receipt
      return [
        [keyOf(name), { name: name.trial, passed: true, problems: [], failedChecks, durationMs: 0, provedBefore }],
      ]
    }),
  )
  return { all: told, rest: new Map([...told].filter(([key]) => rest.has(key))) }
}

/** In the place of a report: there was no time left to begin. */
const notBegun: TrialReport = { name: '', passed: false, problems: [], failedChecks: [], durationMs: 0 }

/**
 * Runs trials without a receipt first, then those whose turn it is to be proved again; of the others the receipts are told.
 * @returns those without a receipt that were not begun in time
 */
async function prove(
  plans: Plan[],
  known: Known,
  { jobs = usualJobs(), minutes, keeper }: { jobs?: number; minutes?: number; keeper: RackKeeper | undefined },
): Promise<TestReport['due']> {
  const due: TestReport['due'] = []
  const end = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000
  let ended: AbortSignal | undefined
  const onReport = (lab: Lab, trial: Trial, run: TrialReport[], report: TrialReport) => {
    const name = { lab: lab.id, trial: trial.name }
    const before = known.all.get(keyOf(name))
    if (report === notBegun && !before) due.push(name)
    else if (report === notBegun) note(lab, run, before!)
    // One that a signal cut off has shown nothing.
    else if (report.passed || !ended?.aborted) note(lab, run, report)
  }
  const all = plans.flatMap(({ lab, trials, runs }) =>
    runs.flatMap((run) =>
      trials.flatMap((trial): QueuedTrial[] => {
        const before = known.rest.get(keyOf({ lab: lab.id, trial: trial.name }))
        if (before) {
          note(lab, run, before)
          return []
        }
        const inTime = {
          ...trial,
          run: (...how: Parameters<Trial['run']>) =>
            performance.now() < end ? trial.run(...how) : Promise.resolve(notBegun),
        }
        return [{ lab, trial: inTime, onReport: (report) => onReport(lab, trial, run, report) }]
      }),
    ),
  )
  const queue = minutes === undefined ? all : await firstDue(all, known)
  if (queue.length === 0) return due
  await withOwnRacks(
    (racks, signal) => {
      ended = signal
      keeper?.keepFrom(racks)
      return runTrials(racks, queue, jobs, signal)
    },
    {
      pool: poolFor(
        queue.map(({ lab }) => lab),
        queue.length > jobs,
      ),
    },
  )
  return due
}

/** Those without a receipt first, and else another order at each commit. */
async function firstDue(queue: readonly QueuedTrial[], { all }: Known): Promise<QueuedTrial[]> {
  const nameOf = ({ lab, trial }: QueuedTrial) => keyOf({ lab: lab.id, trial: trial.name })
  const turns = inTurn(queue, nameOf, (await commitOf(packageRoot)) ?? '')
  return turns.toSorted((a, b) => Number(all.has(nameOf(a))) - Number(all.has(nameOf(b))))
}

/** Brings the receipts to what the runs have shown. */
async function settle(
  proofs: LabProofs,
  plans: readonly Plan[],
  labs: readonly Lab[],
  { write, isWhole }: { write: boolean; isWhole: boolean },
): Promise<void> {
  const outcomes = plans.flatMap(({ lab, runs }) =>
    runs
      .flat()
      .flatMap(({ name, passed, failedChecks, provedBefore }) =>
        provedBefore ? [] : [{ lab: lab.id, trial: name, passed, failedChecks }],
      ),
  )
  // A lab that this kernel can't run keeps what another one has proved.
  const known = labs.flatMap((lab) => trialsOf(lab).map(({ name }) => ({ lab: lab.id, trial: name })))
  if (write && isWhole) proofs.keepOnly(known)
  await proofs.settle(outcomes, { write }).catch((error: Error) => say(`labs/receipts.json: ${error.message}`))
}

function note(lab: Lab, run: TrialReport[], report: TrialReport): void {
  run.push(report)
  say(trialLine({ lab: lab.id, ...seedOfPlan(lab) }, report))
  for (const problem of report.problems) say(`  ${problem}`)
}

async function absentFeatures(labs: Lab[]): Promise<FeatureReport[]> {
  const names = [...new Set(labs.flatMap((lab) => lab.requires))]
  return names.length === 0 ? [] : (await probeFeatures(names)).filter(({ state }) => state === 'absent')
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
