import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fromPackage } from '../../server/package-root.js'

/** The files of the lab that docs/write-a-lab.md builds, as they stand there. */
export function guideFiles(): Record<string, string> {
  const guide = readFileSync(fromPackage('docs/write-a-lab.md'), 'utf8')
  const blocks = guide.matchAll(/^(`{3,})\w+ file=(\S+)\n([\s\S]*?)^\1$/gm)
  return Object.fromEntries([...blocks].map(([, , name, text]) => [name!, text!]))
}

/** Writes a lab's files into a folder of its own. @returns the folder, called `internal` */
export function writeLab(files: Record<string, string | Uint8Array> = guideFiles()): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'vethlab-lab-')), 'internal')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}
