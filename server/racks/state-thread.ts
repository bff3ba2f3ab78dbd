import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { VethlabError } from '../error/vethlab-error.js'
import { networkState, type RackShape } from '../network/assemble.js'
import type { HostCapture } from '../network/capture.js'
import type { NetworkState } from '../network/state.js'
import { fromPackage } from '../package-root.js'

export interface StateQuestion {
  id: number
  captures: HostCapture[]
  rack: RackShape
}

export interface StateAnswer {
  id: number
  state: NetworkState
}

/** Characters of answers; up to that it takes this thread some ten milliseconds, and sending it to another nearly as long. */
const largeLength = 256 * 1024
/** MiB. Captures are bounded (see captureHost): whoever needs more has found something that is not. */
const mostHeap = 256
const mostMs = 30_000

interface Waiting {
  resolve(state: NetworkState): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/** Makes pictures of networks on a thread of its own where that would take long: everybody's keys wait for this one. */
export class StateThread {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #last = 0

  private constructor() {}

  /** Resolves when all that the thread needs is loaded: later it may be out of reach. */
  static async start(): Promise<StateThread> {
    const thread = new StateThread()
    await once(thread.#start(), 'online')
    // Its program is loaded once it has made something.
    await thread.#ask([], { hosts: [], lans: [], internet: false })
    return thread
  }

  /** As networkState() does. @throws VethlabError command.failed where the thread ends, or takes too long */
  async make(captures: HostCapture[], rack: RackShape): Promise<NetworkState> {
    return isLarge(captures) ? this.#ask(captures, rack) : networkState(captures, rack)
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate()
  }

  #ask(captures: HostCapture[], { hosts, lans, internet }: RackShape): Promise<NetworkState> {
    const id = ++this.#last
    // What is told of a rack besides may be what can't be sent.
    const question: StateQuestion = { id, captures, rack: { hosts, lans, internet } }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => void this.#worker?.terminate(), mostMs).unref()
      this.#waiting.set(id, { resolve, reject, timer })
      ;(this.#worker ?? this.#start()).postMessage(question)
    })
  }

  #start(): Worker {
    const worker = new Worker(fromPackage('dist/racks/state-thread-main.js'), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: mostHeap, maxYoungGenerationSizeMb: 8 },
    })
    this.#worker = worker
    worker.unref()
    worker.on('message', ({ id, state }: StateAnswer) => {
      const asked = this.#waiting.get(id)
      this.#waiting.delete(id)
      clearTimeout(asked?.timer)
      asked?.resolve(state)
    })
    worker.once('error', ({ message }) => this.#ended(worker, message))
    worker.once('exit', () => this.#ended(worker, `no end after ${mostMs / 1000} s`))
    return worker
  }

  /** The next question begins another. */
  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(
        new VethlabError('command.failed', `the network is too large to be drawn: ${why}`, {
          place: 'capture',
          cure: 'Remove what is not needed there.',
        }),
      )
    }
    this.#waiting.clear()
  }
}

function isLarge(captures: HostCapture[]): boolean {
  let length = 0
  for (const { namespaces } of captures) {
    for (const { answers } of namespaces) for (const { text } of Object.values(answers)) length += text.length
  }
  return length > largeLength
}
