// What `npm test` runs. Plain Node and no package, since it installs them: a fresh clone has nothing else.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failureLines, failuresOf } from './run/failures.mjs'
import { runProgram } from './run/program.mjs'
import { TestProofs } from './run/test-proofs.mjs'
import { Times } from './run/times.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const scratch = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
// Kept between runs: the golden system in it is made once.
const ownState = '/var/tmp/vethlab-test'
process.env.VETHLAB_STATE ??= ownState
const onlyStockKernel = process.argv.includes('--stock-kernel')
const onlyVandal = process.argv.includes('--vandal')
const noReceipts = process.argv.includes('--no-receipts')
const withReceipts = ['hosts', 'hosts-alone', 'browser']
/**
 * All of it takes hours on a slow machine. So no more files of hosts and browsers are begun after so many minutes; then labs come, with what
 * is left of an hour. What was not begun is told, and the next run goes on with it: what has passed has its receipt.
 */
const minutes = { hostsAndBrowsers: 35, labsAtLeast: 3, labsAtMost: 15, all: 60 }
/** So many files are begun together: the fewer, the closer to the time. */
const filesTogether = 3
const counts = { passed: 0, failed: 0 }
const times = new Times()
const closing = []
const failures = []

if (process.getuid?.() !== 0) {
  console.error('npm test: the tests make real hosts of namespaces and mounts, which needs root. Run it with sudo.')
  process.exit(1)
}

try {
  await times.phase('install', install)
  await step('build', 'npm', ['run', '--silent', 'build'])
  if (onlyStockKernel) await stockKernel()
  else if (onlyVandal) await vandal()
  else await everything()
} catch (error) {
  counts.failed++
  failures.push({ where: 'npm test', message: [error.message] })
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
for (const line of [...closing, ...failureLines(failures)]) console.log(line)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed > 0 ? 1 : 0)

async function everything() {
  try {
    await step('lint', 'npx', ['--no-install', 'biome', 'check', '.'])
    await step('lint of Perl', process.execPath, ['test/lint-perl.mjs'])
    await step('types', 'npx', ['--no-install', 'tsc', '--noEmit'])
    await step('types of the client', 'npx', ['--no-install', 'tsc', '--noEmit', '-p', 'client'])
    await debian('/usr/lib/postgresql', 'postgresql')
    await unpacked('prometheus', 'usr/bin/promtool')
    await unpacked('nginx', 'usr/sbin/nginx')
    await vitest('unit')
    // Records of an earlier run say nothing to this one, and a newer vethlab's can not be read by an older one.
    if (process.env.VETHLAB_STATE === ownState) rmSync(join(ownState, 'records'), { recursive: true, force: true })
    await step('setup', process.execPath, ['dist/main.js', 'setup'])
    await step('lint of labs', process.execPath, ['dist/main.js', 'lint'])
    await debian('/usr/bin/chromium', 'chromium', 'fonts-noto-cjk')
    await debian('/usr/bin/skopeo', 'skopeo')
    const found = await testFiles()
    await hostsAndBrowsers(found)
    const { labsAtLeast, labsAtMost, all } = minutes
    await labs(Math.max(labsAtLeast, Math.min(labsAtMost, all - Math.ceil(minutesSoFar()))))
    await step('sweep', process.execPath, ['dist/main.js', 'sweep', '--all'])
    const { stockKernelProof } = await import('./stock-kernel/proof.mjs')
    closing.push((await stockKernelProof()).line)
  } finally {
    mkdirSync(process.env.VETHLAB_STATE, { recursive: true })
    closing.unshift(...times.keep(join(process.env.VETHLAB_STATE, 'test-times.json')))
  }
}

/** npm writes its own lock into node_modules: older than ours, it is out of date. */
async function install() {
  const installed = join(root, 'node_modules/.package-lock.json')
  const fresh =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  if (!fresh) await step('npm ci', 'npm', ['ci', '--ignore-scripts'])
}

