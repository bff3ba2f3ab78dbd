/** So many characters of code fit on a line of the narrowest page. */
const mostWhole = 20

/** A piece of inline code; a whole one stays on one line. */
export interface CodePiece {
  text: string
  whole: boolean
}

/**
 * Inline code as lines may break it: browsers do so behind any `-` and `/`, which reads as another option or path. Short code stays
 * together, longer code its words, as far as they are short. Server and browser share it; it imports nothing.
 */
export function codePieces(code: string): CodePiece[] {
  const isWhole = (text: string) => text.length <= mostWhole && /[^A-Za-z0-9_]/.test(text)
  if (code.length <= mostWhole) return [{ text: code, whole: isWhole(code) }]
  return code
    .split(/( +)/)
    .flatMap((text) => (text === '' ? [] : [{ text, whole: !text.startsWith(' ') && isWhole(text) }]))
}
