import { VethlabError } from '../error/vethlab-error.js'
import { clean } from '../report/clean.js'
import { escapeHtml, htmlPage, list, prose, resultHtml } from '../report/html.js'
import type { Result, StepResult } from '../report/result.js'
import { stateWord } from '../report/words.js'
import { manyLines, oneLine } from '../wording/one-line.js'
import type { Language, Text } from '../wording/text.js'
import { askedHtml } from './asked-html.js'
import { networkPart } from './network-part.js'
import type { PagePart } from './page-part.js'
import { playerOf } from './player.js'
import { type Bundle, changesOf, momentsIn, resultOf, stateOf, transcriptOf, verdictsOf } from './read-bundle.js'
import { type CheckRecord, type Moment, names, type StepRecord } from './record.js'

const words = {
  en: {
    evidence: 'What this was found by',
    whole: (key: string) => `All is as it was signed by ${key}.`,
    faults: 'This is not what was signed:',
    graded: (at: string, vethlab: string) => `graded ${at} by vethlab ${vethlab}`,
    machine: (golden: string, kernel: string) => `hosts of golden ${golden}, kernel ${kernel}`,
    lab: (id: string, hash: string) => `lab ${id}, ${hash}`,
    changed: 'What the work has changed',
    nothing: 'Nothing that is told of.',
    judgedBy: (title: string) => `What “${title}” was judged by`,
    check: (n: number, family: string) => `Check ${n} (\`${family}\`)`,
    asked: 'What was asked, and what came back',
    overTime: 'this verdict rests on time, not on one picture',
    network: 'The network, moment by moment',
    moments: {
      submission: {
        before: 'Before anything was run',
        step: (title: string) => `When “${title}” was judged`,
        after: 'When all was judged',
      },
      session: {
        before: 'When it was handed in',
        step: (title: string) => `When “${title}” was judged`,
        after: 'When all was judged',
      },
    },
    changedMeanwhile: 'What has changed while it was judged',
    done: 'What was done, and what it changed',
    byItself: 'by itself',
    transcript: 'What was run, and what it printed',
    asText: 'The same as text',
    colon: ': ',
  },
  zh: {
    evidence: '评分依据',
    whole: (key: string) => `所有内容与 ${key} 签名时一致。`,
    faults: '以下内容与签名时不一致：',
    graded: (at: string, vethlab: string) => `评分时间 ${at}，vethlab ${vethlab}`,
    machine: (golden: string, kernel: string) => `主机系统 ${golden}，内核 ${kernel}`,
    lab: (id: string, hash: string) => `实验 ${id}，${hash}`,
    changed: '作业带来的变化',
    nothing: '没有可说明的变化。',
    judgedBy: (title: string) => `“${title}”的判定依据`,
    check: (n: number, family: string) => `第 ${n} 项检查（\`${family}\`）`,
    asked: '评分时的探测与应答',
    overTime: '这个结论取决于一段时间内的观察，而不是某一时刻的状态',
    network: '各个时刻的网络',
    moments: {
      submission: {
        before: '执行之前',
        step: (title: string) => `检查“${title}”时`,
        after: '评分结束时',
      },
      session: {
        before: '提交时',
        step: (title: string) => `检查“${title}”时`,
        after: '评分结束时',
      },
    },
    changedMeanwhile: '评分期间的变化',
    done: '操作及其变化',
    byItself: '自行发生',
    transcript: '执行的命令与输出',
    asText: '文本形式',
    colon: '：',
  },
} as const satisfies Record<Language, unknown>

/** A bundle as one page that is read without a network: no script but the player's, and everything that is said is escaped. */
export function evidencePage(folder: string, bundle: Bundle, key: string, language: Language): string {
  const say = words[language]
  const { manifest, faults } = bundle
  const result = clean(resultOf(folder, bundle))
  const verdicts = verdictsOf(folder, bundle)
  const changes = changesOf(folder, bundle)
  const changedSay = result.attempt.of === 'session' ? say.changedMeanwhile : say.changed
  const body = [
    ...resultHtml(result, language),
    `<h1>${say.evidence}</h1>`,
    faults.length === 0
      ? `<p class="passed">${escapeHtml(say.whole(key))}</p>`
      : `<p class="failed">${say.faults}</p>${list(faults.map((fault) => escapeHtml(oneLine(fault[language])))).join('')}`,
    ...list(
      [
        say.graded(manifest.madeAt, manifest.vethlab),
        say.machine(manifest.golden, manifest.kernel),
        say.lab(manifest.lab.id, manifest.lab.hash),
      ].map((fact) => escapeHtml(oneLine(fact))),
    ),
    ...(changes ? [`<h2>${changedSay}</h2>`, ...changesHtml(changes, language)] : []),
  ]
  const parts: PagePart[] = []
  const network = networkHtml(folder, bundle, result, language)
  if (network) {
    body.push(`<h2>${say.network}</h2>`, ...network.body)
    parts.push(network)
  }
  body.push(...(verdicts?.steps ?? []).flatMap((step) => stepHtml(step, pictureOf(bundle, step), result, language)))
  const moments = momentsIn(folder, bundle)
  if (moments) body.push(`<h2>${say.done}</h2>`, ...momentsHtml(moments, language))
  const transcript = transcriptOf(folder, bundle)
  if (transcript !== undefined) {
    const player = playerOf(bundle.files.get(names.transcript)!.toString())
    const shown = manyLines(transcript.replace(sequences, ''), mostShown)
    body.push(
      `<h2>${say.transcript}</h2>`,
      ...player.body,
      `<details><summary>${say.asText}</summary>`,
      `<pre dir="ltr" class="transcript">${escapeHtml(shown)}</pre>`,
      '</details>',
    )
    parts.push(player)
  }
  const sources = parts.flatMap(({ scriptSources }) => scriptSources)
  return htmlPage(result.assignment.title[language], body, language, {
    style: [style, ...parts.map((part) => part.style)].join(''),
    ...(sources.length === 0 ? {} : { scriptSources: sources.join(' ') }),
    // What runs in the page speaks as the page does, whatever the browser prefers.
    head: [`<meta name="language" content="${language}">`],
  })
}

