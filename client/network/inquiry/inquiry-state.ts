import { batch, effect, signal, untracked } from '@preact/signals'
import type {
  Answered,
  DiagnosisReport,
  TimelineEntry,
  TraceSeries,
  TraceStory,
  Trouble,
} from '../../../server/protocol/protocol.js'
import { connection } from '../../state/connection.js'
import { side } from '../../state/lab.js'
import { askQuietly, view } from '../../state/session.js'
import { mapOpen } from '../../state/settings.js'
import { elementOf, type Highlight, highlighted, latest, past, selected, timeline, wanted } from '../network-state.js'
import { passedTies } from './passed-ties.js'

/** Questions that send packets through the rack: where one goes, or what is wrong with a container. One at a time. */
export type Inquiry =
  | {
      kind: 'trace'
      form: TraceForm
      check?: { step: string; index: number }
      run: Run<TraceStory | TraceSeries>
      asked?: Asked
    }
  | { kind: 'diagnosis'; container: string; run: Run<DiagnosisReport>; asked?: Asked }

/** What a run is about, whatever is in the form by now. */
export interface Asked {
  /** Of a trace. */
  form?: TraceForm
  /** How often, for one that is repeated. */
  count?: number
  /** How far the timeline was then (`newsOf`). */
  news: string
}

export type Run<T> =
  | { state: 'waiting' }
  | { state: 'running' }
  | { state: 'done'; value: T }
  | { state: 'failed'; trouble: Trouble }

/** As typed. */
export interface TraceForm {
  from: string
  to: string
  port: string
  /** `http` and `tls`: over TCP, something is said to the program. */
  protocol: 'icmp' | 'tcp' | 'udp' | 'http' | 'tls'
}

/** The one whose panel is open. */
export const inquiry = signal<Inquiry | undefined>(undefined)

const emptyForm: TraceForm = { from: '', to: '', port: '', protocol: 'icmp' }

/** What was asked before is nobody's answer any more. */
let turn = 0

/** What had the focus when the panel was opened, and on a narrow window what was seen: it goes back there. */
let opener: { element: HTMLElement; side: (typeof side)['value'] } | undefined

/** Shows the panel for a trace, with what is known of its ends. */
export function openTrace(ends: Partial<TraceForm> = {}): void {
  const before = inquiry.peek()
  const form = { ...(before?.kind === 'trace' ? before.form : emptyForm), ...ends }
  show({ kind: 'trace', form, run: { state: 'waiting' } })
}

export function changeForm(change: Partial<TraceForm>): void {
  const now = inquiry.peek()
  if (now?.kind === 'trace') inquiry.value = { ...now, form: { ...now.form, ...change } }
}

/** What of a form can't be asked. Pure. */
export function wrongIn({ from, to, port, protocol }: TraceForm): 'from' | 'to' | 'port' | undefined {
  if (from.trim() === '') return 'from'
  if (to.trim() === '') return 'to'
  if (protocol === 'icmp') return undefined
  const number = Number(port)
  return Number.isInteger(number) && number >= 1 && number <= 65_535 ? undefined : 'port'
}

/** Sends a packet as the form says, or so many, one after another. */
export async function runTrace(form: TraceForm, count?: number): Promise<void> {
  if (wrongIn(form) !== undefined) return
  const { from, to, port, protocol } = form
  const news = newsOf(timeline.peek())
  const asked: Asked = { form, news, ...(count === undefined ? {} : { count }) }
  show({ kind: 'trace', form, run: { state: 'running' }, asked })
  const question = {
    from: from.trim(),
    to: to.trim(),
    ...(protocol === 'http' || protocol === 'tls'
      ? { protocol: 'tcp' as const, speaks: { as: protocol } }
      : { protocol }),
    ...(protocol === 'icmp' ? {} : { port: Number(port) }),
  }
  await finish(
    'trace',
    count === undefined ? askQuietly('trace.run', question) : askQuietly('trace.repeat', { ...question, count }),
  )
}

/** The newest that the timeline tells: equal as long as no change of the network was seen. Pure. */
export function newsOf(entries: readonly TimelineEntry[]): string {
  // An entry goes on for a while, also when the next one is there already.
  return entries
    .slice(-2)
    .map(({ id, changes }) => [id, ...changes.map(({ text }) => text.en)].join('\n'))
    .join('\n')
}

/** Whether a change of the network was seen after that was asked. Pure. */
export function isOutdated({ run, asked }: Inquiry, entries: readonly TimelineEntry[]): boolean {
  return run.state === 'done' && asked !== undefined && asked.news !== '' && asked.news !== newsOf(entries)
}

/** A repeated trace, as against one story. */
export function isSeries(value: TraceStory | TraceSeries): value is TraceSeries {
  return 'groups' in value
}

/** Whose way is drawn: of a repeated trace the one that failed. Pure. */
export function storyOf(value: TraceStory | TraceSeries): TraceStory | undefined {
  if (!isSeries(value)) return value
  return (value.groups.find(({ outcome }) => outcome === 'stopped') ?? value.groups[0])?.story
}

/** Sends the packet that a check is about. @param cell of a prediction: whose packet */
export async function traceCheck(step: string, index: number, cell?: { row: number; column: number }): Promise<void> {
  const asked: Asked = { news: newsOf(timeline.peek()) }
  show({ kind: 'trace', form: emptyForm, check: { step, index }, run: { state: 'running' }, asked })
  await finish('trace', askQuietly('trace.check', { step, check: index, ...(cell ? { cell } : {}) }))
}

