import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'

/** Of an id or a name, in UTF-16 units: far more than any of ours has. */
const longestName = 256
/** Of an answer: far more than the page takes. */
const longestText = 64 * 1024

/**
 * A text as it is kept: neither SQLite's driver nor PostgreSQL keeps a NUL, and no UTF-8 has half of a character, so each of them becomes U+FFFD.
 * @throws VethlabError records.refused where it is too long
 */
export function keptText(text: string, place: string, most = longestText): string {
  if (text.length > most) {
    throw new VethlabError('records.refused', `has ${text.length} characters, more than the ${most} that are kept`, {
      place: oneLine(place, 100),
      cure: 'Shorten it.',
    })
  }
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\ufffd')
}

/** An id or a name as it is kept. @throws VethlabError records.refused */
export function keptName(name: string, place: string): string {
  return keptText(name, place, longestName)
}
