import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import type { Learner } from './learner.js'
import { promptMark } from './shell.js'

/** A hand at a keyboard. */
const keyMs = { least: 80, most: 220 }
const echoDeadlineMs = 10_000
const commandDeadlineMs = 60_000

/** A shell as a hand uses it. */
export class TypedShell {
  #text = ''
  #wake: (() => void) | undefined

  constructor(
    private readonly learner: Learner,
    readonly terminal: string,
  ) {
    learner.socket.on('terminal.data', (id, offset, bytes) => {
      if (id !== terminal) return
      learner.socket.emit('terminal.acknowledge', id, offset + bytes.length)
      this.#text = (this.#text + Buffer.from(bytes as Uint8Array).toString('latin1')).slice(-20_000)
      this.#wake?.()
    })
  }

  prompted(): Promise<void> {
    return this.#until((text) => text.includes(promptMark), commandDeadlineMs, 'no prompt came')
  }

  /** Key by key: the next one comes after a pause, and its echo is waited for. @param onEcho is told how long that took */
  async type(text: string, onEcho: (ms: number) => void): Promise<void> {
    for (const key of text) {
      this.#text = ''
      const from = performance.now()
      await this.learner.ask('terminal.write', { terminal: this.terminal, text: key })
      await this.#until((seen) => seen !== '', echoDeadlineMs, 'no echo came')
      onEcho(performance.now() - from)
      await sleep(between(keyMs))
    }
  }

  async enter(): Promise<void> {
    this.#text = ''
    await this.learner.ask('terminal.write', { terminal: this.terminal, text: '\r' })
    await this.prompted()
  }

  async #until(is: (text: string) => boolean, ms: number, what: string): Promise<void> {
    const deadline = Date.now() + ms
    while (!is(this.#text)) {
      if (Date.now() > deadline) {
        throw new VethlabError('command.failed', `${what} within ${ms / 1000} s`, {
          place: 'bench class',
          cure: 'Take fewer learners.',
        })
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** At random. */
export function between({ least, most }: { least: number; most: number }): number {
  return least + Math.random() * (most - least)
}
