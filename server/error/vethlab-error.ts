import { oneLine } from '../wording/one-line.js'

/** Every failure a user can meet and mend; the code is stable and safe to switch on. */
export type ErrorCode =
  | 'machine.not-root'
  | 'machine.missing-tool'
  | 'machine.missing-feature'
  | 'machine.out-of-memory'
  | 'setup.failed'
  | 'setup.busy'
  | 'golden.missing'
  | 'store.unavailable'
  | 'store.full'
  | 'topology.invalid'
  | 'topology.unknown-key'
  | 'topology.overlap'
  | 'topology.duplicate-address'
  | 'topology.too-many-hosts'
  | 'rack.busy'
  | 'rack.not-found'
  | 'rack.limit'
  | 'rack.not-still'
  | 'host.not-found'
  | 'host.no-engine'
  | 'host.boot-failed'
  | 'host.still-running'
  | 'host.unreachable'
  | 'host.unverified'
  | 'lan.not-found'
  | 'lab.not-found'
  | 'lab.invalid'
  | 'lab.setup-failed'
  | 'import.unreadable'
  | 'import.too-large'
  | 'import.unknown'
  | 'import.invalid'
  | 'import.unsupported'
  | 'image.unreadable'
  | 'image.invalid'
  | 'image.too-large'
  | 'image.failed'
  | 'image.unknown'
  | 'image.missing'
  | 'submission.invalid'
  | 'evidence.invalid'
  | 'terminal.not-found'
  | 'terminal.limit'
  | 'terminal.busy'
  | 'port.refused'
  | 'rackd.unreachable'
  | 'rackd.running'
  | 'serve.running'
  | 'serve.port-taken'
  | 'serve.failed'
  | 'records.unusable'
  | 'records.refused'
  | 'records.behind'
  | 'records.full'
  | 'roster.invalid'
  | 'provider.unreachable'
  | 'provider.refused'
  | 'class.not-found'
  | 'look.not-found'
  | 'hand.paused'
  | 'session.not-found'
  | 'session.not-open'
  | 'session.busy'
  | 'work.not-assessed'
  | 'work.closed'
  | 'work.no-attempt-left'
  | 'value.missing'
  | 'map.not-found'
  | 'trace.cancelled'
  | 'trace.timeout'
  | 'port.not-published'
  | 'proof.unknown-code'
  | 'argument.invalid'
  | 'command.failed'

export interface VethlabErrorOptions {
  place: string
  cure: string
  cause?: unknown
  zh?: { what: string; cure: string }
}

/**
 * A failure that is no bug: it says where (`place`, such as `hosts.node1.memory` or a path) and what helps (`cure`).
 * All are one line, safe to print; `message` already contains both.
 */
export class VethlabError extends Error {
  override readonly name = 'VethlabError'
  readonly code: ErrorCode
  /** The middle of the message, between place and cure. */
  readonly what: string
  readonly place: string
  readonly cure: string
  /** The same two in Chinese, where the error says more than its code does. */
  readonly zh: { what: string; cure: string } | undefined

  constructor(code: ErrorCode, what: string, { place, cure, cause, zh }: VethlabErrorOptions) {
    super(oneLine(`${place}: ${what}. ${cure}`), cause === undefined ? undefined : { cause })
    this.code = code
    // They are shown alone, too.
    this.what = oneLine(what)
    this.place = oneLine(place)
    this.cure = oneLine(cure)
    this.zh = zh && { what: oneLine(zh.what), cure: oneLine(zh.cure) }
  }
}
