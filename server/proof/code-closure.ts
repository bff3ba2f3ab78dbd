import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { init, parse } from 'es-module-lexer'
import { VethlabError } from '../error/vethlab-error.js'

/** All code that a program can run. */
export interface Code {
  /** From the package's folder, sorted: modules, programs that they start, and data beside them. */
  files: string[]
  /** `name@version` of npm packages, theirs included, sorted. */
  packages: string[]
}

/** A string that could be the path of a file. Anything else in quotes is none. */
const pathInQuotes = /(["'`])((?:[\w@.-]+\/)*[\w@.-]+)\1/g
const module = /\.m?js$/
const source = /\.ts$/

/** How sources in a language that Node does not run become modules; without it there are none. */
export interface Sources {
  /** The path of the file that an import of `path` leads to. */
  locate(path: string): string
  /** Text of a module, from that of the file. */
  module(text: string, path: string): Promise<string>
}

/**
 * What `entries` import, and what that imports in turn. A string in the code that is the path of a file, seen from the module
 * or from the package's folder, counts like an import: programs are started by such strings. Of data that modules read by other
 * means, such as scripts in another language, all is taken that lies beside their sources (`server/rack` for `dist/rack`).
 * @param root the folder of package.json, with `dist` in it
 * @param entries modules, from `root`
 * @throws VethlabError proof.unknown-code where an import can't be followed
 */
export async function codeClosure(root: string, entries: readonly string[]): Promise<Code> {
  return await new CodeGraph(root).closure(entries)
}

interface Edges {
  files: string[]
  packages: string[]
}

/** Closures of one package, in which each file is read once. */
export class CodeGraph {
  private readonly edges = new Map<string, Edges>()
  private readonly dependencies: ReadonlySet<string>

  constructor(
    private readonly root: string,
    private readonly sources?: Sources,
  ) {
    this.dependencies = ownDependencies(root)
  }

  /** As {@link codeClosure}. */
  async closure(entries: readonly string[]): Promise<Code> {
    await init
    const files = new Set<string>()
    const packages = new Set<string>()
    const queue = entries.map((entry) => join(this.root, entry))
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (files.has(path)) continue
      files.add(path)
      const leads = await this.edgesOf(path)
      queue.push(...leads.files)
      for (const name of leads.packages) addPackage(name, dirname(path), packages)
    }
    for (const path of dataBeside(this.root, [...files])) files.add(path)
    return {
      files: [...files].map((path) => relative(this.root, path).split(sep).join('/')).toSorted(),
      packages: [...packages].toSorted(),
    }
  }

  private async edgesOf(path: string): Promise<Edges> {
    const known = this.edges.get(path)
    if (known) return known
    const edges: Edges = { files: [], packages: [] }
    this.edges.set(path, edges)
    if (!(module.test(path) || (this.sources && source.test(path)))) return edges
    const { text, imports } = await read(this.root, path, this.sources)
    const locate = (file: string) => this.sources?.locate(file) ?? file
    for (const name of imports) {
      if (name.startsWith('node:')) continue
      if (name.startsWith('.')) edges.files.push(locate(resolve(dirname(path), name)))
      else edges.packages.push(packageOf(name))
    }
    for (const [, , named] of text.matchAll(pathInQuotes)) {
      const name = packageOf(named!)
      if (this.dependencies.has(name)) edges.packages.push(name)
      if (!/[./]/.test(named!)) continue
      const paths = [resolve(dirname(path), named!), resolve(this.root, named!)]
      edges.files.push(...paths.filter((file) => within(this.root, file)))
    }
    return edges
  }
}

async function read(
  root: string,
  path: string,
  sources: Sources | undefined,
): Promise<{ text: string; imports: string[] }> {
  const unknown = (what: string, cause?: unknown) =>
    new VethlabError('proof.unknown-code', what, {
      place: relative(root, path),
      cure: 'Run `npm run build`, and import by a string that stands in the code.',
      cause,
    })
  let text: string
  let found: ReturnType<typeof parse>[0]
  try {
    text = readFileSync(path, 'utf8')
    if (source.test(path)) text = await sources!.module(text, path)
    found = parse(text, path)[0]
  } catch (cause) {
    throw unknown("can't be read as a module", cause)
  }
  // -2 is `import.meta`; only a call of import() can have no name.
  const imports = found
    .filter(({ d }) => d !== -2)
    .map(({ n }) => {
      if (n === undefined) throw unknown('imports what only a run can tell')
      return n
    })
  return { text, imports }
}

/**
 * A file of the package that is ours: not an installed one, not package.json, of which the versions of packages alone count, and not `.git`, which is
 * a file in a work tree beside a clone and a folder in the clone.
 */
function within(root: string, path: string): boolean {
  const below = relative(root, path)
  if (below === 'package.json' || below === '.git') return false
  if (below.startsWith('..') || below.split(sep).includes('node_modules')) return false
  return existsSync(path) && statSync(path).isFile()
}

function ownDependencies(root: string): Set<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return new Set(Object.keys(dependencies))
}

/** `@scope/name/file` to `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** An installed package and all that it depends on, looked for as Node does. What is not installed can't run. */
function addPackage(name: string, from: string, packages: Set<string>): void {
  for (let folder = from; ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', name)
    const manifest = join(home, 'package.json')
    if (existsSync(manifest)) {
      const { version, dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'))
      const known = `${name}@${version}`
      if (packages.has(known)) return
      packages.add(known)
      for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) addPackage(next, home, packages)
      return
    }
    if (folder === dirname(folder)) return
  }
}

function dataBeside(root: string, files: string[]): string[] {
  const rooms = new Set(
    files
      .map((path) => relative(root, dirname(path)).split(sep))
      .filter(([first, room]) => first === 'dist' && room !== undefined)
      .map(([, room]) => join(root, 'server', room!)),
  )
  return [...rooms]
    .filter((room) => existsSync(room))
    .flatMap((room) => readdirSync(room, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}
