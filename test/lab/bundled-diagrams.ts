import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromPackage } from '../../server/package-root.js'

const labs = fromPackage('labs')

/** The sources of all diagrams of our labs, each behind its page and number. */
export const bundledDiagrams = readdirSync(labs).flatMap((lab) =>
  ['en.md', 'zh.md'].flatMap((page) => {
    const file = join(labs, lab, page)
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    return [...text.matchAll(/^```mermaid\n([\s\S]*?)^```/gm)].map(([, source], n): [string, string] => [
      `${lab}/${page} ${n + 1}`,
      source!,
    ])
  }),
)

/** Where their drawings are. */
export const drawingsFolder = fromPackage('client/lab/drawings')
