import type { CauseCode } from '../cause/cause.js'
import { count as counted, join, same, sentence, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { cleanText, code } from '../wording/wording.js'
import type { Reached, TraceStory } from './story.js'

/** What became of one question that was asked several times. Plain data; every text in both languages, data within backticks. */
export interface TraceSeries extends Pick<TraceStory, 'from' | 'to' | 'protocol' | 'port'> {
  /** How often it was to be asked. */
  count: number
  /** How often it was: fewer where the time was over, or somebody ended it. */
  asked: number
  /** Why it was asked less often. */
  ended?: 'time' | 'stopped'
  /** One sentence: what came how often, and what differs. */
  summary: Text
  /** The most frequent first; of equal ones the one that came first. */
  groups: TraceGroup[]
  /** What is not the same in all groups, without what follows from it; empty where there is one group, or none. */
  differs: Differing[]
  /** As of a story. */
  withheld?: true
  durationMs: number
}

/** Answers that are the same in all that matters. */
export interface TraceGroup {
  times: number
  /** Counted from 1: which of the questions they were. */
  turns: number[]
  outcome: TraceStory['outcome']
  cause?: CauseCode
  /** Missing where nothing was sent. */
  reached?: Reached
  text: Text
  /** The first of them. */
  story: TraceStory
}

export type Differing = 'address' | 'answerer' | 'source' | 'mac' | 'outcome' | 'cause'

/** Puts what is the same together, and says what differs. Pure; the stories are those of one question, in their order. */
export function groupStories(
  stories: readonly TraceStory[],
): Pick<TraceSeries, 'groups' | 'differs' | 'summary' | 'asked'> {
  const found = new Map<string, Omit<TraceGroup, 'text'>>()
  for (const [at, story] of stories.entries()) {
    const key = keyNames.map((name) => parts[name](story) ?? '').join('\n')
    const group = found.get(key)
    if (group) {
      group.times++
      group.turns.push(at + 1)
      continue
    }
    found.set(key, {
      times: 1,
      turns: [at + 1],
      outcome: story.outcome,
      ...(story.cause ? { cause: story.cause.code } : {}),
      ...(story.reached ? { reached: story.reached } : {}),
      story,
    })
  }
  const plain = [...found.values()].toSorted((a, b) => b.times - a.times || a.turns[0]! - b.turns[0]!)
  const differs = tellingOf(keyNames.filter((name) => new Set(plain.map(({ story }) => parts[name](story))).size > 1))
  const groups = plain.map((group): TraceGroup => ({ ...group, text: cleanText(groupText(group, differs)) }))
  return { asked: stories.length, groups, differs, summary: summaryOf(groups, differs) }
}

/** Without ports of chance, times and lengths. */
const parts: Record<Differing, (story: TraceStory) => string | undefined> = {
  address: ({ reached }) => reached?.address,
  answerer: ({ reached }) =>
    reached && (reached.place ?? (reached.lan === undefined ? undefined : `LAN ${reached.lan}`)),
  source: ({ reached }) => reached?.answeredFrom,
  mac: ({ reached }) => reached?.mac,
  outcome: ({ outcome, reached }) => `${outcome} ${reached?.how ?? ''}`,
  cause: ({ cause }) => cause?.code,
}
const keyNames = Object.keys(parts) as Differing[]

/** Another address has another MAC address, and whoever else is reached another address of its own: that goes without saying. */
function tellingOf(differs: Differing[]): Differing[] {
  const implied: Partial<Record<Differing, Differing[]>> = {
    source: ['address', 'answerer'],
    mac: ['address'],
    cause: ['outcome'],
  }
  return differs.filter((name) => !implied[name]?.some((other) => differs.includes(other)))
}

const called: Record<Differing, Text> = {
  address: text('the address that was asked', '访问的地址'),
  answerer: text('who was reached', '到达的对象'),
  source: text('the address that the answer came from', '应答来自的地址'),
  mac: text('the MAC address that it was sent to', '发往的 MAC 地址'),
  outcome: text('what became of it', '结果'),
  cause: text('the cause', '原因'),
}

/** ``172.18.0.2` (`node1/one-db`) six times: answered``. */
function groupText({ times, story }: Omit<TraceGroup, 'text'>, differs: readonly Differing[]): Text {
  const { reached } = story
  const often = text(timesInWords(times), `${times} 次`)
  const what = outcomeText(story)
  if (!reached) return text(`${often.en} ${what.en}`, `${often.zh}${what.zh}`)
  const about = aboutText(reached, differs)
  return text(
    `${code(reached.address)}${about.en && ` (${about.en})`} ${often.en}: ${what.en}`,
    `${code(reached.address)}${about.zh && `（${about.zh}）`} ${often.zh}：${what.zh}`,
  )
}

function aboutText({ address, place, task, lan, mac, answeredFrom }: Reached, differs: readonly Differing[]): Text {
  const node = place?.split('/')[0]
  const said: Text[] = [
    ...(task !== undefined
      ? [text(`task ${code(task)} on ${code(node!)}`, `${code(node!)} 上的任务 ${code(task)}`)]
      : place === undefined
        ? []
        : [same(code(place))]),
    ...(lan === undefined ? [] : [text(`the gateway of LAN ${code(lan)}`, `局域网 ${code(lan)} 的网关`)]),
    ...(answeredFrom !== undefined && answeredFrom !== address
      ? [text(`at ${code(answeredFrom)}`, `地址 ${code(answeredFrom)}`)]
      : []),
    ...(differs.includes('mac') && mac !== undefined ? [text(`MAC ${code(mac)}`, `MAC ${code(mac)}`)] : []),
  ]
  return join(said, ', ', '，')
}

const hows: Record<Reached['how'], Text> = {
  answered: text('answered', '有应答'),
  refused: text('refused', '被拒绝'),
  silent: text('no answer', '没有应答'),
  unroutable: text('not to be reached', '无法到达'),
  'too-long': text('too long to be sent', '太长，无法发送'),
  error: text('could not be sent', '无法发送'),
}

function outcomeText({ outcome, reached, cause }: TraceStory): Text {
  const because =
    cause && cause.code !== 'unknown' ? text(` (${code(cause.code)})`, `（${code(cause.code)}）`) : same('')
  if (outcome === 'error') {
    return reached?.how === 'silent'
      ? text('delivered, and nothing came back', '已送达，没有任何回复')
      : text('could not be told', '无法判断')
  }
  const how = reached ? hows[reached.how] : text('nothing could be sent', '没有数据包可发')
  // A small packet was answered, and what came after it was not as it should be.
  const short =
    outcome === 'stopped' && reached?.how === 'answered'
      ? text('answered, but not as it should be', '有应答，但不正常')
      : how
  return text(`${short.en}${because.en}`, `${short.zh}${because.zh}`)
}

function summaryOf(groups: readonly TraceGroup[], differs: readonly Differing[]): Text {
  const [first] = groups
  if (!first) return text('nothing was asked', '一次也没有访问')
  const { to, port } = first.story
  const whom = code(port === undefined ? to : to.includes(':') ? `[${to}]:${port}` : `${to}:${port}`)
  const all = join(
    groups.map((group) => group.text),
    '; ',
    '；',
  )
  const sent = groups.every(({ reached }) => reached !== undefined)
  // Asked by its address, that is said already.
  const itself = groups.every(({ reached }) => reached?.address === to)
  const was = itself
    ? all
    : sent
      ? text(`${whom} was ${all.en}`, `${whom} 是 ${all.zh}`)
      : text(`${whom}: ${all.en}`, `${whom}：${all.zh}`)
  if (groups.length === 1) return cleanText(text(`${was.en}.`, `${was.zh}。`))
  const list = join(
    differs.map((name) => called[name]),
    ', ',
    '、',
  )
  return cleanText(sentence([was, text(`what differs: ${list.en}`, `不同之处：${list.zh}`)]))
}

function timesInWords(times: number): string {
  return times === 1 ? 'once' : times === 2 ? 'twice' : counted(times, 'time', 'times')
}