export async function runDiagnosis(container: string): Promise<void> {
  show({ kind: 'diagnosis', container, run: { state: 'running' }, asked: { news: newsOf(timeline.peek()) } })
  await finish('diagnosis', askQuietly('diagnose.run', { container }))
}

/** Asks for the cause that was kept back: the answer takes the place of the one without it. */
export async function tellCause(): Promise<void> {
  const mine = turn
  const answered = await askQuietly('inquiry.tell', {})
  const now = inquiry.peek()
  if (turn !== mine || now?.run.state !== 'done') return
  const run = answered.ok ? { state: 'done', value: answered.value } : { state: 'failed', trouble: answered.trouble }
  inquiry.value = { ...now, run } as Inquiry
}

/** Ends what runs; the panel stays. */
export function cancelInquiry(): void {
  const now = inquiry.peek()
  if (now?.run.state !== 'running') return
  turn++
  void askQuietly('trace.cancel', {})
  inquiry.value = { ...now, run: { state: 'waiting' } }
}

/** Ends what runs, puts the panel away, and takes the way off the map. */
export function closeInquiry(): void {
  cancelInquiry()
  turn++
  batch(() => {
    inquiry.value = undefined
    highlighted.value = new Map()
  })
  goBack()
}

function goBack(): void {
  const from = opener
  opener = undefined
  if (from === undefined) return
  // Who has put the map away does not want it back.
  side.value = from.side === 'map' && !mapOpen.peek() ? 'read' : from.side
  requestAnimationFrame(() => {
    // Buttons of a pane that has gone meanwhile: the map that it was about.
    const element = from.element.isConnected
      ? from.element
      : document.querySelector<SVGElement>('.map-sheet [tabindex="0"]')
    element?.focus({ preventScroll: true })
  })
}

/** What a story has to say about elements and ties: the way, and where it stopped. Pure. */
export function wayOf(story: TraceStory): Map<string, Highlight> {
  const way = new Map<string, Highlight>()
  for (const { about } of story.hops) for (const id of about) way.set(id, 'way')
  const end = story.hops.findLastIndex((hop) => hop.state === 'stop')
  // Of several, the last is the furthest that it came; what stopped it may be nothing that is drawn.
  const passed = story.hops.slice(0, end < 0 ? undefined : end + 1).flatMap(({ about }) => about)
  const last = story.outcome === 'stopped' ? passed.at(-1) : undefined
  if (last !== undefined) way.set(last, 'stop')
  return way
}

/** Draws the way on the map, and brings its end into sight. */
export function drawWay(story: TraceStory): void {
  const way = wayOf(story)
  const map = latest.peek()
  for (const tie of map === undefined ? [] : passedTies(story, map)) if (!way.has(tie)) way.set(tie, 'way')
  const drawn = [...way.keys()].filter((id) => elementOf(latest.peek(), id) !== undefined)
  batch(() => {
    highlighted.value = way
    wanted.value = drawn.find((id) => way.get(id) === 'stop') ?? drawn.at(-1)
  })
}

function show(next: Inquiry): void {
  const before = inquiry.peek()
  const { activeElement } = document
  if (before === undefined && activeElement instanceof HTMLElement && activeElement !== document.body) {
    opener = { element: activeElement, side: side.peek() }
  }
  turn++
  batch(() => {
    inquiry.value = next
    highlighted.value = new Map()
    // The packet goes through the network as it is now.
    past.value = undefined
    selected.value = undefined
    mapOpen.value = true
    side.value = 'map'
  })
}

async function finish<K extends Inquiry['kind']>(
  kind: K,
  asking: Promise<Answered<Extract<Inquiry, { kind: K }>['run'] extends Run<infer T> ? T : never>>,
): Promise<void> {
  const mine = turn
  const answered = await asking
  const now = inquiry.peek()
  if (turn !== mine || now?.kind !== kind) return
  batch(() => {
    const run = answered.ok
      ? { state: 'done' as const, value: answered.value }
      : { state: 'failed' as const, trouble: answered.trouble }
    inquiry.value = { ...now, run } as Inquiry
    if (answered.ok && kind === 'trace') {
      const value = answered.value as TraceStory | TraceSeries
      const story = storyOf(value)
      if (story) drawWay(story)
      // A check knows its ends; from here on they can be changed.
      const done = inquiry.peek()
      if (done?.kind === 'trace' && done.check !== undefined && done.asked !== undefined) {
        const form: TraceForm = {
          from: value.from,
          to: value.to,
          port: value.port === undefined ? '' : `${value.port}`,
          protocol: value.protocol,
        }
        inquiry.value = { ...done, form, asked: { ...done.asked, form } }
      }
    }
  })
}

// Who puts the map away puts away what is beside it, also where a question had brought it to the front.
let wasOpen = mapOpen.peek()
effect(() => {
  const isNow = mapOpen.value
  untracked(() => {
    if (wasOpen && !isNow) {
      if (side.peek() === 'map') side.value = 'read'
      if (inquiry.peek() !== undefined) closeInquiry()
    }
    wasOpen = isNow
  })
})

// What could not be asked can be asked again: the form, or the button, is there for it.
effect(() => {
  if (connection.value !== 'online') return
  untracked(() => {
    const now = inquiry.peek()
    if (now?.run.state !== 'failed' || now.run.trouble.code !== 'connection.away') return
    inquiry.value = { ...now, run: { state: 'waiting' } }
  })
})

// A session that is left takes its questions along: the server ends them with the connection.
let session: string | undefined
effect(() => {
  const now = view.value?.id
  untracked(() => {
    if (session !== undefined && now !== session && inquiry.peek() !== undefined) {
      turn++
      inquiry.value = undefined
    }
    session = now
  })
})