/** A program that only tests need, from Debian, where it is missing. */
async function debian(file, ...packages) {
  if (existsSync(file)) return
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  await step('package index', 'apt-get', ['update', '-qq'])
  await step(packages[0], 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages])
}

/** A program alone out of Debian's package, where an installation of it begins a service of the machine. */
async function unpacked(name, file) {
  const kept = join('/var/cache/vethlab-test', basename(file))
  if (existsSync(kept) || existsSync(join('/', file))) return
  const folder = join(scratch, name)
  mkdirSync(folder)
  // As root: the user that apt has for downloads can't write there.
  const apt = ['-qq', '-o', 'APT::Sandbox::User=root']
  await step('package index', 'apt-get', ['update', '-qq'])
  await step(name, 'apt-get', [...apt, 'download', name], { cwd: folder })
  const [archive] = readdirSync(folder)
  await step(basename(file), 'dpkg-deb', ['-x', join(folder, archive), folder])
  mkdirSync(dirname(kept), { recursive: true, mode: 0o755 })
  copyFileSync(join(folder, file), `${kept}.draft`)
  renameSync(`${kept}.draft`, kept)
}

/** Files of the projects that have receipts, by project, from the package's folder. */
async function testFiles() {
  const projects = withReceipts.flatMap((name) => ['--project', name])
  const { stdout } = await run('npx', ['--no-install', 'vitest', 'list', '--filesOnly', '--json', ...projects], {
    keepStdout: true,
  })
  const listed = JSON.parse(stdout)
  return new Map(
    withReceipts.map((name) => [
      name,
      listed.filter(({ projectName }) => projectName === name).map(({ file }) => relative(root, file)),
    ]),
  )
}

function minutesSoFar() {
  return performance.now() / 60_000
}

/**
 * Runs the files that are due, some at a time, in an order that is another one at each commit: where there is not time for all, commits
 * that follow each other come to all. One group after the other: on two processors a browser and an Engine's start take all that there is
 * from each other.
 */
async function hostsAndBrowsers(found) {
  const { commitOf, inTurn } = await import('../dist/proof/rotation.js')
  const commit = (await commitOf(root)) ?? ''
  const proofs = await TestProofs.open(root, [...found.values()].flat(), commit || undefined)
  const groups = withReceipts.flatMap((project) => {
    const { due, before } = proofs.plan(found.get(project), { all: noReceipts })
    before.forEach(tellBefore)
    const files = inTurn(due, (file) => file, commit)
    return Array.from({ length: Math.ceil(files.length / filesTogether) }, (_, n) => ({
      project,
      files: files.slice(n * filesTogether, (n + 1) * filesTogether),
    }))
  })
  const left = []
  for (const { project, files } of inTurn(groups, (group) => group.files.join(' '), commit)) {
    if (!noReceipts && minutesSoFar() > minutes.hostsAndBrowsers) {
      for (const file of files) {
        const receipt = proofs.held(file)
        if (receipt) tellBefore(receipt)
        else left.push(file)
      }
      continue
    }
    const { report, whole } = await vitest(project, files)
    // An error that belongs to no test leaves it open what was proved.
    if (whole) await proofs.settle(report)
  }
  const { files, before } = proofs.counts
  closing.push(`host and browser tests: ${files} files, ${before} of them proved before with the same inputs`)
  if (left.length > 0) {
    const how = 'the next `npm test` goes on with them'
    closing.push(
      `host and browser tests: ${left.length} files are DUE and were not begun within ${minutes.hostsAndBrowsers} minutes; ${how}: ${left.join(', ')}`,
    )
  }
}

function tellBefore({ file, provedAt, inputs, passed }) {
  console.log(`${file}: ${passed} tests proved before, on ${provedAt.slice(0, 10)}, inputs ${inputs}`)
  counts.passed += passed
}

/**
 * @param files all, where there are none
 * @returns `whole`: if it failed, some test says why
 */
