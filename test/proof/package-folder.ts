import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A package on disk, in a folder that no other test has. */
export function packageFolder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'vethlab-proof-'))
  for (const [path, text] of Object.entries(files)) put(root, path, text)
  return root
}

export function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
