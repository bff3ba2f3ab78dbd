import { setTimeout as sleep } from 'node:timers/promises'
import type { Learner } from './learner.js'

const pauseMs = 10
const waitMs = 60_000
/** What a shell's integration says when it waits for a command. */
export const promptMark = '\u001b]633;B'

/** Something that takes keys and puts out bytes, to one listener. */
export interface Shell {
  type(text: string): void
  onOutput(listener: (bytes: Uint8Array) => void): void
}

/** A terminal of a session, as a page has it. */
export function remoteShell(learner: Learner, id: string): Shell {
  let listen = (_: Uint8Array) => {}
  learner.socket.on('terminal.data', (terminal, offset, bytes) => {
    if (terminal !== id) return
    const received = Buffer.from(bytes)
    listen(received)
    // As a page does: once it is shown.
    setImmediate(() => learner.socket.emit('terminal.acknowledge', id, offset + received.length))
  })
  return {
    type: (text) => {
      // What was not typed is missed by whoever waits for its output.
      learner.socket.emit('terminal.write', { terminal: id, text }, (answered) => {
        if (!answered.ok) process.stderr.write(`${answered.trouble.what.en}\n`)
      })
    },
    onOutput: (listener) => {
      listen = listener
    },
  }
}

/** Listens until `done` says so of a piece of output; at most a minute. */
export function until(shell: Shell, done: (bytes: Uint8Array) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the terminal is silent')), waitMs)
    shell.onOutput((bytes) => {
      if (!done(bytes)) return
      clearTimeout(timer)
      resolve()
    })
  })
}

/** An empty line, and the prompt after it. */
export async function atPrompt(shell: Shell): Promise<void> {
  const prompted = untilPrompt(shell)
  shell.type('\r')
  await prompted
  await sleep(200)
}

export function untilPrompt(shell: Shell): Promise<void> {
  let tail = ''
  return until(shell, (bytes) => {
    const text = tail + Buffer.from(bytes.subarray(-256)).toString('latin1')
    tail = text.slice(-promptMark.length)
    return text.includes(promptMark)
  })
}

/** From a key to its echo by the shell's line editor, so many times, in milliseconds. */
export async function timeEcho(shell: Shell, keys: number): Promise<number[]> {
  const samples: number[] = []
  for (let key = 0; key < keys; key++) {
    const letter = 'abcdefghij'[key % 10]!
    const echoed = until(shell, (bytes) => bytes.includes(letter.charCodeAt(0)))
    const started = performance.now()
    shell.type(letter)
    await echoed
    samples.push(performance.now() - started)
    await sleep(pauseMs)
    // A line that wraps is drawn anew: shorter ones are what people type.
    if (key % 40 === 39) {
      shell.type('\u0015')
      await sleep(50)
    }
  }
  await cleared(shell)
  return samples
}

async function cleared(shell: Shell): Promise<void> {
  shell.type('\u0015')
  await sleep(100)
}
