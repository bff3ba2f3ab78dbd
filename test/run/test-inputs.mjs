// What a file of host or browser tests depends on, as a hash. Needs dist.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { release } from 'node:os'
import { join, relative } from 'node:path'

/** What decides whether a test is due is no part of it. */
const decides = /^(dist\/proof\/|test\/receipts\.json$)/

/**
 * Hashes of test files: the code that they and the programs they start are made of, labs where that code reads them, the pages where a browser
 * shows them, the golden system, the kernel's release, the distribution and Node's major version.
 * @param files from `root`
 * @returns by file
 */
export async function testInputs(root, files) {
  const { contentHash, fileParts, treeParts } = await import('../../dist/proof/content-hash.js')
  const { goldenInputs } = await import('../../dist/rack/golden/inputs.js')
  const { parseOsRelease, readOsRelease } = await import('../../dist/machine/os-release.js')
  const graph = await testCode(root)
  const machine = [release(), parseOsRelease(await readOsRelease()).title, process.version.split('.')[0]]
  const inDist = (files) =>
    files.filter((file) => !decides.test(file)).flatMap((file) => fileParts(root, join(root, file)))
  // Not the receipts of labs, which lie beside them.
  const labs = readdirSync(join(root, 'labs'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name) => [name, ...treeParts(join(root, 'labs', name))])
  const pages = [...treeParts(join(root, 'client')), chromium()]
  const inputs = new Map()
  for (const file of files) {
    const code = await graph.closure([file])
    const readsLabs = code.files.some((file) => file === 'dist/lab/read-lab.js')
    inputs.set(
      file,
      contentHash([
        ...['test 1', goldenInputs().version, ...machine, ...code.packages, ...inDist(code.files)],
        ...(readsLabs ? labs : []),
        ...(file.startsWith('test/browser/') ? pages : []),
      ]),
    )
  }
  return inputs
}

/** What files of tests, and the programs that they start, are made of. */
export async function testCode(root) {
  const { CodeGraph } = await import('../../dist/proof/code-closure.js')
  return new CodeGraph(root, await typescript(root))
}

/** Tests are TypeScript, and import the server's sources: what runs of these is what is compiled. */
async function typescript(root) {
  const { transformWithOxc } = await import('vite')
  return {
    locate(path) {
      if (existsSync(path)) return path
      const [room, ...below] = relative(root, path).split('/')
      const compiled = join(root, 'dist', ...below)
      if (room === 'server' && existsSync(compiled)) return compiled
      return path.replace(/\.js$/, '.ts')
    },
    module: async (text, path) => (await transformWithOxc(text, path)).code,
  }
}

/** Its version: pages look and behave as it makes them. */
function chromium() {
  const args = ['-W', '-f=$' + '{Version}', 'chromium']
  try {
    return execFileSync('dpkg-query', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return 'not a Debian package'
  }
}