async function vitest(project, files = []) {
  const report = join(scratch, `${project}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json']
  const args = ['--no-install', 'vitest', 'run', '--project', project, ...reporters, ...files]
  const { code } = await times.phase(project, () => run('npx', [...args, `--outputFile.json=${report}`]))
  if (!existsSync(report)) throw new Error(`vitest ended with ${code} before its report: ${project}`)
  const found = JSON.parse(readFileSync(report, 'utf8'))
  times.vitest(project, found, root)
  counts.passed += found.numPassedTests
  const failed = failuresOf(project, found, root)
  if (failed.length === 0 && code !== 0)
    failed.push({ where: project, message: ['an error outside of all tests: its log is above'] })
  failures.push(...failed)
  // A file that fails to load has no failed test, and unhandled errors fail no test at all.
  counts.failed += found.numFailedTests || (code === 0 ? 0 : Math.max(1, found.numFailedTestSuites))
  return { report: found, whole: code === 0 || found.numFailedTests > 0 }
}

/** Each lab in fresh racks, in both languages, with its mistakes and alternatives, as far as receipts ask for it. */
async function labs(most) {
  const how = noReceipts ? ['--no-receipts'] : ['--minutes', String(most)]
  const args = ['dist/main.js', 'test', '--json', '--jobs', '2', ...how]
  const { code, stdout } = await times.phase('labs', () => run(process.execPath, args, { keepStdout: true }))
  const report = stdout === '' ? undefined : JSON.parse(stdout)
  const trials = report?.labs.flatMap(({ lab, trials }) => trials.map((trial) => ({ ...trial, lab }))) ?? []
  const failed = trials.filter(({ passed }) => !passed)
  counts.passed += trials.length - failed.length
  counts.failed += Math.max(failed.length, code === 0 ? 0 : 1)
  failures.push(...failed.map(({ lab, name, problems }) => ({ where: `labs/${lab}: ${name}`, message: problems })))
  if (failed.length === 0 && code !== 0) failures.push({ where: 'labs', message: [`exit code ${code}`] })
  for (const { lab, trials } of report?.labs ?? []) {
    times.file(
      'labs',
      `labs/${lab}`,
      trials.reduce((sum, { durationMs }) => sum + durationMs, 0),
    )
  }
  closing.push(`labs: ${trials.length} trials, ${report?.provedBefore ?? 0} of them proved before with the same inputs`)
  const due = report?.due.length ?? 0
  if (due > 0) {
    const how = `\`vethlab test --write\` proves them and writes their receipts`
    closing.push(`labs: ${due} trials more are DUE and were not begun within ${most} minutes: ${how}`)
  }
}

async function stockKernel() {
  const { code, last } = await run(process.execPath, ['test/stock-kernel/run.mjs'], { keepLast: true })
  const [, passed, failed] = /^(\d+) passed, (\d+) failed\b/.exec(last) ?? []
  if (passed === undefined && code === 0) return
  counts.passed += Number(passed ?? 0)
  counts.failed += Math.max(Number(failed ?? 1), code === 0 ? 0 : 1)
}

/** A benchmark: it has no bound here, and its figures become docs/vandal.md. */
async function vandal() {
  await step('setup', process.execPath, ['dist/main.js', 'setup'])
  const bench = () => run(process.execPath, ['dist/main.js', 'bench', 'vandal', '--json'], { keepStdout: true })
  const { code, stdout } = await times.phase('vandal', bench)
  if (code !== 0) throw new Error(`vethlab bench vandal failed with exit code ${code}`)
  writeFileSync(join(root, 'docs/bench-vandal.json'), stdout)
  process.env.PRINT = '1'
  await step('docs/vandal.md', 'npx', [
    '--no-install',
    'vitest',
    'run',
    '--project',
    'unit',
    'test/docs/vandal.test.ts',
  ])
}

async function step(name, file, args, options) {
  const { code } = await times.phase(name, () => run(file, args, options))
  if (code !== 0) throw new Error(`${name} failed with exit code ${code}`)
  counts.passed++
}

function run(file, args, options) {
  return runProgram(file, args, { cwd: root, ...options })
}
