import { setMaxListeners } from 'node:events'
import type { Container, NetworkState } from '../network/state.js'
import type { Ground } from '../place/ground.js'
import { isLive, type Place } from '../place/place.js'
import { absence, engineOf, find, hostNamed, hostsOf } from '../place/reference.js'
import { Unanswerable } from '../place/unanswerable.js'
import { traceStory } from '../trace/trace.js'
import type { Text } from '../wording/text.js'
import { bare, cleanText, code } from '../wording/wording.js'
import { note, type StageDraft, stageOf, titleOf } from './draft.js'
import { lookFromOutside } from './from-outside.js'
import { lookAtItself } from './itself.js'
import { lookOutside } from './outside.js'
import type { DiagnosisReport, StageName } from './report.js'
import { lookAtSameNetwork } from './same-network.js'
import { type Subject, within } from './subject.js'

/** All of it, traces included; a learner waits for the answer. */
const longestMs = 10_000
/** Questions end before that, so that there is time to find out why. */
const askingMs = 6000
/** A trace that could not end in time is not begun. */
const leastTraceMs = 1500

/** What a diagnosis is about. */
export interface Patient {
  /** A reference as in checks: `web`, or `node2/web`. */
  container: string
  /** The host that a name without a host belongs to. */
  home: string
}

/**
 * Goes through the four questions of the troubleshooting flow for one container: itself, same network, to the outside, from the
 * outside. Questions are put in parallel; for the first of each stage that has a no, a packet is traced to find out why.
 * Takes at most some 10 s. What could not be found out is an `error`, never healthy.
 * @throws the reason of `signal` when that aborts; whatever capturing throws
 */
export async function diagnose(
  ground: Ground,
  { container, home }: Patient,
  { signal, trace = traceStory }: { signal?: AbortSignal; trace?: typeof traceStory } = {},
): Promise<DiagnosisReport> {
  const started = performance.now()
  const whole = AbortSignal.any([AbortSignal.timeout(longestMs), ...(signal ? [signal] : [])])
  const state = await ground.capture()
  signal?.throwIfAborted()
  const finish = (stages: StageDraft[], outcome: DiagnosisReport['outcome'], summary: Text): DiagnosisReport => ({
    container: bare(container),
    outcome,
    summary: cleanText(summary),
    stages: stages.map(stageOf),
    durationMs: performance.now() - started,
  })
  let place: Place | undefined
  try {
    place = find(container, state, home)
    // Names prove nothing where the Engine could not be asked.
    if (!place) engineOf(hostNamed(state, hostsOf(container)[0] ?? home))
  } catch (error) {
    if (!(error instanceof Unanswerable)) throw error
    return finish(notLooked(error.why), 'error', sentence(error.why))
  }
  if (!place?.container) {
    const why = place
      ? {
          en: `${code(container)} is a host; name a container, such as \`${bare(container)}/web\``,
          zh: `${code(container)} 是主机；请给出容器，例如 \`${bare(container)}/web\``,
        }
      : absence(container, undefined, home).why
    return finish(notLooked(why), 'error', sentence(why))
  }
  const asking = AbortSignal.any([AbortSignal.timeout(askingMs), whole])
  // As many questions wait at once, each for an answer or the end.
  setMaxListeners(64, asking, whole)
  const subject = { ground, state, home, signal: asking, place: place as Place & { container: Container } }
  const stages = await lookAround(subject)
  signal?.throwIfAborted()
  await traceFailures(stages, { ground, state, home, trace, signal: whole, until: started + longestMs })
  signal?.throwIfAborted()
  const judged = judge(subject.place, stages)
  const changed = judged[0] === 'faulty' ? await changedSince(subject, whole) : undefined
  signal?.throwIfAborted()
  return changed ? finish(notLooked(changed), 'error', sentence(changed)) : finish(stages, ...judged)
}

/** What ended or began while it was looked at makes findings of a moment, such as with an Engine that restarts. */
async function changedSince({ ground, home, place }: Subject<Place>, signal: AbortSignal): Promise<Text | undefined> {
  try {
    const now = find(place.label, await within(signal, ground.capture()), home)
    const { id, state } = now?.container ?? {}
    if (id === place.container.id && state === place.container.state && now?.namespace?.id === place.namespace?.id)
      return undefined
    const name = code(place.label)
    return {
      en: `${name} ended or was started while it was looked at; ask again`,
      zh: `查看期间 ${name} 停止或启动过；请再试一次`,
    }
  } catch (error) {
    if (error instanceof Unanswerable) return error.why
    // Without a second look what was found stands.
    if (signal.aborted) return undefined
    throw error
  }
}

