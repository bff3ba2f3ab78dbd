/** Most characters of a command that are kept. The shell cuts it there as well. */
const MOST_CHARACTERS = 500

/** What so many characters may come to: each is up to four bytes of UTF-8, or of `\x1b`. */
export const MOST_COMMAND_BYTES = 4 * MOST_CHARACTERS + 64

/** Control characters and invisible ones that turn the direction of text around: they have no place in a line of text. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\ufffd]+/gu

/**
 * A command as one line of plain text, from what an OSC 633;E says: UTF-8 with `\\` for a backslash and `\xHH` for a
 * control character or a semicolon. A second field, VS Code's nonce, is left out.
 * @param escaped one character a byte
 * @returns undefined where nothing is left of it
 */
export function commandText(escaped: string): string | undefined {
  const [line = ''] = escaped.split(';')
  const plain = line.replace(/\\(?:\\|x([0-9a-f]{2}))/gi, (_, hex: string | undefined) =>
    hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const text = Buffer.from(plain, 'latin1').toString('utf8').replace(unsafe, ' ').trim()
  return [...text].slice(0, MOST_CHARACTERS).join('') || undefined
}
