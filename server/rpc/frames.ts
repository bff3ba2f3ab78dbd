/** Most bytes of one message: a whole paste (4 MiB) fits twice, a hostile length does not. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024

const HEADER_END = '\r\n\r\n'
const HEADER = /^Content-Length: ([1-9]\d{0,6})$/
const MAX_HEADER_BYTES = 64

/** Cuts a byte stream into frames, and refuses a bad one before anything of it is kept. */
export class FrameReader {
  #header = ''
  #bodyLeft = 0
  #pieces: Uint8Array[] = []

  /** Something of a frame is there, and not all. */
  get inFrame(): boolean {
    return this.#bodyLeft > 0 || this.#header !== ''
  }

  /** Gives the bodies that end in this chunk; throws when it breaks the framing. */
  *accept(chunk: Buffer): Generator<Uint8Array> {
    let at = 0
    while (at < chunk.length) {
      if (this.#bodyLeft === 0) {
        at += this.#acceptHeader(chunk, at)
        continue
      }
      const piece = chunk.subarray(at, at + this.#bodyLeft)
      at += piece.length
      this.#bodyLeft -= piece.length
      if (this.#bodyLeft > 0) {
        this.#pieces.push(piece)
      } else if (this.#pieces.length === 0) {
        yield piece
      } else {
        const body = Buffer.concat([...this.#pieces, piece])
        this.#pieces = []
        yield body
      }
    }
  }

  #acceptHeader(chunk: Buffer, at: number): number {
    const before = this.#header.length
    this.#header += chunk.toString('latin1', at, at + MAX_HEADER_BYTES - before)
    const end = this.#header.indexOf(HEADER_END)
    if (end === -1) {
      if (this.#header.length >= MAX_HEADER_BYTES) throw new Error('no frame header')
      return this.#header.length - before
    }
    const length = Number(HEADER.exec(this.#header.slice(0, end))?.[1])
    if (!(length <= MAX_FRAME_BYTES)) throw new Error('bad frame length')
    this.#header = ''
    this.#bodyLeft = length
    return end + HEADER_END.length - before
  }
}

/** The bytes before a body of that length. */
export function frameHeader(length: number): string {
  return `Content-Length: ${length}${HEADER_END}`
}
