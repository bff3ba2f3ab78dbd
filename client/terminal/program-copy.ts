/** Most that a program may put into the clipboard, in bytes. */
const programCopyBytes = 100 * 1024

/**
 * What a program asks to be put into the clipboard by OSC 52, `c;BASE64`. Undefined for what is too large or broken, and for
 * questions: what is in the clipboard is nobody's business. Pure.
 */
export function programCopy(data: string): string | undefined {
  const encoded = /^[cpqs0-7]*;([A-Za-z0-9+/]+={0,2})$/.exec(data)?.[1]
  if (encoded === undefined || encoded.length > Math.ceil(programCopyBytes / 3) * 4) return undefined
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    return bytes.length > programCopyBytes ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
