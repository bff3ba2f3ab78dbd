import { randomBytes } from 'node:crypto'
import { oneLine } from '../wording/one-line.js'
import { type StartedEye, startEye } from './eye-starter.js'
import { signalName } from './signal-name.js'

const largestComplaintBytes = 4096

export interface ToolAnswer {
  failed: boolean
  text: string
  /** Why it failed, where that is known: a learner can make what a tool crashes at, and what it says too much of. */
  reason?: string
}

/** What the tools said about one namespace. */
export interface Said {
  /** By question; `generation` is that of the rules, empty where the kernel does not tell. */
  answers: Map<string, ToolAnswer>
  /** Bytes, as they travel on. */
  size: number
  complaints: string
  /** Why it was cut off; then the last answers are missing. */
  fault?: string
}

interface Place {
  path: string
  /** Empty: all is asked. */
  rulesGeneration: string
}

export interface WalkLimits {
  /** For one namespace. */
  timeoutMs: number
  maxBytes: number
}

/**
 * Asks about namespaces of one host one after another. One that hangs or floods is given up, and the walk goes on behind it.
 * @param user path of the host's user namespace
 * @param places how they can be opened from this process, and the generation of rules that need not be said again
 * @param limitsNow asked before each; undefined when nothing more may be spent
 */
export async function walkNamespaces(
  user: string,
  places: Place[],
  limitsNow: () => WalkLimits | { fault: string },
  use: (index: number, said: Said) => void,
): Promise<void> {
  let next = 0
  while (next < places.length) {
    const limits = limitsNow()
    if ('fault' in limits) {
      for (; next < places.length; next++)
        use(next, { answers: new Map(), size: 0, complaints: '', fault: limits.fault })
      return
    }
    const fault = await new Walk(user, places.slice(next), limits, limitsNow, (said) => use(next++, said)).ended
    if (fault && next < places.length) use(next++, fault)
  }
}

const tooLarge = (bytes: number) => `the answers are larger than ${bytes} bytes`

class Walk {
  /** What there is of the namespace in which it was cut off. */
  readonly ended: Promise<Said | undefined>
  private readonly boundary = randomBytes(16).toString('hex')
  private readonly done = Buffer.from(`\n${this.boundary} done\n`)
  private readonly eye: StartedEye
  private heard = Buffer.alloc(0)
  private complaints = ''
  private fault: string | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(
    user: string,
    places: Place[],
    private limits: WalkLimits,
    private readonly limitsNow: () => WalkLimits | { fault: string },
    private readonly use: (said: Said) => void,
  ) {
    const args = places.flatMap(({ path, rulesGeneration }) => [path, rulesGeneration])
    let end: (said: Said) => void
    this.ended = new Promise((resolve) => {
      end = resolve
    })
    this.eye = startEye(
      'walk-namespaces',
      [user, `${limits.maxBytes}`, ...args],
      { boundary: this.boundary },
      {
        onOutput: (chunk) => this.hear(chunk),
        onComplaint: (chunk) => {
          this.complaints = `${this.complaints}${chunk.toString('utf8')}`.slice(0, largestComplaintBytes)
        },
        onEnd: (fault) => {
          clearTimeout(this.timer)
          this.fault ??= fault
          end({ ...this.read(this.heard), fault: this.fault ?? (oneLine(this.complaints, 300) || 'it ended early') })
        },
      },
    )
    this.wait()
  }

  private wait(): void {
    clearTimeout(this.timer)
    const { timeoutMs } = this.limits
    this.timer = setTimeout(() => this.end(`no answer within ${Math.round(timeoutMs)} ms`), timeoutMs)
  }

  private hear(chunk: Buffer): void {
    const from = Math.max(0, this.heard.length - this.done.length)
    this.heard = Buffer.concat([this.heard, chunk])
    for (let at = this.heard.indexOf(this.done, from); at >= 0; at = this.heard.indexOf(this.done)) {
      const said = this.read(this.heard.subarray(0, at))
      this.heard = this.heard.subarray(at + this.done.length)
      this.complaints = ''
      this.use(said)
      const limits = this.limitsNow()
      if ('fault' in limits) {
        this.end(limits.fault)
        return
      }
      this.limits = limits
      this.wait()
    }
    if (this.heard.length > this.limits.maxBytes) this.end(tooLarge(this.limits.maxBytes))
  }

  private end(why: string): void {
    this.fault ??= why
    this.eye.kill()
  }

  private reasonOf(word: string): string {
    if (word === 'large') return tooLarge(this.limits.maxBytes)
    return `its tool was ended by ${signalName(Number(word)) ?? `signal ${word}`}`
  }

  private read(heard: Buffer): Said {
    const text = heard.toString('utf8')
    const answers: Said['answers'] = new Map()
    let from = 0
    for (const match of text.matchAll(new RegExp(`\\n${this.boundary} (\\w+) ([01])(?: (\\w+))?\\n`, 'g'))) {
      const [whole, question, status, why] = match
      answers.set(question!, {
        failed: status !== '0',
        text: text.slice(from, match.index),
        ...(why === undefined ? {} : { reason: this.reasonOf(why) }),
      })
      from = match.index + whole.length
    }
    // Bytes that are no UTF-8 have become three.
    return { answers, size: Buffer.byteLength(text), complaints: oneLine(this.complaints, 300) }
  }
}
