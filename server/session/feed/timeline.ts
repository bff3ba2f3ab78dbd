import { isDeepStrictEqual } from 'node:util'
import { differences } from '../../change/difference.js'
import { engineWasAway } from '../../change/engine-away.js'
import { runChanges, type ShortRun } from '../../change/short-runs.js'
import { containerId } from '../../map/ids.js'
import type { Change } from '../../map/map.js'
import type { NetworkState } from '../../network/state.js'
import type { TimelineEntry } from '../../protocol/protocol.js'
import type { EndedCommand } from '../../terminal/shell-marks.js'
import { ContainerRuns } from './container-runs.js'

/** Of a session; the oldest go first. */
export const mostEntries = 200
/** Of one entry. */
const mostChanges = 40
/** What comes so long after a command's end, or after the last change, still belongs to it: programs begin to listen late. */
const aftermathMs = 3_000
/** A command that runs for long, such as a shell in a container, gets another entry after so long without a change. */
const pauseMs = 30_000

/** What comes so long after an Engine is back still belongs to that: it starts containers again, one after another. */
const settleMs = 10_000
/** An Engine that is away for longer was not restarted, but stopped. */
const longestAwayMs = 300_000

/** A command of a terminal, as far as its shell tells of it. */
interface Command {
  host: string
  /** Missing where the shell did not say it. */
  text: string | undefined
  beganAt: number
  endedAt?: number
  /** It ended with another exit code than 0. */
  failed?: true
  /** A look that began after its end has been taken. */
  seen?: true
  /** Those that say it is running. */
  entries: Set<TimelineEntry>
}

/** Changes that are told together: what is different from `base`. */
interface Gathering {
  base: NetworkState
  command: Command | undefined
  entry: TimelineEntry
  /** What the states tell, and the runs that ended meanwhile. */
  plain: Change[]
  runs: ShortRun[]
  changedAt: number
  /** Engines that were away meanwhile and are back. */
  wereAway: Set<string>
  /** That they were, where the states before and now do not tell it. */
  away: Change[]
}

/** An Engine that went away while something was told, and whatever it does on its way back. */
interface Away {
  gathering: Gathering
  hosts: Set<string>
  since: number
  backAt?: number
}

export interface TimelineListener {
  /** An entry is new, or is not what it was; `state` is the network after it, where that is another one. */
  onEntry(entry: TimelineEntry, state?: NetworkState): void
}

/**
 * What happened to a network, told from states as they are seen, and from the commands that ran meanwhile. What one command did is
 * one entry: it appears with the first change, and says in the end what is different from before, so that what came and went
 * in between does not add up. All times are milliseconds since 1970.
 */
export class Timeline {
  readonly #listener: TimelineListener
  #entries: TimelineEntry[] = []
  #state: NetworkState | undefined
  #gathering: Gathering | undefined
  /** By terminal. */
  readonly #running = new Map<string, Command>()
  /** Those that ended a moment ago. */
  #ended: Command[] = []
  readonly #runs = new ContainerRuns()
  #away: Away | undefined
  /** What the server itself does now. */
  #own: TimelineEntry['by']
  #lastId = 0

  constructor(
    listener: TimelineListener,
    before: { entries: readonly TimelineEntry[]; state?: NetworkState | undefined },
  ) {
    this.#listener = listener
    this.#entries = [...before.entries]
    this.#state = before.state
    this.#lastId = this.#entries.at(-1)?.id ?? 0
  }

  get entries(): readonly TimelineEntry[] {
    return this.#entries
  }

  /** The last one that was seen. */
  get state(): NetworkState | undefined {
    return this.#state
  }

  get commandRuns(): boolean {
    return this.#running.size > 0
  }

  /** A command runs. Told twice, it is the same one. */
  began(terminal: string, host: string, text: string | undefined, at: number): void {
    if (isComment(text)) return
    const earlier = this.#running.get(terminal)
    if (earlier && earlier.text === text) return
    if (earlier) this.#end(terminal, earlier, at)
    this.#running.set(terminal, { host, text, beganAt: at, entries: new Set() })
  }

  /** A command has ended; of a short one that is all that is told. */
  ended(terminal: string, host: string, { text, exitCode = 0 }: EndedCommand, at: number): void {
    if (isComment(text)) return
    let command = this.#running.get(terminal)
    if (command && command.text !== text) {
      this.#end(terminal, command, at)
      command = undefined
    }
    command ??= { host, text, beganAt: at, entries: new Set() }
    if (exitCode !== 0) command.failed = true
    this.#end(terminal, command, at)
  }

