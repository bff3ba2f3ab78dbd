import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { fromPackage } from '../../server/package-root.js'

/** The lab that has each thing that a lab can have. */
export const desk = fromPackage('test/lab/desk')

/** A copy of it that a test may change. @returns the folder, called `desk`; gone when the test has finished */
export function copyOfDesk(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'vethlab-desk-')), 'desk')
  cpSync(desk, folder, { recursive: true })
  onTestFinished(() => rmSync(dirname(folder), { recursive: true, force: true }))
  return folder
}

/** Changes a file of a lab: every pair is a text that must be there, and what takes its place. */
export function change(folder: string, file: string, ...pairs: [from: string, to: string][]): void {
  const path = join(folder, file)
  let text = readFileSync(path, 'utf8')
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`${file} has no "${from}"`)
    text = text.replace(from, to)
  }
  writeFileSync(path, text)
}
