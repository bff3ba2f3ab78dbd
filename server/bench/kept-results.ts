import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package-root.js'
import { codeClosure } from '../proof/code-closure.js'
import { contentHash, fileParts } from '../proof/content-hash.js'

interface Line<Result> {
  of: string
  name: string
  result: Result
}

/**
 * What a long measuring has so far, in a file with one line of JSON for each thing measured, so that one which was ended goes on
 * where it was. Lines of other code, or of another measuring, stay in the file and do not count.
 */
export class KeptResults<Result> {
  private readonly results = new Map<string, Result>()

  private constructor(
    private readonly path: string | undefined,
    private readonly of: string,
  ) {}

  /**
   * @param path without it nothing is kept beyond this process
   * @param what is measured and how, such as `trace, 10 times`
   * @param entry the module, from the package's folder, whose code is measured: after a change of it nothing counts
   */
  static async open<Result>(path: string | undefined, what: string, entry: string): Promise<KeptResults<Result>> {
    if (path === undefined) return new KeptResults<Result>(path, what)
    const { files, packages } = await codeClosure(packageRoot, [entry])
    const code = contentHash([...packages, ...files.flatMap((file) => fileParts(packageRoot, join(packageRoot, file)))])
    const kept = new KeptResults<Result>(path, `${what}, ${code}`)
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    for (const line of text.split('\n')) kept.read(line)
    // What was killed while it wrote left half a line.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n')
    return kept
  }

  has(name: string): boolean {
    return this.results.has(name)
  }

  /** Written at once: it is kept whatever ends the process. */
  add(name: string, result: Result): void {
    this.results.set(name, result)
    if (this.path !== undefined) appendFileSync(this.path, `${JSON.stringify({ of: this.of, name, result })}\n`)
  }

  /** @throws Error where nothing was added by this name */
  result(name: string): Result {
    if (!this.has(name)) throw new Error(`nothing was measured of ${name}`)
    return this.results.get(name)!
  }

  private read(line: string): void {
    try {
      const { of, name, result } = JSON.parse(line) as Line<Result>
      if (of === this.of) this.results.set(name, result)
    } catch {
      // Half a line.
    }
  }
}