  /** A terminal is gone, and its command with it. */
  closed(terminal: string, at: number): void {
    const command = this.#running.get(terminal)
    if (command) this.#end(terminal, command, at)
  }

  /** An Engine tells what happens on its host. */
  engineEvent(host: string, event: unknown, at: number): void {
    this.#runs.event(host, event, at)
  }

  /** Whether the server itself changes the network, as at a reset: then no command did it. */
  setOwn(own: TimelineEntry['by']): void {
    // What came by itself just before is another entry; what follows soon is not.
    if (own && !this.#own) {
      this.#gathering = undefined
      this.#away = undefined
    }
    this.#own = own
  }

  /** The network as it was seen at a time: what is different from before is told. */
  take(state: NetworkState, takenAt: number): void {
    const before = this.#state
    if (before === undefined) {
      this.#runs.over(undefined, state, takenAt)
      this.#state = state
      this.#add(undefined, [], state, takenAt)
      return
    }
    const step = differences(before, state)
    this.#state = state
    const command = this.#cause(takenAt)
    const runs = new Map<Command | undefined, ShortRun[]>()
    for (const run of this.#runs.over(before, state, takenAt)) {
      // Told by the states already, of another command.
      if (this.#entries.slice(-4).some((entry) => entry !== this.#gathering?.entry && tells(entry.changes, run)))
        continue
      const own = this.#causeOfRun(run.startedAt)
      runs.set(own, [...(runs.get(own) ?? []), run])
    }
    for (const ended of this.#ended) if (ended.endedAt! <= takenAt) ended.seen = true
    for (const [own, some] of runs) if (own !== command) this.#noteRuns(own, some, before, takenAt)
    if (this.#isOfAway(before, command, takenAt)) {
      const { gathering } = this.#away!
      this.#goOn(gathering, step, runs.get(command) ?? [], takenAt)
    } else this.#note(command, step, runs.get(command) ?? [], before, takenAt)
    this.#watchAway(before, takenAt)
  }

  /**
   * Whether what has changed is an Engine's that comes back, or was just back: then it belongs to whatever the Engine went away
   * with, and not to a command that was typed meanwhile. One that failed, as a name that no program has, is not preferred to it.
   */
  #isOfAway(before: NetworkState, command: Command | undefined, at: number): boolean {
    const away = this.#away
    if (!away || this.#own) return false
    const back = [...away.hosts].filter((host) => !answers(before, host) && answers(this.#state!, host))
    for (const host of back) away.gathering.wereAway.add(host)
    if (back.length > 0) {
      away.backAt = at
      return true
    }
    return (
      (command === undefined || command.failed === true) && (away.backAt === undefined || at - away.backAt <= settleMs)
    )
  }

  #watchAway(before: NetworkState, at: number): void {
    const state = this.#state!
    const gone = state.hosts.map(({ name }) => name).filter((host) => answers(before, host) && !answers(state, host))
    if (gone.length > 0 && this.#gathering) {
      this.#away = { gathering: this.#gathering, hosts: new Set(gone), since: at }
    }
    const { since, backAt } = this.#away ?? {}
    const isOver = backAt === undefined ? at - (since ?? at) > longestAwayMs : at - backAt > settleMs
    if (isOver) this.#away = undefined
  }

  /** What the states before and now, and Engines between them, tell of one command. */
  #note(command: Command | undefined, step: Change[], runs: ShortRun[], before: NetworkState, takenAt: number): void {
    if (step.length === 0 && runs.length === 0) return
    const last = this.#gathering
    if (last && this.#goesOn(last, command, takenAt)) this.#goOn(last, step, runs, takenAt)
    else this.#begin(command, step, runs, before, this.#state!, takenAt)
  }

  /**
   * Runs of another command than the one whose doing is seen now. What that one did is no part of the network after this one, which stays as it
   * was seen then, or before this look.
   */
  #noteRuns(command: Command | undefined, runs: ShortRun[], before: NetworkState, takenAt: number): void {
    const last = this.#gathering
    if (!last || !this.#goesOn(last, command, takenAt)) {
      this.#begin(command, [], runs, before, before, takenAt)
      return
    }
    last.runs.push(...runs)
    const changes = changesOf(last)
    // Most of them the states have told.
    if (isDeepStrictEqual(changes, last.entry.changes)) return
    last.entry.changes = changes
    this.#listener.onEntry(last.entry)
  }

  /** @param shown the network as it is after what is told */
  #begin(
    command: Command | undefined,
    plain: Change[],
    runs: ShortRun[],
    base: NetworkState,
    shown: NetworkState,
    takenAt: number,
  ): void {
    const changes = changesOf({ away: [], plain, runs })
    if (changes.length === 0) return
    const entry = this.#add(command, changes, shown, takenAt)
    this.#gathering = { base, command, entry, plain, runs, changedAt: takenAt, wereAway: new Set(), away: [] }
  }

  #goOn(last: Gathering, step: Change[], runs: ShortRun[], takenAt: number): void {
    if (step.length === 0 && runs.length === 0) return
    const state = this.#state!
    last.changedAt = takenAt
    last.runs.push(...runs)
    // Where another command is told of since, what it did is not told again.
    const whole = last === this.#gathering ? differences(last.base, state) : []
    // It came and went: both is told then, since it was seen.
    last.plain = whole.length > 0 ? whole : [...last.plain, ...step]
    last.away = whole.length > 0 ? [...last.wereAway].map(engineWasAway) : []
    last.entry.changes = changesOf(last)
    this.#listener.onEntry(last.entry, state)
  }

