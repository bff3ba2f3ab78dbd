/** How much of a terminal's output is kept for replay, in bytes: some 10,000 full lines. */
export const RECORDER_BYTES = 1024 * 1024

/** Bytes of one block; a block is filled once, never moved, and dropped as a whole. */
const BLOCK_BYTES = 64 * 1024

/** A stretch of the record; `from` is later than asked when the beginning has been dropped. */
export interface Recorded {
  from: number
  bytes: Uint8Array
}

/** Keeps the last bytes of a stream by their absolute offset, which counts from the first byte ever appended. */
export class Recorder {
  readonly #capacity: number
  readonly #blockBytes: number
  #blocks: Uint8Array[] = []
  #blocksStart = 0
  #end = 0

  constructor(capacity: number = RECORDER_BYTES) {
    this.#capacity = capacity
    this.#blockBytes = Math.min(BLOCK_BYTES, capacity)
  }

  /** Offset of the first byte kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#capacity)
  }

  /** Offset after the last byte. */
  get end(): number {
    return this.#end
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const inBlocks = this.#end - this.#blocksStart
      const index = Math.floor(inBlocks / this.#blockBytes)
      const into = inBlocks % this.#blockBytes
      if (index === this.#blocks.length) this.#blocks.push(new Uint8Array(this.#blockBytes))
      const piece = bytes.subarray(at, at + this.#blockBytes - into)
      this.#blocks[index]?.set(piece, into)
      at += piece.length
      this.#end += piece.length
      this.#dropBlocks()
    }
  }

  /**
   * Up to `max` bytes from that offset on, fewer where a block ends, none only at the end. They are not copied, and stay
   * valid: a block's bytes are never written twice.
   */
  read(from: number, max: number): Recorded {
    const start = Math.min(Math.max(from, this.start), this.#end)
    const inBlocks = start - this.#blocksStart
    const into = inBlocks % this.#blockBytes
    const block = this.#blocks[Math.floor(inBlocks / this.#blockBytes)]
    return { from: start, bytes: block?.subarray(into, into + Math.min(max, this.#end - start)) ?? new Uint8Array(0) }
  }

  #dropBlocks(): void {
    // At most capacity / block size entries: moving them costs less than the block that was just filled.
    while (this.#blocksStart + this.#blockBytes <= this.start) {
      this.#blocks.shift()
      this.#blocksStart += this.#blockBytes
    }
  }
}
