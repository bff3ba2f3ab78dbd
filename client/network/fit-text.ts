/** Chinese, Japanese and Korean characters, full-width forms and most emoji: as wide as they are high. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Mean widths of letters, in their size: of a sans-serif, a little generous, and of a monospace. */
const widths = { sans: 0.58, mono: 0.61 }

const segmenter = new Intl.Segmenter()

/** How wide a text is, nearly; in the unit of its size. Pure. */
export function widthOf(text: string, size: number, face: keyof typeof widths): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += size * (wide.test(segment) ? 1 : widths[face])
  return width
}

/** The text, or as much of it as fits with an ellipsis behind it. Pure. */
export function fitText(text: string, room: number, size: number, face: keyof typeof widths): string {
  if (widthOf(text, size, face) <= room) return text
  let kept = ''
  for (const { segment } of segmenter.segment(text)) {
    if (widthOf(`${kept}${segment}…`, size, face) > room) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}
