/** Most that can be pasted at once, in bytes of UTF-8. */
export const pasteBytes = 2 * 1024 * 1024

/** From here on a paste shows how far it is, in bytes. */
export const progressBytes = 256 * 1024

/**
 * A text as it may be typed into a terminal: lines end with \n, and no control character but that and Tab is in it. Whoever made
 * the text could else press keys, or end the brackets that make a paste harmless. Pure.
 */
export function cleanPaste(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '')
}

/** Whether a text runs something as it is pasted, where the program does not know a paste from typing. Pure. */
export function runsLines(text: string): boolean {
  return text.includes('\n')
}

/** How many bytes of UTF-8 a text has. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}
