import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, whether this runs compiled or from source. */
export const packageRoot = (() => {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory)
  return directory
})()

/** A file that ships with the package, such as `dist/terminal/pty-host-main.js`. */
export function fromPackage(...path: string[]): string {
  return join(packageRoot, ...path)
}
