// What `npm start` runs. Plain Node and no package, since it installs them: a fresh clone has nothing else.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'dist/.built')
/** `engines` of package.json. */
const least = [20, 19]

try {
  requireNode()
  requireRoot()
  if (!isInstalled()) {
    // No package of ours needs its scripts, and as root none shall run.
    await stage('npm packages', 'npm', ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'])
  }
  const sources = lookAtSources()
  if (!isBuilt(sources)) {
    await stage('build', 'npm', ['run', '--silent', 'build'])
    mkdirSync(dirname(stamp), { recursive: true })
    writeFileSync(stamp, JSON.stringify(sources))
  }
} catch (error) {
  console.error(`vethlab: ${error.message}`)
  process.exit(1)
}
serve()

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > least[0] || (major === least[0] && minor >= least[1])) return
  throw new Error(`Node ${process.versions.node} is too old. Install ${least.join('.')} or newer, from nodejs.org.`)
}

function requireRoot() {
  if (process.getuid?.() === 0) return
  const again = ['sudo', 'npm', 'start', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])]
  throw new Error(`hosts are made of namespaces and mounts, which needs root. Run: ${again.join(' ')}`)
}

/** npm writes its own lock into node_modules: older than ours, it is out of date. */
function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** How new the sources are, and how many: one that is gone makes nothing newer. */
function lookAtSources() {
  const files = [
    ...['server', 'client'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    ),
    ...['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) => join(root, name)),
  ]
  return { files: files.length, newest: Math.max(...files.map((file) => statSync(file).mtimeMs)) }
}

function isBuilt(sources) {
  if (!existsSync(join(root, 'dist/main.js')) || !existsSync(join(root, 'dist/client/index.html'))) return false
  try {
    return readFileSync(stamp, 'utf8') === JSON.stringify(sources)
  } catch {
    return false
  }
}

/** Runs one stage, with its time; what it prints is shown if it fails. */
async function stage(name, file, args) {
  const { stderr } = process
  const started = Date.now()
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`
  const show = () => stderr.write(`\r${name} ... ${seconds()} `)
  if (stderr.isTTY) show()
  else stderr.write(`${name} ...\n`)
  const timer = stderr.isTTY ? setInterval(show, 500) : undefined
  const output = []
  const code = await new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => output.push(bytes))
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  }).finally(() => clearInterval(timer))
  const start = stderr.isTTY ? '\r' : ''
  if (code === 0) {
    stderr.write(`${start}${name}: ${seconds()}        \n`)
    return
  }
  stderr.write(`${start}${Buffer.concat(output).toString('utf8')}\n`)
  throw new Error(`${name}: \`${[file, ...args].join(' ')}\` failed with exit code ${code}`)
}

function serve() {
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), 'serve', ...process.argv.slice(2)], {
    // By the channel it learns that we are gone, however that came.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    console.error(`vethlab: ${error.message}`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
