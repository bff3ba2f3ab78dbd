import { styleText } from 'node:util'
import { Command, InvalidArgumentError, Option } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import type { RackdClient } from '../node/rackd-client.js'
import { readSpokenTarget } from '../place/read-target.js'
import { RackGround } from '../racks/rack-ground.js'
import { mostTimes, traceSeries } from '../trace/repeat.js'
import type { TraceSeries } from '../trace/series.js'
import type { Hop, TraceStory } from '../trace/story.js'
import { traceStory } from '../trace/trace.js'
import { type Language, languages, type Text } from '../wording/text.js'
import { untilSignal } from './until-signal.js'
import { withRacks } from './with-racks.js'

interface TraceOptions {
  protocol?: 'icmp' | 'tcp' | 'udp'
  language: Language
  json: boolean
  http: boolean
  count?: number
}

/** Of all questions of `--count`: no more is begun after so long. Fifty that nobody answers come to their end before. */
const seriesMs = 300_000

const exitCodes: Record<TraceStory['outcome'], number> = { answered: 0, stopped: 1, error: 2 }

export function traceCommand(): Command {
  return new Command('trace')
    .description('send a packet, watch where it goes, and tell why it goes no further')
    .argument('<rack>', 'id of an open rack')
    .argument('<from>', 'such as laptop, web or node2/web; a name alone is looked for on the first docker host')
    .argument(
      '<to[:port]>',
      'likewise, or a name, an address ([fd00::5]:80), a LAN for its gateway, or a URL such as http://web:8080/path',
    )
    .addOption(
      new Option('--protocol <protocol>', 'tcp where there is a port, else icmp').choices(['tcp', 'udp', 'icmp']),
    )
    .addOption(new Option('--language <language>', 'of the story').choices(languages).default('en'))
    .option('--http', 'speak HTTP over the connection (TLS with https://), and say what comes of it', false)
    .option('--json', 'print a JSON document', false)
    .option('--count <times>', `ask so often, up to ${mostTimes} times, and say what differs`, readCount)
    .addHelpText(
      'after',
      '\nExit code: 0 answered, 1 stopped on the way, 2 could not tell. With --count: 0 if each was answered, 1 if one was stopped.',
    )
    .action(async (id: string, from: string, to: string, { protocol, language, json, http, count }: TraceOptions) => {
      const target = readSpokenTarget(to, protocol, http)
      if (count !== undefined) {
        await untilSignal((signal) =>
          withRacks(async (racks) => {
            const home = await homeOf(racks, id)
            const series = await traceSeries(
              new RackGround(racks, id),
              { from, ...target, home },
              { count, signal, deadlineMs: seriesMs, onStory: (_story, turn) => showProgress(turn, count) },
            )
            process.stdout.write(json ? `${JSON.stringify(series, null, 2)}\n` : readableSeries(series, language))
            process.exitCode = exitCodeOf(series)
          }),
        )
        return
      }
      const story = await untilSignal((signal) =>
        withRacks(async (racks) => {
          const home = await homeOf(racks, id)
          return traceStory(new RackGround(racks, id), { from, ...target, home }, { signal })
        }),
      )
      process.stdout.write(json ? `${JSON.stringify(story, null, 2)}\n` : readable(story, language))
      process.exitCode = exitCodes[story.outcome]
    })
}

function readCount(text: string): number {
  const count = Number(text)
  if (/^\d{1,3}$/.test(text) && count >= 1 && count <= mostTimes) return count
  throw new InvalidArgumentError(`Give a number from 1 to ${mostTimes}.`)
}

function exitCodeOf({ groups }: TraceSeries): number {
  if (groups.some(({ outcome }) => outcome === 'stopped')) return exitCodes.stopped
  return groups.length > 0 && groups.every(({ outcome }) => outcome === 'answered')
    ? exitCodes.answered
    : exitCodes.error
}

/** For whoever waits at a terminal. */
function showProgress(turn: number, count: number): void {
  if (process.stderr.isTTY) process.stderr.write(turn < count ? `\r${turn}/${count}` : '\r\u001b[K')
}

/** The host that names without one belong to, the first with an Engine, as in labs. */
async function homeOf(racks: RackdClient, id: string): Promise<string> {
  const { hosts } = await racks.info(id)
  const home = hosts.find(({ kind }) => kind === 'docker') ?? hosts[0]
  if (home) return home.name
  throw new VethlabError('host.not-found', 'has no hosts', { place: id, cure: 'Open a rack that has some.' })
}

const signs: Record<Hop['state'], { sign: string; style: 'green' | 'red' | 'yellow' }> = {
  ok: { sign: '✓', style: 'green' },
  stop: { sign: '✗', style: 'red' },
  unknown: { sign: '?', style: 'yellow' },
}

const headings: Record<'cause' | 'tries', Text> = {
  cause: { en: 'Why', zh: '原因' },
  tries: { en: 'What to try', zh: '可以试试' },
}

const endings: Record<NonNullable<TraceSeries['ended']>, (asked: number, count: number) => Text> = {
  stopped: (asked, count) => ({
    en: `Ended after ${asked} of ${count}.`,
    zh: `已中止：共 ${count} 次，完成了 ${asked} 次。`,
  }),
  time: (asked, count) => ({
    en: `The time was over after ${asked} of ${count}.`,
    zh: `时间已到：共 ${count} 次，完成了 ${asked} 次。`,
  }),
}

/** For people: a line for each kind of answer, one story of each kind that was not answered, and what differs. */
function readableSeries(series: TraceSeries, language: Language): string {
  const { groups, summary, ended, asked, count } = series
  const lines = groups.map(({ outcome, text }) => {
    const { sign, style } = signs[outcome === 'answered' ? 'ok' : outcome === 'stopped' ? 'stop' : 'unknown']
    return `${paint(style, sign)} ${text[language]}`
  })
  const stories = groups
    .filter(({ outcome }) => outcome !== 'answered')
    .map(({ turns, story }) => `${paint('bold', `#${turns[0]}`)}\n${readable(story, language)}`)
  const end = ended ? `${endings[ended](asked, count)[language]}\n` : ''
  return [
    `${lines.join('\n')}${lines.length > 0 ? '\n' : ''}`,
    ...stories,
    `${paint('bold', summary[language])}\n${end}`,
  ].join('\n')
}

/** For people: one line a hop, with what shows it below. Colours only on a terminal, and as NO_COLOR says. */
function readable({ hops, cause, summary, outcome }: TraceStory, language: Language): string {
  const width = `${hops.length}`.length
  const lines = hops.flatMap(({ state, text, evidence }, at) => {
    const { sign, style } = signs[state]
    const indent = ' '.repeat(width + 4)
    return [
      `${`${at + 1}`.padStart(width)}  ${paint(style, sign)} ${text[language]}`,
      ...evidence.map((line) => `${indent}${paint('dim', line)}`),
    ]
  })
  const style = outcome === 'answered' ? 'green' : outcome === 'stopped' ? 'red' : 'yellow'
  const why = cause
    ? [
        '',
        `${paint('bold', headings.cause[language])} (${cause.code})`,
        `  ${cause.what[language]}`,
        ...cause.evidence.map((line) => `  ${paint('dim', line)}`),
        ...(cause.tries.length > 0 ? ['', paint('bold', headings.tries[language])] : []),
        ...cause.tries.map((one) => `  → ${one[language]}`),
      ]
    : []
  return `${[...lines, ...(lines.length > 0 ? [''] : []), paint(style, summary[language]), ...why].join('\n')}\n`
}

function paint(style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