  /** Begins anew: the next state is the network as it is found. Ids go on. */
  forget(): void {
    this.#entries = []
    this.#state = undefined
    this.#gathering = undefined
    this.#away = undefined
    this.#runs.forget()
  }

  /** No terminal is known any more. */
  forgetCommands(at: number): void {
    for (const terminal of [...this.#running.keys()]) this.closed(terminal, at)
    this.#ended = []
    this.#own = undefined
  }

  /**
   * Whose doing it is: of the commands that ran at that time, or ended just before it, the one that began last. A look takes its
   * time, so that a command which began meanwhile is better than none, or than one whose end was looked at already.
   */
  #cause(at: number): Command | undefined {
    if (this.#own) return undefined
    const candidates = [...this.#running.values(), ...this.#ended].filter(
      ({ endedAt }) => endedAt === undefined || at <= endedAt + aftermathMs,
    )
    candidates.sort((a, b) => b.beganAt - a.beganAt)
    const next = candidates.findLast(({ beganAt }) => beganAt > at)
    const before = candidates.find(({ beganAt }) => beganAt <= at)
    return before?.seen ? (next ?? before) : (before ?? next)
  }

  /** The command that ran when a container started, or that had just ended: the one that began last. */
  #causeOfRun(at: number): Command | undefined {
    if (this.#own) return undefined
    return [...this.#running.values(), ...this.#ended]
      .filter(({ beganAt, endedAt }) => beganAt <= at && (endedAt === undefined || at <= endedAt + aftermathMs))
      .toSorted((a, b) => b.beganAt - a.beganAt)[0]
  }

  #goesOn(last: Gathering, command: Command | undefined, at: number): boolean {
    if (last.command !== command) return false
    return at - last.changedAt <= (command || this.#own ? pauseMs : aftermathMs)
  }

  #add(command: Command | undefined, changes: Change[], state: NetworkState, at: number): TimelineEntry {
    const entry: TimelineEntry = {
      id: ++this.#lastId,
      at: new Date(at).toISOString(),
      ...(command?.text === undefined
        ? {}
        : { command: { host: command.host, text: command.text, running: command.endedAt === undefined } }),
      ...(command === undefined && this.#own !== undefined ? { by: this.#own } : {}),
      changes,
    }
    if (entry.command?.running) command?.entries.add(entry)
    this.#entries.push(entry)
    if (this.#entries.length > mostEntries) this.#entries.shift()
    this.#listener.onEntry(entry, state)
    return entry
  }

  #end(terminal: string, command: Command, at: number): void {
    this.#running.delete(terminal)
    command.endedAt = at
    this.#ended = [...this.#ended.filter(({ endedAt }) => at - endedAt! <= 2 * aftermathMs), command].slice(-16)
    for (const entry of command.entries) {
      entry.command!.running = false
      this.#listener.onEntry(entry)
    }
    command.entries.clear()
  }
}

/** What the states tell, with what they say nothing of: Engines that were away, and runs of containers that came and went. */
function changesOf({ away, plain, runs }: Pick<Gathering, 'away' | 'plain' | 'runs'>): Change[] {
  return [...away, ...plain, ...runChanges(runs.filter((run) => !tells(plain, run)))].slice(0, mostChanges)
}

/** Lines that a shell only reads, as those that say what was done for the learner. */
function isComment(text: string | undefined): boolean {
  return text?.split('\n').every((line) => line.startsWith('#')) ?? false
}

function tells(changes: readonly Change[], { host, name }: ShortRun): boolean {
  return changes.some(({ about }) => about.includes(containerId(host, name)))
}

function answers({ hosts }: NetworkState, host: string): boolean {
  return hosts.find(({ name }) => name === host)?.engine !== undefined
}
