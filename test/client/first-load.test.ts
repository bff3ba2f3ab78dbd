import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

interface Chunk {
  file: string
  imports?: string[]
  css?: string[]
}

const client = join(import.meta.dirname, '../../dist/client')
/** Compressed as the server does it. */
const mostBytes = 150 * 1024

/** What `npm run build` made; the tests build first. */
function readManifest(): Record<string, Chunk> {
  const path = join(client, '.vite/manifest.json')
  if (!existsSync(path)) throw new Error('dist/client is missing: npm run build')
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Files of a chunk and of all that it can't begin without. */
function withImports(manifest: Record<string, Chunk>, key: string, files = new Set<string>()): Set<string> {
  const chunk = manifest[key]!
  if (files.has(chunk.file)) return files
  for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file)
  for (const each of chunk.imports ?? []) withImports(manifest, each, files)
  return files
}

const filesOf = (...keys: string[]) => {
  const manifest = readManifest()
  return keys.reduce((files, key) => withImports(manifest, key, files), withImports(manifest, 'index.html'))
}

const bytesOf = (files: Iterable<string>) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(client, file))).length, 0)

it.each([
  ['catalogue', ['catalogue/catalogue-page.tsx']],
  ['lab', ['lab/lab-page.tsx']],
  // Of this page the map is all that there is.
  ['map', ['network/map/map-page.tsx', 'network/map/map-panel.tsx']],
])('a first visit of the page %s needs at most 150 KiB, compressed', (page, keys) => {
  const files = filesOf(...keys)
    .add('index.html')
    .add('theme.js')
    .add('icon.svg')
  expect([...files].filter((file) => file.endsWith('.js')).length).toBeGreaterThan(2)
  expect(bytesOf(files)).toBeLessThanOrEqual(mostBytes)
  // What is needed later comes later.
  const early = [...files].filter((file) => /xterm|mermaid|terminal-area/.test(file))
  expect(
    page === 'map' ? early : [...early, ...[...files].filter((file) => /map-panel|network-layout/.test(file))],
  ).toEqual([])
})
