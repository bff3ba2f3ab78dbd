import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

interface Chunk {
  file: string
  imports?: string[]
}

const client = join(import.meta.dirname, '../../dist/client')
const mostBytes = 200 * 1024

/** What `npm run build` made; the tests build first. */
function readManifest(): Record<string, Chunk> {
  const path = join(client, '.vite/manifest.json')
  if (!existsSync(path)) throw new Error('dist/client is missing: npm run build')
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** A chunk and all that it can't begin without. */
function withImports(manifest: Record<string, Chunk>, key: string, files = new Set<string>()): Set<string> {
  const chunk = manifest[key]!
  if (files.has(chunk.file)) return files
  files.add(chunk.file)
  for (const each of chunk.imports ?? []) withImports(manifest, each, files)
  return files
}

it.each(['catalogue/catalogue-page.tsx', 'lab/lab-page.tsx', 'network/map/map-page.tsx'])(
  '%s needs at most 200 KiB of compressed JavaScript',
  (page) => {
    const manifest = readManifest()
    const files = withImports(manifest, page, withImports(manifest, 'index.html'))
    const scripts = [...files].filter((file) => file.endsWith('.js'))
    expect(scripts.length).toBeGreaterThan(1)
    const bytes = scripts.reduce((sum, file) => sum + gzipSync(readFileSync(join(client, file))).length, 0)
    expect(bytes).toBeLessThanOrEqual(mostBytes)
    // What is needed later comes later.
    expect(scripts.filter((file) => /xterm|mermaid|terminal-area|map-panel|network-layout/.test(file))).toEqual([])
  },
)
