// What `npm test` runs. Plain Node and no package, since it installs them: a fresh clone has nothing else.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const scratch = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
// Kept between runs: the golden system in it is made once.
process.env.VETHLAB_STATE ??= '/var/tmp/vethlab-test'
const onlyStockKernel = process.argv.includes('--stock-kernel')
const counts = { passed: 0, failed: 0 }

if (process.getuid?.() !== 0) {
  console.error('npm test: the tests make real hosts of namespaces and mounts, which needs root. Run it with sudo.')
  process.exit(1)
}

try {
  await install()
  await step('build', 'npm', ['run', '--silent', 'build'])
  if (onlyStockKernel) await stockKernel()
  else await everything()
} catch (error) {
  counts.failed++
  console.error(`npm test: ${error.message}`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed > 0 ? 1 : 0)

async function everything() {
  await step('lint', 'npx', ['--no-install', 'biome', 'check', '.'])
  await step('lint of Perl', process.execPath, ['test/lint-perl.mjs'])
  await step('types', 'npx', ['--no-install', 'tsc', '--noEmit'])
  await step('types of the client', 'npx', ['--no-install', 'tsc', '--noEmit', '-p', 'client'])
  await vitest('unit')
  await step('setup', process.execPath, ['dist/main.js', 'setup'])
  await vitest('hosts')
  await step('lint of labs', process.execPath, ['dist/main.js', 'lint'])
  await labs()
  await browser()
  await vitest('browser')
  await step('sweep', process.execPath, ['dist/main.js', 'sweep', '--all'])
}

/** npm writes its own lock into node_modules: older than ours, it is out of date. */
async function install() {
  const installed = join(root, 'node_modules/.package-lock.json')
  const fresh =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  if (!fresh) await step('npm ci', 'npm', ['ci', '--ignore-scripts'])
}

/** Debian's Chromium, where it is missing. */
async function browser() {
  if (existsSync('/usr/bin/chromium')) return
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  await step('package index', 'apt-get', ['update', '-qq'])
  await step('chromium', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-noto-cjk'])
}

async function vitest(project) {
  const report = join(scratch, `${project}.json`)
  const args = ['--no-install', 'vitest', 'run', '--project', project, '--reporter=default', '--reporter=json']
  const code = await start('npx', [...args, `--outputFile.json=${report}`])
  if (!existsSync(report)) throw new Error(`vitest ended with ${code} before its report: ${project}`)
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'))
  counts.passed += numPassedTests
  // A file that fails to load has no failed test, and unhandled errors fail no test at all.
  counts.failed += numFailedTests || (code === 0 ? 0 : Math.max(1, numFailedTestSuites))
}

/** Each lab in fresh racks, in both languages, with its mistakes and alternatives. */
async function labs() {
  await counted(['dist/main.js', 'test', '--jobs', '2'])
}

async function stockKernel() {
  await counted(['test/stock-kernel/run.mjs'])
}

/** Runs what prints a closing line of its own, which is taken over. */
async function counted(args) {
  let last = ''
  const code = await start(process.execPath, args, (line) => {
    last = line
  })
  const [, passed, failed] = /^(\d+) passed, (\d+) failed\b/.exec(last) ?? []
  if (passed === undefined && code === 0) return
  counts.passed += Number(passed ?? 0)
  counts.failed += Math.max(Number(failed ?? 1), code === 0 ? 0 : 1)
}

async function step(name, file, args) {
  const code = await start(file, args)
  if (code !== 0) throw new Error(`${name} failed with exit code ${code}`)
  counts.passed++
}

function start(file, args, onLine) {
  console.log(`> ${[file, ...args].join(' ')}`)
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'] })
    let rest = ''
    child.stdout?.on('data', (bytes) => {
      const lines = (rest + bytes).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        // The closing line is ours alone to print.
        if (!/^\d+ passed, \d+ failed$/.test(line)) console.log(line)
        onLine(line)
      }
    })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
