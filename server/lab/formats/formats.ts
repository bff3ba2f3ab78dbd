import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'
import { containerlab } from './containerlab.js'
import type { Draft } from './draft.js'
import { ForeignFolder } from './foreign-folder.js'
import type { Format, FormatContext } from './format.js'
import { instruqt } from './instruqt.js'
import { kathara } from './kathara.js'
import { killercoda } from './killercoda.js'

export const formats: readonly Format[] = [killercoda, kathara, containerlab, instruqt]

/**
 * Reads a package of any form that is known.
 * @throws VethlabError import.unreadable, import.too-large, import.unknown, import.invalid, import.unsupported
 */
export async function readForeign(
  directory: string,
  context: FormatContext,
): Promise<{ format: Format; draft: Draft }> {
  const folder = await ForeignFolder.read(directory)
  const format = formats.find((one) => one.recognises(folder))
  if (!format) {
    throw new VethlabError('import.unknown', 'is no package of a known form', {
      place: oneLine(directory, 200),
      cure: `Name the folder of one of: ${formats.map(({ name }) => name).join(', ')}.`,
    })
  }
  const draft = await format.read(folder, context)
  for (const path of folder.leftOut)
    draft.notes.push({ kind: 'lost', file: path, line: 0, what: 'is a link or a device, and was not followed' })
  return { format, draft }
}
