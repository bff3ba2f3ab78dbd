/** A piece of a sentence: code stands between backticks in it, as in `docker ps`. */
export interface Piece {
  isCode: boolean
  text: string
}

/** A sentence in pieces, in order; a backtick without its other one is a letter like any other. */
export function piecesOf(sentence: string): Piece[] {
  const parts = sentence.split('`')
  if (parts.length % 2 === 0) parts.push(`${parts.splice(-2, 1)[0]}\`${parts.splice(-1, 1)[0]}`)
  return parts.map((text, n) => ({ isCode: n % 2 === 1, text })).filter(({ text }) => text !== '')
}
