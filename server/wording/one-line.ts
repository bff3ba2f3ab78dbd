/** Control characters, line ends, halves of characters, and the invisible ones that turn the direction of text around. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu

const unsafeWithinLine = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu

/** Cuts what can't be shown safely, and length, so that hostile names and output are safe to print. */
export function oneLine(text: string, most = 600): string {
  const flat = text.replace(unsafe, ' ').trim()
  // A character of two halves is not cut in the middle.
  return flat.length > most ? `${flat.slice(0, most - 1).replace(/\p{Cs}$/u, '')}…` : flat
}

/** The same for what has several lines, such as the output of a program: its line ends and tabs stay. */
export function manyLines(text: string, most = 4000): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => line.replace(unsafeWithinLine, ' ').trimEnd())
  const flat = lines.join('\n').trim()
  return flat.length > most ? `${flat.slice(0, most - 1).replace(/\p{Cs}$/u, '')}…` : flat
}