/** All pictures of the bundle, by what they are called there; undefined where there are none, or none that can be drawn. */
function networkHtml(folder: string, bundle: Bundle, result: Result, language: Language): PagePart | undefined {
  const say = words[language].moments[result.attempt.of]
  const titles = new Map(
    result.steps.map(({ id, title }) => [`states/step-${id}.json`, say.step(oneLine(title[language], 100))]),
  )
  titles.set('states/before.json', say.before).set('states/after.json', say.after)
  const found = [...titles].filter(([name]) => bundle.files.has(name))
  try {
    const pictures = found.map(([name, title]) => ({ name, title, state: stateOf(folder, bundle, name) }))
    const isFirst = ({ name }: { name: string }) => Number(name !== 'states/before.json')
    const inOrder = pictures.toSorted((a, b) => isFirst(a) - isFirst(b) || (a.state.takenAt < b.state.takenAt ? -1 : 1))
    return inOrder.length === 0 ? undefined : networkPart(inOrder)
  } catch (error) {
    // Whoever signed it may have put anything there.
    const what = `a picture is not as vethlab writes it: ${oneLine((error as Error).message, 120)}`
    throw new VethlabError('evidence.invalid', what, {
      place: oneLine(folder, 200),
      cure: 'Name the folder of a bundle, as `vethlab grade --evidence` wrote it.',
    })
  }
}

function momentsHtml(moments: readonly Moment[], language: Language): string[] {
  const say = words[language]
  if (moments.length === 0) return [`<p>${say.nothing}</p>`]
  const entries = moments.map(({ at, host, command, changes }) => {
    const time = `<time datetime="${at}">${at.slice(11, 19)} UTC</time>`
    const what =
      command === undefined
        ? say.byItself
        : `${escapeHtml(oneLine(host ?? '', 64))} <code>${escapeHtml(oneLine(command, 1000))}</code>`
    return [`${time} ${what}`, ...list(changes.map((change) => prose(oneLine(change[language]))))].join('\n')
  })
  return list(entries)
}

function changesHtml(changes: readonly Text[], language: Language): string[] {
  if (changes.length === 0) return [`<p>${words[language].nothing}</p>`]
  return list(changes.map((change) => prose(oneLine(change[language]))))
}

function stepHtml({ id, checks, asked }: StepRecord, picture: unknown, result: Result, language: Language): string[] {
  const say = words[language]
  const step = result.steps.find((one) => one.id === id)
  const entries = asked.map((one) => askedHtml(one, picture, language))
  return [
    `<h2>${prose(say.judgedBy(oneLine(step?.title[language] ?? id, 100)))}</h2>`,
    ...list(checks.map((check, at) => checkHtml(check, at, step, language))),
    ...(entries.length === 0 ? [] : [`<details><summary>${say.asked}</summary>`, ...list(entries), '</details>']),
  ]
}

/** The network when a step was judged, as JSON has it; undefined where there is no such picture. */
function pictureOf({ files }: Bundle, { state }: StepRecord): unknown {
  const bytes = state === undefined ? undefined : files.get(state)
  try {
    return bytes && JSON.parse(bytes.toString())
  } catch {
    // Whoever signed it may have named any file.
    return undefined
  }
}

function checkHtml(
  { id, family, finding, repeats }: CheckRecord,
  at: number,
  step: StepResult | undefined,
  language: Language,
): string {
  const say = words[language]
  const states = { pass: 'passed', fail: 'failed', error: 'could-not-tell' } as const
  const state = states[finding.outcome]
  const said = finding.outcome === 'error' ? finding.why : finding.observed
  const question = step?.checks.find((one) => one.id === id)?.title?.[language]
  const name = [say.check(at + 1, oneLine(family, 60)), ...(question === undefined ? [] : [oneLine(question)])]
  const head = `<span class="${state}">${prose([...name, stateWord(state, language)].join(say.colon))}</span>`
  return [head, ...list([prose(oneLine(said[language])), ...(repeats ? [] : [escapeHtml(say.overTime)])])].join('\n')
}

/** Escape sequences of a terminal, as far as programs print them (ECMA-48): a page has no use for them. */
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g

/** Of a transcript, in characters: all of it is in the bundle. */
const mostShown = 200_000

const style = `
details { margin: 0.5rem 0 } .kept pre { max-height: 20rem; overflow: auto } summary { cursor: pointer }
.transcript { border: 1px solid; padding: 0.5rem; max-height: 40rem; overflow: auto }
`
