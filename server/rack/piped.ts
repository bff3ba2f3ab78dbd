import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { makePipe } from '../kernel/pipe.js'

/** Output that a program's own children hold open is waited for this long after its end. */
const drainMs = 200

/** What came out of a program. */
export interface PipedOutput {
  stdout: string
  stderr: string
  /** Whether one of them was cut. */
  truncated: boolean
}

/** The standard streams of a program in a host, as pipes: nothing of them is a socket of the machine's. */
export class Piped {
  private readonly descriptors: [stdin: number, stdout: number, stderr: number]
  private readonly input: Socket
  private readonly outputs: [stdout: Output, stderr: Output]

  /**
   * @param most bytes of each stream
   * @param onCut is called when a stream has more
   */
  constructor(most: number, onCut: () => void) {
    const pipes = [makePipe(), makePipe(), makePipe()] as const
    const [stdin, stdout, stderr] = pipes
    this.descriptors = [stdin.readEnd, stdout.writeEnd, stderr.writeEnd]
    this.input = new Socket({ fd: stdin.writeEnd, readable: false, writable: true })
    // A program need not read what it is given.
    this.input.on('error', () => {})
    this.outputs = [new Output(stdout.readEnd, most, onCut), new Output(stderr.readEnd, most, onCut)]
  }

  /** Starts the program with its ends, which it alone holds from then on. A stream that breaks off ends its input, too. */
  handTo<T>(
    start: (descriptors: [stdin: number, stdout: number, stderr: number]) => T,
    stdin: string | Uint8Array | Readable,
  ): T {
    try {
      return start(this.descriptors)
    } finally {
      for (const fd of this.descriptors) closeSync(fd)
      if (stdin instanceof Readable) stdin.once('error', () => this.input.destroy()).pipe(this.input)
      else this.input.end(stdin)
    }
  }

  /** To be asked for when the program has ended: a daemon that it left behind may keep the pipes for ever. */
  async output(): Promise<PipedOutput> {
    await Promise.race([Promise.all(this.outputs.map(({ ended }) => ended)), sleep(drainMs, undefined, { ref: false })])
    this.input.destroy()
    const [stdout, stderr] = this.outputs.map((output) => output.take())
    return { stdout: stdout!, stderr: stderr!, truncated: this.outputs.some(({ cut }) => cut) }
  }
}

class Output {
  readonly ended: Promise<void>
  cut = false
  private readonly source: Socket
  private readonly pieces: Buffer[] = []

  constructor(fd: number, most: number, onCut: () => void) {
    this.source = new Socket({ fd, readable: true, writable: false })
    let left = most
    this.source.on('data', (piece: Buffer) => {
      if (piece.length <= left) {
        this.pieces.push(piece)
        left -= piece.length
        return
      }
      this.pieces.push(piece.subarray(0, left))
      this.cut = true
      this.source.destroy()
      onCut()
    })
    this.ended = new Promise((resolve) => {
      this.source.on('error', () => {})
      this.source.once('close', () => resolve())
    })
  }

  take(): string {
    this.source.destroy()
    return Buffer.concat(this.pieces).toString('utf8')
  }
}
