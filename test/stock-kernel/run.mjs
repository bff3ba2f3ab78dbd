// Proves on a distribution's stock kernel what this machine's kernel may lack: boots Debian in an emulated computer, with
// cgroup v2 and its state on btrfs, and runs guest/main.mjs in it. Needs root, and dist (`npm run build`).
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDebianLike, parseOsRelease, readOsRelease } from '../../dist/machine/os-release.js'
import { installPackages, machinePackages, missingPackages, stockKernelPackages } from '../../dist/machine/packages.js'
import { buildGolden } from '../../dist/rack/golden/golden.js'
import { StateDirectory } from '../../dist/rack/state-directory.js'
import { Store } from '../../dist/rack/store.js'
import { makeScratch } from './cache.mjs'
import { makeGoldenDisk } from './golden-disk.mjs'
import { makeGuestSystem } from './guest-system.mjs'
import { makeProjectDisk } from './project-disk.mjs'
import { removeReceipt, stockKernelInputs, writeReceipt } from './proof.mjs'
import { Report } from './report.mjs'
import { boot } from './virtual-machine.mjs'

/** The guest's work takes some six minutes of one processor. */
const guestDeadlineMs = 20 * 60_000

const interrupted = new AbortController()
// Not `once`: execa ends the process when it finds no other listener than its own.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)))

const why = await reasonToSkip()
if (why !== undefined) {
  console.log(`skipped: ${why}`)
} else {
  const report = new Report(console.log)
  const inputs = await stockKernelInputs()
  try {
    await prove(report, interrupted.signal)
  } catch (error) {
    report.fail('stock kernel', interrupted.signal.aborted ? interrupted.signal.reason.message : error.message)
  }
  if (report.failed > 0) {
    // An end that somebody asked for says nothing of what was to be proved.
    if (!interrupted.signal.aborted) removeReceipt(inputs)
  } else {
    writeReceipt(inputs, report.passed)
    console.log(
      `stock kernel: proved now, inputs ${inputs}, ${report.passed} cases; the receipt is in test/receipts.json`,
    )
  }
  console.log(report.closingLine)
  process.exitCode = report.failed > 0 ? 1 : 0
}

/** Why this machine can't run the test at all, undefined if it can. */
async function reasonToSkip() {
  if (process.getuid?.() !== 0) return 'only root can build the disks that the stock kernel boots from'
  if (process.arch !== 'x64') return `the stock kernel is one for x64, and this machine is ${process.arch}`
  const missing = await missingPackages(stockKernelPackages)
  if (missing.length === 0 || isDebianLike(parseOsRelease(await readOsRelease()))) return undefined
  return `${missing.map(({ name }) => name).join(' and ')} are missing, and only Debian's and Ubuntu's can be installed`
}

async function prove(report, signal) {
  await installPackages(await missingPackages([...machinePackages, ...stockKernelPackages]), { log: console.log })
  const state = StateDirectory.at()
  const cache = join(state.root, 'stock-kernel')
  const scratch = await makeScratch(cache)
  try {
    const golden = await timed('golden system', () => buildGolden(state, { force: false, stage }))
    const store = await Store.open(state)
    const system = await timed('guest system', () => makeGuestSystem(cache, signal))
    const goldenDisk = await timed('golden disk', () =>
      makeGoldenDisk(cache, store.golden(golden.name), store.freshDisk(golden.name), signal),
    )
    const projectDisk = await timed('project disk', () => makeProjectDisk(scratch, signal))
    const ended = await timed('guest', () =>
      boot({
        kernel: system.kernel,
        // What the guest writes goes to a file of this run that has no name.
        disks: { root: system.disk, project: projectDisk, golden: goldenDisk },
        scratch,
        deadlineMs: guestDeadlineMs,
        signal,
        onLine: (line) => report.read(line),
      }),
    )
    if (!report.complete) report.fail('guest', `it ended before its work was done: ${ended}`)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function timed(what, work) {
  const started = performance.now()
  const result = await work()
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return result
}

async function stage(name, work) {
  await timed(`golden system, ${name}`, () => work(() => {}))
}
