import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAmong } from '../check/image.js'
import { oneLine } from '../wording/one-line.js'
import { labFolders } from './catalogue.js'
import { parseYaml } from './yaml-file.js'

/**
 * Images that labs below folders say they need, and that are not there; a lab that can't be read says nothing.
 * @param there names of those that are
 * @throws VethlabError lab.not-found
 */
export async function missingImages(
  folders: readonly string[],
  there: readonly string[],
): Promise<{ lab: string; image: string }[]> {
  const missing: { lab: string; image: string }[] = []
  for (const folder of folders) {
    for (const lab of await labFolders(folder)) {
      const text = await readFile(join(folder, lab, 'lab.yaml'), 'utf8').catch(() => '')
      const { images } = (parseYaml(text).value ?? {}) as { images?: unknown }
      const names = Array.isArray(images) ? images.filter((name) => typeof name === 'string') : []
      for (const name of names)
        if (!isAmong(there, name)) missing.push({ lab: oneLine(lab, 64), image: oneLine(name, 255) })
    }
  }
  return missing
}
