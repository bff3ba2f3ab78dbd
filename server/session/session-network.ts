import { diagnose } from '../diagnosis/diagnose.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { Lab, Step } from '../lab/lab.js'
import type { DiagnosisReport, NetworkMap, NetworkView, TraceSeries, TraceStory } from '../protocol/protocol.js'
import { traceSeries } from '../trace/repeat.js'
import { traceStory } from '../trace/trace.js'
import { NetworkFeed, type NetworkFeedOptions, type NetworkViewer } from './feed/network-feed.js'
import { traceCheck } from './inquiry/check-trace.js'
import { Inquiries } from './inquiry/inquiries.js'
import { type Answer, withhold } from './inquiry/withhold.js'
import type { LiveRack } from './life/live-rack.js'
import { stepNamed } from './work/blocks.js'
import type { Look } from './work/check-runner.js'

/** A series of traces tells by then what it knows; one that waits longer would be ended without a word (Inquiries). */
const seriesMs = 25_000

/** What is asked of a trace: see `trace.run`. */
export interface TraceAsk {
  from: string
  to: string
  port?: number
  protocol?: 'icmp' | 'tcp' | 'udp'
  speaks?: { as: 'http' | 'tls' }
}

export interface SessionNetworkOptions extends NetworkFeedOptions {
  lab: Lab
  /** The rack, for whoever works with it now. @throws VethlabError session.not-open, session.busy */
  begin(): LiveRack
  look(step: string): Look
  /** The step, by default the current one, where its causes are the learner's to find; undefined where they are told. */
  hiding(step?: Step): string | undefined
  /** A cause was told that is to be found in that step. */
  onTold(step: string): Promise<void>
}

/** All about the network of a session that is no check: how it is, what happened to it, and where packets go. */
export class SessionNetwork {
  readonly feed: NetworkFeed
  readonly #options: SessionNetworkOptions
  readonly #inquiries = new Inquiries()
  /** The last answer whose causes were kept back, and the step that it is about. */
  #kept: { answer: Answer; step: string } | undefined

  constructor(options: SessionNetworkOptions) {
    this.#options = options
    this.feed = new NetworkFeed(options)
  }

  /** Tells of the network from now on. @returns where that begins, and what ends it */
  follow(viewer: NetworkViewer): Promise<{ view: NetworkView; end: () => void }> {
    return this.feed.follow(viewer)
  }

  /** The map after an entry of the timeline. @throws VethlabError map.not-found */
  at(entry: number): Promise<NetworkMap> {
    return this.feed.at(entry)
  }

  /**
   * Sends packets and tells where they went. A new question ends the last one.
   * @param signal aborts when whoever asked is gone
   * @throws VethlabError session.not-open, session.busy, trace.cancelled, trace.timeout
   */
  trace(ask: TraceAsk, signal: AbortSignal): Promise<TraceStory> {
    const question = this.#question(ask)
    return this.#inquire(signal, ({ rack }, until) => traceStory(rack.ground, question, { signal: until }))
  }

  /** The same so often, as far as it comes before a trace would take too long. @throws as `trace` */
  traceSeries(ask: TraceAsk, count: number, signal: AbortSignal): Promise<TraceSeries> {
    const question = this.#question(ask)
    return this.#inquire(signal, ({ rack }, until) =>
      traceSeries(rack.ground, question, { count, signal: until, deadlineMs: seriesMs }),
    )
  }

  #question({ from, to, port, protocol, speaks }: TraceAsk): Parameters<typeof traceStory>[1] {
    return {
      from,
      to,
      ...(port === undefined ? {} : { port }),
      ...(protocol === undefined ? {} : { protocol }),
      ...(speaks === undefined ? {} : { speaks }),
      home: this.#options.lab.home,
    }
  }

  /**
   * The same for a check about reaching somebody that failed when it was looked at last.
   * @param cell of a prediction: whose packet
   * @throws VethlabError argument.invalid, and as `trace`
   */
  traceCheck(
    step: string,
    index: number,
    signal: AbortSignal,
    cell?: Parameters<typeof traceCheck>[4],
  ): Promise<TraceStory> {
    const { lab, look } = this.#options
    const found = stepNamed(lab, step)
    const check = found.checks[index]
    const verdict = look(step).verdicts.find((one) => one.index === index)
    if (!check || verdict?.finding.outcome !== 'fail') {
      throw new VethlabError('argument.invalid', 'the step has no such check that failed', {
        place: 'check',
        cure: 'Name one that failed.',
      })
    }
    return this.#inquire(signal, ({ rack }, until) => traceCheck(rack.ground, check, lab.home, until, cell), found)
  }

  /** Itself, same network, outside, from outside. @throws as `trace` */
  diagnose(container: string, signal: AbortSignal): Promise<DiagnosisReport> {
    const { lab } = this.#options
    return this.#inquire(signal, ({ rack }, until) =>
      diagnose(rack.ground, { container, home: lab.home }, { signal: until, trace: traceStory }),
    )
  }

  /**
   * The last answer with what was kept back of it; from now on the step counts as done with help.
   * @throws VethlabError argument.invalid where nothing was kept back
   */
  async tell(): Promise<Answer> {
    if (!this.#kept) {
      throw new VethlabError('argument.invalid', 'nothing was kept back', { place: 'inquiry', cure: 'Ask once more.' })
    }
    const { answer, step } = this.#kept
    this.#kept = undefined
    // Told only once that is on record.
    await this.#options.onTold(step)
    return answer
  }

  /** Ends a trace or a diagnosis that runs. */
  cancelTrace(): void {
    this.#inquiries.cancel()
  }

  #inquire<A extends Answer>(
    gone: AbortSignal,
    work: (live: LiveRack, signal: AbortSignal) => Promise<A>,
    about?: Step,
  ): Promise<A> {
    const live = this.#options.begin()
    this.#kept = undefined
    return this.#inquiries
      .run((signal) => work(live, signal), gone, live.signal)
      .then((answer) => this.#shown(answer, this.#options.hiding(about)))
  }

  #shown<A extends Answer>(answer: A, step: string | undefined): A {
    if (step === undefined) return answer
    const shown = withhold(answer)
    if (shown.withheld) this.#kept = { answer, step }
    return shown
  }
}
