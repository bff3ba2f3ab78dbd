import './author.css'
import { useState } from 'preact/hooks'
import type { AuthorLook, AuthorOutcome, AuthorVerdict, AuthorWay } from '../../server/protocol/author.js'
import { announce } from '../shell/announce.js'
import { CrossIcon, TickIcon } from '../shell/icons.js'
import { Words } from '../shell/words.js'
import { isOpen } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { preview } from '../state/preview.js'
import { ask, view } from '../state/session.js'

const strings = stringsOf({
  en: {
    title: 'For the author',
    solution: 'Run the page and its solution',
    alternative: (name: string) => `Alternative: ${name}`,
    mistake: (name: string) => `Mistake: ${name}`,
    look: (number: number, family: string) => `Look into check ${number} (${family})`,
    ways: 'Ways to try',
    checks: 'Checks',
    asSaid: 'As the lab’s files say.',
    notAsSaid: 'Not as the lab’s files say.',
    wanted: (reason: string) => `It should fail with ${reason}.`,
    commands: 'What was run',
    questions: (count: number) => (count === 1 ? '1 question to the network' : `${count} questions to the network`),
    none: 'Nothing was asked of the network: the check was made on its state alone.',
    state: 'The state of the network, as JSON',
    cut: 'Cut here: it goes on.',
    check: (number: number, family: string) => `Check ${number} (${family})`,
    pass: 'passes',
    fail: 'fails',
    error: 'could not be made',
  },
  zh: {
    title: '给作者',
    solution: '运行页面和解答中的命令',
    alternative: (name: string) => `另一种做法：${name}`,
    mistake: (name: string) => `错误做法：${name}`,
    look: (number: number, family: string) => `查看第 ${number} 项检查（${family}）`,
    ways: '可以试的做法',
    checks: '检查',
    asSaid: '与实验文件所写的一致。',
    notAsSaid: '与实验文件所写的不一致。',
    wanted: (reason: string) => `应当以 ${reason} 失败。`,
    commands: '运行的命令',
    questions: (count: number) => `向网络提了 ${count} 个问题`,
    none: '没有向网络提问：这项检查只看网络的状态。',
    state: '网络状态（JSON）',
    cut: '内容过长，到此截断。',
    check: (number: number, family: string) => `第 ${number} 项检查（${family}）`,
    pass: '通过',
    fail: '失败',
    error: '无法完成',
  },
})

/** Under a step, for its author: every way through it that the lab's files know, and a look into each check. */
export function AuthorStep({ id }: { id: string }) {
  const t = strings.value
  const [look, setLook] = useState<AuthorLook>()
  const step = preview.value?.steps.find((one) => one.id === id)
  if (step === undefined) return null
  const outcome = view.value?.author?.outcome
  const button = (words: string, run: () => unknown) => (
    <button key={words} type="button" disabled={!isOpen.value} onClick={run}>
      {words}
    </button>
  )
  const run = (way: AuthorWay) => {
    setLook(undefined)
    return ask('author.run', { step: id, way })
  }
  const lookInto = async (check: number) => {
    const answered = await ask('author.look', { step: id, check })
    setLook(answered.ok ? answered.value : undefined)
    if (answered.ok) announce(spoken(answered.value.verdict))
  }
  return (
    <details class="author-step">
      <summary>{t.title}</summary>
      <fieldset>
        <legend>{t.ways}</legend>
        {button(t.solution, () => run({ way: 'solution' }))}
        {step.alternatives.map((name) => button(t.alternative(name), () => run({ way: 'alternative', name })))}
        {step.mistakes.map(({ name }) => button(t.mistake(name), () => run({ way: 'mistake', name })))}
      </fieldset>
      {outcome?.step === id && <Outcome outcome={outcome} />}
      <fieldset>
        <legend>{t.checks}</legend>
        {step.checks.map(({ family }, at) => button(t.look(at + 1, family), () => lookInto(at)))}
      </fieldset>
      {look !== undefined && <Look look={look} />}
    </details>
  )
}

function Outcome({ outcome: { ran, verdicts, asSaid, reason } }: { outcome: AuthorOutcome }) {
  const t = strings.value
  return (
    <div class={asSaid ? 'outcome right' : 'outcome wrong'} role="status">
      <p>
        {asSaid ? <TickIcon /> : <CrossIcon />} <strong>{asSaid ? t.asSaid : t.notAsSaid}</strong>
        {marks.value.blank}
        {reason !== undefined && t.wanted(reason)}
      </p>
      <Verdicts verdicts={verdicts} />
      {ran.length > 0 && (
        <details open={ran.some(({ problem }) => problem !== undefined)}>
          <summary>{t.commands}</summary>
          {ran.map(({ host, text, problem }, at) => (
            <div key={at}>
              <pre>
                <code>{`${host}$ ${text}`}</code>
              </pre>
              {problem !== undefined && <p class="inline-trouble">{problem}</p>}
            </div>
          ))}
        </details>
      )}
    </div>
  )
}

function Look({ look: { verdict, questions, state, cut } }: { look: AuthorLook }) {
  const t = strings.value
  return (
    <div class="look">
      <Verdicts verdicts={[verdict]} />
      {questions.length === 0 ? (
        <p>{t.none}</p>
      ) : (
        <details open>
          <summary>{t.questions(questions.length)}</summary>
          <ol>
            {questions.map(({ host, question, answer }, at) => (
              <li key={at}>
                <code>{host}</code> <code>{question}</code> → <code>{answer}</code>
              </li>
            ))}
          </ol>
        </details>
      )}
      <details>
        <summary>{t.state}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is larger than its box is scrolled by keyboard */}
        <pre class="state" tabIndex={0}>
          <code>{state}</code>
        </pre>
        {cut && <p>{t.cut}</p>}
      </details>
    </div>
  )
}

function Verdicts({ verdicts }: { verdicts: readonly AuthorVerdict[] }) {
  const t = strings.value
  return (
    <ul>
      {verdicts.map(({ index, family, outcome, reason, why }) => (
        <li key={index} class={outcome}>
          {t.check(index + 1, family)} <strong>{t[outcome]}</strong> {reason !== undefined && <code>{reason}</code>}{' '}
          <Words text={why} finding />
        </li>
      ))}
    </ul>
  )
}

function spoken({ index, family, outcome, reason }: AuthorVerdict): string {
  const t = strings.peek()
  return `${t.check(index + 1, family)} ${t[outcome]} ${reason ?? ''}`
}
