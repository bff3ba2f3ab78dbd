import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Where a program of Debian's is that `npm test` takes out of its package. @param file its path when it is installed. @throws Error where it is missing */
export function unpackedProgram(file: string): string {
  const program = [file, join('/var/cache/vethlab-test', basename(file))].find((path) => existsSync(path))
  if (program === undefined)
    throw new Error(`${basename(file)} is missing, so nothing was asked of it: run npm test, or install Debian's`)
  return program
}
