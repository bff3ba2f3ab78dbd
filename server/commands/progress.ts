import ora from 'ora'
import type { RunStage } from '../rack/golden/golden.js'

/**
 * Shows stages with their elapsed time and the store's growth: one moving line in a terminal, plain lines elsewhere.
 * Everything goes to stderr; stdout is for data.
 */
export class StageDisplay {
  private readonly active = new Map<string, { since: number; detail: string }>()
  private readonly spinner = ora({ stream: process.stderr, isEnabled: process.stderr.isTTY === true })
  private size = 0

  /** @param usedBytes what the store takes on disk now */
  constructor(private readonly usedBytes: () => Promise<number>) {}

  readonly run: RunStage = async (name, work) => {
    const entry = { since: performance.now(), detail: '' }
    this.active.set(name, entry)
    this.line(`${name} ...`)
    this.tick()
    const timer = setInterval(() => this.tick(), 500)
    try {
      await work((detail) => {
        entry.detail = detail
      })
      this.finish('succeed', name, entry.since)
    } catch (error) {
      this.finish('fail', name, entry.since)
      throw error
    } finally {
      clearInterval(timer)
      this.active.delete(name)
      if (this.active.size === 0) this.spinner.stop()
    }
  }

  private line(text: string): void {
    if (!process.stderr.isTTY) process.stderr.write(`${text}\n`)
  }

  private async tick(): Promise<void> {
    this.size = await this.usedBytes().catch(() => this.size)
    const parts = [...this.active].map(
      ([name, { since, detail }]) => `${name}${detail ? ` (${detail})` : ''} ${seconds(since)}`,
    )
    if (process.stderr.isTTY && parts.length > 0)
      this.spinner.start(`${parts.join(', ')}, ${mebibytes(this.size)} in the store`)
  }

  private finish(how: 'succeed' | 'fail', name: string, since: number): void {
    const text = `${name}: ${how === 'fail' ? 'failed after ' : ''}${seconds(since)}, ${mebibytes(this.size)} in the store`
    if (process.stderr.isTTY) this.spinner[how](text)
    else this.line(text)
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}
