import type { Change } from './change.js'
import { evidenceText } from './evidence.js'
import { KeptPeople } from './kept-people.js'
import type { People } from './people.js'
import type { Work } from './query.js'
import { readLatestSession, readProgress, readSession, readTimeline, readTimelineState, readVerdicts } from './reads.js'
import type {
  EndReason,
  LabProgress,
  Look,
  NewTimelineEntry,
  NewVerdict,
  RecordedState,
  Records,
  SessionRecord,
  Standing,
  StepHelp,
  VerdictRecord,
} from './records.js'
import { keptName, keptText } from './text.js'

/** All kinds of records: what is asked of them becomes changes and reads, which each kind carries out in its own way. */
export abstract class Recorder implements Records {
  abstract readonly id: string
  abstract readonly standing: Standing
  abstract onStanding(tell: (standing: Standing) => void): () => void
  abstract localLearner(): Promise<string>
  abstract openSessions(): Promise<SessionRecord[]>
  abstract close(): Promise<void>

  /** Carries a change out, or takes it down so that it surely will be, in the order of calls. */
  protected abstract write(change: Change): Promise<void>
  /**
   * @param work makes the same queries each time that it is begun
   * @param session that it is about, where it is about one that must be known
   */
  protected abstract read<T>(work: () => Work<T>, session?: string): Promise<T>
  /** Reads and writes at once, where all servers see it. @throws VethlabError records.behind */
  protected abstract transact<T>(work: () => Work<T>): Promise<T>

  readonly people: People = new KeptPeople({
    transact: (work) => this.transact(work),
    addLearner: (id) => this.write({ do: 'learner', id, local: false, at: now() }),
  })

  async createSession({ id, learner, lab, labHash, seed }: Parameters<Records['createSession']>[0]): Promise<void> {
    const names = { session: keptName(id, 'session'), learner: keptName(learner, 'learner'), lab: keptName(lab, 'lab') }
    const of = {
      labHash: keptName(labHash, 'lab hash'),
      ...(seed === undefined ? {} : { seed: keptName(seed, 'seed') }),
    }
    await this.write({ do: 'begin', ...names, ...of, server: this.id, at: now() })
  }

  async setRack(session: string, rack: string | null): Promise<void> {
    const kept = rack === null ? null : keptName(rack, 'rack')
    await this.write({ do: 'rack', session: keptName(session, 'session'), rack: kept, server: this.id, at: now() })
  }

  async endSession(session: string, reason: EndReason): Promise<void> {
    await this.write({ do: 'end', session: keptName(session, 'session'), reason, at: now() })
  }

  async addUsed(session: string, ms: number): Promise<void> {
    await this.write({
      do: 'used',
      session: keptName(session, 'session'),
      ms: Math.max(0, Math.round(ms)),
      at: now(),
    })
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    const name = keptName(id, 'session')
    return this.read(() => readSession(name))
  }

  async latestSession(learner: string, lab: string): Promise<SessionRecord | undefined> {
    const [who, what] = [keptName(learner, 'learner'), keptName(lab, 'lab')]
    return this.read(() => readLatestSession(who, what))
  }

  async setStep(session: string, step: string, state: RecordedState): Promise<void> {
    await this.write({
      do: 'step',
      session: keptName(session, 'session'),
      step: keptName(step, 'step'),
      state,
      at: now(),
    })
  }

  async setHelp(session: string, step: string, { shown, done, told }: { [K in keyof StepHelp]?: true }): Promise<void> {
    const names = { session: keptName(session, 'session'), step: keptName(step, 'step') }
    const help = { shown: shown === true, done: done === true, told: told === true }
    await this.write({ do: 'help', ...names, ...help, at: now() })
  }

  async setAnswer(session: string, id: string, text: string): Promise<void> {
    const names = { session: keptName(session, 'session'), id: keptName(id, 'answer') }
    await this.write({ do: 'answer', ...names, text: keptText(text, `answer ${id}`), at: now() })
  }

  async setHints(session: string, step: string, check: number, count: number): Promise<void> {
    const names = { session: keptName(session, 'session'), step: keptName(step, 'step') }
    await this.write({ do: 'hints', ...names, check, count, at: now() })
  }

  async forgetProgress(session: string): Promise<void> {
    await this.write({ do: 'forget', session: keptName(session, 'session'), at: now() })
  }

  async addVerdicts(session: string, { step, asked, labHash }: Look, verdicts: readonly NewVerdict[]): Promise<void> {
    if (verdicts.length === 0) return
    await this.write({
      do: 'verdicts',
      session: keptName(session, 'session'),
      step: keptName(step, 'step'),
      asked,
      labHash: keptName(labHash, 'lab hash'),
      verdicts: verdicts.map(({ index, family, outcome, reason, evidence }) => ({
        index,
        family: keptName(family, 'family'),
        outcome,
        ...(reason === undefined ? {} : { reason: keptName(reason, 'reason') }),
        // JSON escapes both NUL and halves of characters.
        evidence: evidenceText(evidence),
      })),
      at: now(),
    })
  }

  async verdicts(session: string, step?: string): Promise<VerdictRecord[]> {
    const [of, at] = [keptName(session, 'session'), step === undefined ? undefined : keptName(step, 'step')]
    return this.read(() => readVerdicts(of, at), of)
  }

  async progress(learner: string): Promise<LabProgress[]> {
    const who = keptName(learner, 'learner')
    return this.read(() => readProgress(who))
  }

  async timeline(session: string): Promise<string[]> {
    const of = keptName(session, 'session')
    return this.read(() => readTimeline(of), of)
  }

  async timelineState(session: string, id: number): Promise<Uint8Array | undefined> {
    const of = keptName(session, 'session')
    return this.read(() => readTimelineState(of, id), of)
  }

  async saveTimeline(session: string, entries: readonly NewTimelineEntry[], most: number): Promise<void> {
    await this.write({
      do: 'timeline',
      session: keptName(session, 'session'),
      most,
      entries: entries.map(({ id, entry, state }) => ({
        id,
        entry: keptText(entry, `entry ${id}`, longestEntry),
        ...(state === undefined ? {} : { state }),
      })),
      at: now(),
    })
  }

  async forgetTimeline(session: string): Promise<void> {
    await this.write({ do: 'forgetTimeline', session: keptName(session, 'session'), at: now() })
  }
}

/** Of an entry's JSON: forty changes, each of some sentences. */
const longestEntry = 4 * 1024 ** 2

export function now(): string {
  return new Date().toISOString()
}
