import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Attachment, PtyHostClient } from '../../server/terminal/client.js'
import type { TerminalExit } from '../../server/terminal/protocol.js'

export interface ViewOptions {
  fromOffset?: number
  /** Whether output is acknowledged: at once, after that many milliseconds, or only by hand. */
  acknowledge?: 'at once' | 'by hand' | number
}

/** Watches a terminal and keeps all it is told; checks on the way that offsets join up. */
export class RecordedView {
  readonly gaps: { from: number; to: number }[] = []
  readonly sizes: { cols: number; rows: number }[] = []
  exit: TerminalExit | undefined
  /** Where the next byte belongs. */
  offset: number
  received = 0
  attachment!: Attachment
  readonly #chunks: Buffer[] = []

  private constructor(offset: number) {
    this.offset = offset
  }

  static async attach(client: PtyHostClient, id: string, options: ViewOptions = {}): Promise<RecordedView> {
    const { fromOffset, acknowledge = 'at once' } = options
    const view = new RecordedView(fromOffset ?? 0)
    view.attachment = await client.attach(id, {
      fromOffset,
      onData: (bytes, offset) => {
        if (view.received === 0 && fromOffset === undefined) view.offset = offset
        if (view.exit !== undefined) throw new Error('output after exit')
        expect(offset).toBe(view.offset)
        view.#chunks.push(Buffer.from(bytes))
        view.received += bytes.length
        view.offset += bytes.length
        if (acknowledge === 'at once') view.acknowledge()
        else if (acknowledge !== 'by hand') void sleep(acknowledge).then(() => view.acknowledge())
      },
      onGap: (from, to) => {
        // The beginning of the record moved on before the first bytes of it were sent: nothing that was owed is lost.
        if (view.received === 0 && fromOffset === undefined && from > 0) {
          view.offset = to
          return
        }
        expect(from).toBe(view.offset)
        view.gaps.push({ from, to })
        view.offset = to
      },
      onResize: (cols, rows) => view.sizes.push({ cols, rows }),
      onExit: (exit) => {
        view.exit = exit
      },
    })
    return view
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** Acknowledges all that has been received. */
  acknowledge(): void {
    this.attachment.acknowledge(this.offset)
  }

  async untilText(text: string | RegExp): Promise<void> {
    await expect.poll(() => this.text, { timeout: 10_000, interval: 10 }).toMatch(text)
  }

  async untilReceived(count: number): Promise<void> {
    await expect.poll(() => this.received, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(count)
  }

  async untilExit(): Promise<TerminalExit> {
    await expect.poll(() => this.exit, { timeout: 10_000, interval: 5 }).toBeDefined()
    return this.exit as TerminalExit
  }
}
