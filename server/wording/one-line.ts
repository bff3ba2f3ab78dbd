/** Control characters, line ends, halves of characters, and the invisible ones that turn the direction of text around. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu

/** Cuts what can't be shown safely, and length, so that hostile names and output are safe to print. */
export function oneLine(text: string, most = 600): string {
  const flat = text.replace(unsafe, ' ').trim()
  // A character of two halves is not cut in the middle.
  return flat.length > most ? `${flat.slice(0, most - 1).replace(/\p{Cs}$/u, '')}…` : flat
}
