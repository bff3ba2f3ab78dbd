import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Draft } from '../../../server/lab/formats/draft.js'
import { readForeign } from '../../../server/lab/formats/formats.js'

/** Images of lab hosts, as far as the tests need them. */
export const images = ['nginx', 'busybox', 'redis']

/** Makes a package of texts, by their paths; those whose path ends in `*` are executable. */
export function made(files: Record<string, string>, name = 'package'): string {
  const directory = join(mkdtempSync(join(tmpdir(), 'import-')), name)
  mkdirSync(directory)
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path.replace(/\*$/, ''))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    if (path.endsWith('*')) chmodSync(file, 0o755)
  }
  return directory
}

export async function drafted(files: Record<string, string>): Promise<Draft> {
  return (await readForeign(made(files), { images })).draft
}

/** The notes of a draft as lines. */
export function said({ notes }: Draft): string[] {
  return notes.map(({ kind, file, line, what }) => `${kind} ${file}:${line} ${what}`)
}
