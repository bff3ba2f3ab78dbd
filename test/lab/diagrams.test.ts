import { readdirSync } from 'node:fs'
import { JSDOM } from 'jsdom'
import { beforeAll, expect, it } from 'vitest'
import { drawingName } from '../../server/lab/diagram.js'
import { bundledDiagrams, drawingsFolder } from './bundled-diagrams.js'

let parse: (source: string) => Promise<unknown>
beforeAll(async () => {
  // Mermaid cleans labels with the browser's own parser.
  const { window } = new JSDOM()
  Object.assign(globalThis, { window, document: window.document })
  const { default: mermaid } = await import('mermaid')
  parse = (source) => mermaid.parse(source)
})

it.each(bundledDiagrams)('mermaid draws %s', async (_, source) => {
  await expect(parse(source)).resolves.toBeTruthy()
})

it('and says so where it does not', async () => {
  await expect(parse('flowchart LR\n  a --> [b')).rejects.toThrow()
})

it('each diagram of our labs has its drawing, and each drawing its diagram', () => {
  expect(bundledDiagrams.length).toBeGreaterThan(10)
  const drawn = readdirSync(drawingsFolder).map((file) => /^([0-9a-f]{16})-\d+x\d+\.svg$/.exec(file)?.[1])
  const wanted = new Set(bundledDiagrams.map(([, source]) => drawingName(source)))
  expect(drawn.toSorted(), 'PRINT=1 npx vitest run --project browser test/browser/drawings.test.ts').toEqual(
    [...wanted].toSorted(),
  )
})
