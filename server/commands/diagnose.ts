import { styleText } from 'node:util'
import { Command, Option } from 'commander'
import { diagnose } from '../diagnosis/diagnose.js'
import type { DiagnosisFinding, DiagnosisReport, DiagnosisStage } from '../diagnosis/report.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { RackdClient } from '../node/rackd-client.js'
import { RackGround } from '../racks/rack-ground.js'
import { type Language, languages, type Text } from '../wording/text.js'
import { untilSignal } from './until-signal.js'
import { withRacks } from './with-racks.js'

const exitCodes: Record<DiagnosisReport['outcome'], number> = { healthy: 0, faulty: 1, error: 2 }

export function diagnoseCommand(): Command {
  return new Command('diagnose')
    .description('find out what is wrong with a container: itself, same network, to the outside, from the outside')
    .argument('<rack>', 'id of an open rack')
    .argument('<container>', 'such as web, or node2/web; a name alone is looked for on the first docker host')
    .addOption(new Option('--language <language>', 'of the report').choices(languages).default('en'))
    .option('--json', 'print a JSON document', false)
    .addHelpText('after', '\nExit code: 0 nothing is wrong, 1 something is, 2 could not tell.')
    .action(async (id: string, container: string, { language, json }: { language: Language; json: boolean }) => {
      const report = await untilSignal((signal) =>
        withRacks(async (racks) =>
          diagnose(new RackGround(racks, id), { container, home: await homeOf(racks, id) }, { signal }),
        ),
      )
      process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : readable(report, language))
      process.exitCode = exitCodes[report.outcome]
    })
}

/** The host that names without one belong to: the first with an Engine, as in labs. */
async function homeOf(racks: RackdClient, id: string): Promise<string> {
  const { hosts } = await racks.info(id)
  const home = hosts.find(({ kind }) => kind === 'docker')
  if (home) return home.name
  throw new VethlabError('host.no-engine', 'has no host with a Docker Engine', {
    place: id,
    cure: 'Diagnose a container of a rack that has one.',
  })
}

const marks: Record<DiagnosisFinding['outcome'], { sign: string; style: 'green' | 'red' | 'yellow' }> = {
  ok: { sign: '✓', style: 'green' },
  problem: { sign: '✗', style: 'red' },
  note: { sign: '·', style: 'yellow' },
}

const outcomes: Record<DiagnosisStage['outcome'], Text> = {
  ok: { en: 'ok', zh: '正常' },
  problem: { en: 'problem', zh: '有问题' },
  skipped: { en: 'skipped', zh: '跳过' },
}

/** For people: what was found, what shows it, what to try. Colours only on a terminal, and as NO_COLOR says. */
function readable(report: DiagnosisReport, language: Language): string {
  const stages = report.stages.map(
    ({ title, outcome, findings }, at) =>
      `${paint('bold', `${at + 1}  ${title[language]}`)}  ${paint('dim', outcomes[outcome][language])}\n${findings
        .map((finding) => lines(finding, language))
        .join('')}`,
  )
  return `${stages.join('\n')}\n${paint('bold', report.summary[language])}\n`
}

function lines({ outcome, text, evidence, tries, trace }: DiagnosisFinding, language: Language): string {
  const { sign, style } = marks[outcome]
  const hops = trace?.hops ?? []
  return [
    `  ${paint(style, sign)} ${text[language]}`,
    ...evidence.map((line) => `      ${paint('dim', line)}`),
    ...hops.map((hop) => `      ${hopSigns[hop.state]} ${hop.place}: ${hop.text[language]}`),
    ...tries.map((one) => `    → ${one[language]}`),
    '',
  ].join('\n')
}

const hopSigns = { ok: '↓', stop: '✗', unknown: '?' }

function paint(style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
