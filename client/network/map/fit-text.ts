/** Chinese, Japanese and Korean characters, full-width forms and most emoji: as wide as they are high. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const plain = /^[\x20-\x7e]*$/

/** Mean widths of letters, in their size: of a sans-serif, a little generous, and of a monospace. */
const widths = { sans: 0.58, mono: 0.61 }
type Face = keyof typeof widths

const segmenter = new Intl.Segmenter()

/** What is seen as one character each; most names are plain, and need no rules for that. */
function* charactersOf(text: string): Iterable<string> {
  if (plain.test(text)) yield* text
  else for (const { segment } of segmenter.segment(text)) yield segment
}

const widthOfOne = (character: string, size: number, face: Face) => size * (wide.test(character) ? 1 : widths[face])

/** How wide a text is, nearly; in the unit of its size. Pure. */
export function widthOf(text: string, size: number, face: Face): number {
  let width = 0
  for (const character of charactersOf(text)) width += widthOfOne(character, size, face)
  return width
}

/** The text, or as much of it as fits with an ellipsis behind it. Pure. */
export function fitText(text: string, room: number, size: number, face: Face): string {
  if (widthOf(text, size, face) <= room) return text
  let left = room - widthOf('…', size, face)
  let kept = ''
  for (const character of charactersOf(text)) {
    left -= widthOfOne(character, size, face)
    if (left < 0) break
    kept += character
  }
  return `${kept.trimEnd()}…`
}