async function lookAround(subject: Subject<Place>): Promise<StageDraft[]> {
  const { place } = subject
  const itself = async (): Promise<StageDraft> => ({
    name: 'itself',
    skipped: false,
    findings: await lookAtItself(subject),
  })
  if (!isLive(place)) {
    const rest = { en: 'it is not running, so there is nothing to ask', zh: '它没有运行，没有什么可探测的' }
    return [await itself(), ...skipped(['same-network', 'outside', 'from-outside'], rest)]
  }
  const running = { ...subject, place } as Subject
  return Promise.all([itself(), lookAtSameNetwork(running), lookOutside(running), lookFromOutside(running)])
}

function skipped(names: StageName[], why: Text): StageDraft[] {
  return names.map((name) => ({ name, skipped: true, findings: [note(why)] }))
}

function notLooked(why: Text): StageDraft[] {
  const [itself, ...rest] = skipped(['itself', 'same-network', 'outside', 'from-outside'], {
    en: 'not looked at',
    zh: '没有查看',
  })
  return [{ ...itself!, findings: [note(why, { unknown: true })] }, ...rest]
}

/** The first no of each stage is traced, then those that the state does not explain; one after the other, since each watches the whole rack. */
async function traceFailures(
  stages: StageDraft[],
  {
    ground,
    state,
    home,
    trace,
    signal,
    until,
  }: {
    ground: Ground
    state: NetworkState
    home: string
    trace: typeof traceStory
    signal: AbortSignal
    until: number
  },
): Promise<void> {
  const asked = stages.map(({ findings }) =>
    findings.filter(({ outcome, question }) => outcome === 'problem' && question !== undefined),
  )
  const firsts = asked.flatMap(([first]) => first ?? [])
  const unexplained = asked.flatMap(([, ...rest]) => rest.filter(({ cause }) => cause === undefined))
  for (const finding of [...firsts, ...unexplained]) {
    if (signal.aborted || until - performance.now() < leastTraceMs) continue
    try {
      finding.trace = await within(signal, trace(ground, { ...finding.question!, home }, { signal, state }))
    } catch (error) {
      // Without a trace the finding still says what is known; time that is over is no failure.
      if (!signal.aborted && !(error instanceof Unanswerable)) throw error
    }
  }
}

function judge(place: Place, stages: StageDraft[]): [DiagnosisReport['outcome'], Text] {
  const name = code(place.label)
  const bad = stages.flatMap((stage) =>
    stage.findings.filter(({ outcome }) => outcome === 'problem').map((finding) => ({ stage, finding })),
  )
  if (bad.length > 0) {
    const [{ stage, finding }] = bad as [(typeof bad)[number]]
    const { text } = stageOf({ ...stage, findings: [finding] }).findings[0]!
    const title = titleOf(stage.name)
    const more = bad.length - 1
    return [
      'faulty',
      {
        en: `Begin with “${title.en}”: ${text.en}.${more > 0 ? ` ${more} more finding${more > 1 ? 's' : ''} may follow from it.` : ''}`,
        zh: `先看“${title.zh}”：${text.zh}。${more > 0 ? `另有 ${more} 处问题，可能由它引起。` : ''}`,
      },
    ]
  }
  if (stages.some(({ findings }) => findings.some(({ unknown }) => unknown))) {
    return [
      'error',
      {
        en: `Nothing wrong was found with ${name}, but not everything could be asked.`,
        zh: `没有发现 ${name} 的问题，但有些探测没能完成。`,
      },
    ]
  }
  const passed = stages.filter((stage) => !stage.skipped).map(({ name: one }) => titleOf(one))
  return [
    'healthy',
    {
      en: `Nothing is wrong with ${name}: ${passed.map(({ en }) => en.toLowerCase()).join(', ')} — all as it should be.`,
      zh: `${name} 没有问题：${passed.map(({ zh }) => zh).join('、')}都正常。`,
    },
  ]
}

function sentence({ en, zh }: Text): Text {
  return { en: `${en.charAt(0).toUpperCase()}${en.slice(1)}.`, zh: `${zh}。` }
}
