import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory of the test's own, removed with it. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vethlab-records-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
