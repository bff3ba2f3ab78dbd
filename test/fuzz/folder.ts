import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder for all inputs of a file of fuzzers. */
export function newFuzzFolder(): { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'vethlab-fuzz-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return { path }
}
