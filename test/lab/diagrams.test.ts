import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { beforeAll, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'

const labs = fromPackage('labs')
const diagrams = readdirSync(labs).flatMap((lab) =>
  ['en.md', 'zh.md'].flatMap((page) => {
    const file = join(labs, lab, page)
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    return [...text.matchAll(/^```mermaid\n([\s\S]*?)^```/gm)].map(([, source], n) => [
      `${lab}/${page} ${n + 1}`,
      source!,
    ])
  }),
) as [string, string][]

let parse: (source: string) => Promise<unknown>
beforeAll(async () => {
  // Mermaid cleans labels with the browser's own parser.
  const { window } = new JSDOM()
  Object.assign(globalThis, { window, document: window.document })
  const { default: mermaid } = await import('mermaid')
  parse = (source) => mermaid.parse(source)
})

it.each(diagrams)('mermaid draws %s', async (_, source) => {
  await expect(parse(source)).resolves.toBeTruthy()
})

it('and says so where it does not', async () => {
  await expect(parse('flowchart LR\n  a --> [b')).rejects.toThrow()
})
