import { useEffect, useId } from 'preact/hooks'
import type { CheckView, PageQuestion, PageStep, StepView } from '../../server/protocol/protocol.js'
import { traceCheck } from '../network/inquiry/inquiry-state.js'
import { confirmed } from '../shell/dialog.js'
import { CrossIcon, DownIcon, HelpedIcon, PenIcon, SkipIcon, TickIcon, UnknownIcon } from '../shell/icons.js'
import { Toolbar } from '../shell/toolbar.js'
import { Coded, Words } from '../shell/words.js'
import { isOpen, page } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { ask, view } from '../state/session.js'
import { BlockBar } from './block-bar.js'
import { ChoiceField } from './choice-field.js'
import { draftOf, setDraft } from './drafts.js'
import { justDone, showSection, stepTitle } from './lab-state.js'
import { Differences, PredictionField } from './prediction-field.js'

const strings = stringsOf({
  en: {
    check: 'Check',
    checking: 'Checking…',
    asking: 'Still being asked. Last time:',
    read: 'I have read it',
    toRead: 'Nothing is checked here. Go on when you have read it.',
    hasRead: 'Read',
    never: 'Checked automatically as you work.',
    later: 'Checked automatically when you get to it.',
    whenAsked: 'Checked when you ask for it: until then counters and logs show only what you sent.',
    ifDone: 'Press Check once you have done it.',
    restarts: (hosts: string) =>
      `When all of it passes, Check restarts Docker on ${hosts} and looks once more: this has to outlive that.`,
    and: ' and ',
    tally: (passed: number, of: number) => `${passed} of ${of} checks pass`,
    passed: 'Step passed',
    helped: 'Done with help',
    skipped: 'Skipped',
    checked: (count: number) => (count === 1 ? '1 check' : `${count} checks`),
    pass: 'Pass',
    fail: 'Not yet',
    error: 'Unknown',
    unanswered: 'Not answered yet.',
    unverified: 'Could not be verified:',
    expected: 'Expected',
    observed: 'Found',
    hint: 'Hint',
    nextHint: (number: number, of: number) => `Hint (${number} of ${of})`,
    trace: 'Where did the packet go?',
    submit: 'Submit',
    answer: 'Your answer',
    showMe: 'Show me',
    doIt: 'Do it for me',
    skip: 'Skip',
    leaveOut: 'Leave it out',
    solution: 'One way to do it',
    did: 'This was run for you',
    help: 'Help with this step',
    showTitle: 'Show how it is done?',
    showText: 'Try the hints first. Once you have seen one way, the step is recorded as done with help, for good.',
    doTitle: 'Do this step for you?',
    doText: 'Its commands run on your hosts. The step will stay recorded as done with help.',
    skipTitle: 'Skip this step?',
    skipText: 'Later steps may need what this one builds. You can come back to it at any time.',
    goOn: (heading: string) => `Continue: ${heading}`,
    toFinish: 'To the summary',
  },
  zh: {
    check: '检查',
    checking: '正在检查…',
    asking: '还在检查。上次的结果：',
    read: '读完了',
    toRead: '这一步不做检查，读完就可以继续。',
    hasRead: '已读',
    never: '操作时会自动检查。',
    later: '做到这一步时会自动检查。',
    whenAsked: '点“检查”时才会检查：在那之前，计数器和日志里只有你自己发的包。',
    ifDone: '补做之后请点“检查”。',
    restarts: (hosts: string) => `全部通过后，“检查”会重启 ${hosts} 上的 Docker 再看一次：这一步的结果要经得起重启。`,
    and: '、',
    tally: (passed: number, of: number) => `${of} 项检查通过了 ${passed} 项`,
    passed: '这一步通过了',
    helped: '借助帮助完成',
    skipped: '已跳过',
    checked: (count: number) => `${count} 项检查`,
    pass: '通过',
    fail: '还不对',
    error: '未知',
    unanswered: '还没有回答。',
    unverified: '无法验证：',
    expected: '期望',
    observed: '实际',
    hint: '提示',
    nextHint: (number: number, of: number) => `提示（${number}/${of}）`,
    trace: '数据包去了哪里？',
    submit: '提交',
    answer: '你的答案',
    showMe: '看答案',
    doIt: '替我完成',
    skip: '跳过',
    leaveOut: '不做这一步',
    solution: '一种做法',
    did: '已替你运行',
    help: '这一步的帮助',
    showTitle: '查看做法？',
    showText: '不妨先看提示。看过做法之后，这一步将记为“借助帮助完成”，之后不会更改。',
    doTitle: '替你完成这一步？',
    doText: '会在你的主机上运行这一步的命令。这一步将记为“借助帮助完成”，之后不会更改。',
    skipTitle: '跳过这一步？',
    skipText: '后面的步骤可能要用到这一步的结果。之后随时可以回来补做。',
    goOn: (heading: string) => `继续：${heading}`,
    toFinish: '查看总结',
  },
})

/** Under the section of a step: what was looked at and found, help, and the way on. */
export function CheckPanel({ step: { id, answers, toRead, whenAsked, restarts } }: { step: PageStep }) {
  const step = view.value?.steps.find((one) => one.id === id)
  const t = strings.value
  const state = step?.state ?? 'open'
  const heading = useId()
  const done = state === 'passed' || state === 'helped'
  return (
    // biome-ignore lint/a11y/useSemanticElements: no landmark of the page, and no fieldset of a form
    <div
      role="group"
      class={`check ${state}${justDone.value.has(id) ? ' just' : ''}${view.value?.current === id ? ' current' : ''}`}
      aria-labelledby={heading}
    >
      <header>
        <h3 id={heading}>
          <Face step={step} toRead={toRead} whenAsked={whenAsked} />
        </h3>
        {!done && (
          <button
            type="button"
            class={view.value?.current === id ? 'primary' : ''}
            disabled={!isOpen.value || step?.checking === 'asked'}
            onClick={() => ask('step.check', { step: id })}
          >
            {toRead ? t.read : t.check}
          </button>
        )}
      </header>
      {!done && restarts.length > 0 && (
        <p class="restarts">
          <Coded text={t.restarts(restarts.map((host) => `\`${host}\``).join(t.and))} />
        </p>
      )}
      {answers.length > 0 && (
        <div class="answers">
          {answers.map((answer) => {
            const check = step?.checks.find((one) => one.answer === answer.id)
            const { predict } = answer
            if (predict !== undefined) {
              return (
                <PredictionField
                  key={answer.id}
                  step={id}
                  question={answer}
                  predict={predict}
                  done={done}
                  check={check}
                >
                  {check !== undefined && <Check step={id} check={check} done={done} predict={predict} />}
                </PredictionField>
              )
            }
            if (answer.choose === undefined)
              return <AnswerField key={answer.id} step={id} answer={answer} done={done} check={check} />
            return (
              <ChoiceField key={answer.id} step={id} question={answer} choose={answer.choose} done={done} check={check}>
                {check !== undefined && <Check step={id} check={check} done={done} />}
              </ChoiceField>
            )
          })}
        </div>
      )}
      {step !== undefined && step.checks.length > 0 && <Checks step={step} done={done} />}
      {step?.solution !== undefined && <Solution blocks={step.solution} />}
      {step?.done !== undefined && <Done blocks={step.done} />}
      {!done && !toRead && step !== undefined && <Help step={step} />}
      {step !== undefined && state !== 'open' && <Onward id={id} />}
    </div>
  )
}

interface FaceProps extends Pick<PageStep, 'toRead' | 'whenAsked'> {
  step: StepView | undefined
}

function Face({ step, toRead, whenAsked }: FaceProps) {
  const t = strings.value
  if (step?.state === 'passed')
    return (
      <>
        <span class="face">
          <TickIcon />
        </span>
        {toRead ? t.hasRead : t.passed}
      </>
    )
  if (step?.state === 'helped')
    return (
      <>
        <span class="face">
          <HelpedIcon />
        </span>
        {t.helped}
      </>
    )
  const unseen = toRead
    ? t.toRead
    : step?.state === 'skipped'
      ? t.ifDone
      : whenAsked
        ? t.whenAsked
        : view.value?.current === step?.id
          ? t.never
          : t.later
  const tally =
    step === undefined || step.checks.length === 0
      ? unseen
      : t.tally(step.checks.filter((check) => check.finding.outcome === 'pass').length, step.checks.length)
  return (
    <>
      {step?.state === 'skipped' && (
        <>
          <span class="face">
            <SkipIcon />
          </span>
          {t.skipped} ·{' '}
        </>
      )}
      {step?.checking === 'asked' ? t.checking : tally}
      {step?.checking !== undefined && <span class="pulse" aria-hidden="true" />}
    </>
  )
}

/** What was found; what was found of an answer stands at its question, as long as it can be answered. */
function Checks({ step, done }: { step: StepView; done: boolean }) {
  const listed = done ? step.checks : step.checks.filter(({ answer }) => answer === undefined)
  if (listed.length === 0) return null
  const list = (
    <ul class="checks">
      {listed.map((check) => (
        <Check key={check.index} step={step.id} check={check} done={done} />
      ))}
    </ul>
  )
  if (!done) return list
  return (
    <details>
      <summary>{strings.value.checked(step.checks.length)}</summary>
      {list}
    </details>
  )
}

function Check({
  step,
  check,
  done,
  predict,
}: {
  step: string
  check: CheckView
  done: boolean
  /** Where it is a prediction. */
  predict?: PageQuestion['predict']
}) {
  const t = strings.value
  const { finding, hints, moreHints } = check
  // Nothing is wrong with an answer that was not given yet.
  const unanswered = finding.outcome === 'fail' && isUnanswered(finding.reason)
  const differs = finding.outcome === 'fail' && finding.cells !== undefined && predict !== undefined
  return (
    <li class={`${unanswered ? 'unanswered' : finding.outcome}${check.asking ? ' asking' : ''}`}>
      <span class="face">
        {finding.outcome === 'pass' ? (
          <TickIcon />
        ) : unanswered ? (
          <PenIcon />
        ) : finding.outcome === 'fail' ? (
          <CrossIcon />
        ) : (
          <UnknownIcon />
        )}
        <span class="unseen">
          {t[finding.outcome]}
          {marks.value.colon}
        </span>
      </span>
      <div>
        {check.asking && (
          <p class="still">
            {t.asking}
            <span class="pulse" aria-hidden="true" />
          </p>
        )}
        {finding.outcome === 'pass' && (
          <p>
            <Words text={finding.observed} finding />
          </p>
        )}
        {unanswered && <p>{t.unanswered}</p>}
        {differs && (
          <>
            <p class="why">
              <Words text={finding.observed} finding />
            </p>
            <Differences step={step} check={check} predict={predict} />
          </>
        )}
        {finding.outcome === 'fail' && !unanswered && !differs && (
          <>
            <p class="why">
              <Words text={finding.why} finding />
            </p>
            <dl>
              <dt>{t.expected}</dt>
              <dd>
                <Words text={finding.expected} finding />
              </dd>
              <dt>{t.observed}</dt>
              <dd>
                <Words text={finding.observed} finding />
              </dd>
            </dl>
          </>
        )}
        {finding.outcome === 'error' && (
          <p class="why">
            {t.unverified}
            {marks.value.blank}
            <Words text={finding.why} finding />
          </p>
        )}
        {hints.length > 0 && (
          <ol class="hints" aria-label={t.hint}>
            {hints.map((hint) => (
              <li key={hint.en}>
                <Words text={hint} />
              </li>
            ))}
          </ol>
        )}
        {check.traceable && !differs && (
          <button
            type="button"
            class="link trace"
            disabled={!isOpen.value}
            onClick={() => traceCheck(step, check.index)}
          >
            {t.trace}
          </button>
        )}
        {!done && finding.outcome !== 'pass' && moreHints > 0 && (
          <button
            type="button"
            class="link"
            disabled={!isOpen.value}
            onClick={() => ask('step.hint', { step, check: check.index })}
          >
            {t.nextHint(hints.length + 1, hints.length + moreHints)}
          </button>
        )}
      </div>
    </li>
  )
}

/** Nothing was typed or chosen yet. */
function isUnanswered(reason: string): boolean {
  return ['answer.none', 'choice.none', 'number.none', 'pattern.none', 'prediction.none'].includes(reason)
}

function AnswerField({
  step,
  answer,
  done,
  check,
}: {
  step: string
  answer: PageQuestion
  done: boolean
  check: CheckView | undefined
}) {
  const t = strings.value
  const field = useId()
  const found = useId()
  const wrong = check?.finding.outcome === 'fail' && !isUnanswered(check.finding.reason)
  const kept = view.value?.answers[answer.id] ?? ''
  const shown = page.value
  const lab = shown?.ok === true ? shown.value.lab.id : ''
  // What is being typed stays, whatever comes from the server meanwhile.
  const typed = draftOf(lab, answer.id)
  const setTyped = (text: string | undefined) => setDraft(lab, answer.id, text)
  useEffect(() => {
    // It has arrived.
    if (typed?.trim() === kept) setTyped(undefined)
  }, [kept])
  if (done) {
    return kept === '' ? null : (
      <p class="answered">
        <span>
          <Words text={answer.ask} />
        </span>
        {marks.value.blank}
        <strong>{kept}</strong>
      </p>
    )
  }
  const form = (
    <form
      onSubmit={async (event) => {
        event.preventDefault()
        const text = (typed ?? kept).trim()
        if (text === '') return
        await ask('step.answer', { step, id: answer.id, text })
      }}
    >
      <label for={field}>
        <Words text={answer.ask} />
      </label>
      <span>
        <input
          id={field}
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={1000}
          aria-invalid={wrong}
          aria-describedby={check === undefined ? undefined : found}
          value={typed ?? kept}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" disabled={!isOpen.value || (typed ?? kept).trim() === ''}>
          {t.submit}
        </button>
      </span>
    </form>
  )
  return (
    <div class="question">
      {form}
      {check !== undefined && (
        <ul class="checks" id={found}>
          <Check step={step} check={check} done={done} />
        </ul>
      )}
    </div>
  )
}

/** As the server knows them: Go templates look otherwise. */
const liveValue = /\{\{([a-z0-9_]+)\}\}/

function Solution({ blocks }: { blocks: NonNullable<StepView['solution']> }) {
  const t = strings.value
  return (
    <div class="prose solution">
      <h4>{t.solution}</h4>
      {blocks.map((block) => (
        <div class="block" key={JSON.stringify(block.ref)}>
          <div class="above">
            <BlockBar block={block.ref} host={block.host} text={block.text} live={liveValue.test(block.text)} />
          </div>
          <pre>
            <code>
              {/* Names and what stands between them take turns. */}
              {block.text.split(liveValue).map((part, at) => (at % 2 === 0 ? part : <span class="live">{part}</span>))}
            </code>
          </pre>
        </div>
      ))}
    </div>
  )
}

function Done({ blocks }: { blocks: NonNullable<StepView['done']> }) {
  return (
    <details class="prose solution" open={blocks.some((block) => block.problem !== undefined)}>
      <summary>{strings.value.did}</summary>
      {blocks.map((block, at) => (
        <div class="block" key={at}>
          <div class="above">
            <BlockBar host={block.host} text={block.text} past />
          </div>
          <pre>
            <code>{block.text}</code>
          </pre>
          {block.problem !== undefined && <p class="inline-trouble">{block.problem}</p>}
        </div>
      ))}
    </details>
  )
}

function Help({ step }: { step: StepView }) {
  const t = strings.value
  return (
    <Toolbar class="help" label={t.help}>
      {step.solution === undefined && (
        <button
          type="button"
          class="link"
          disabled={!isOpen.value}
          onClick={async () => {
            if (await confirmed({ title: t.showTitle, text: t.showText, action: t.showMe })) {
              await ask('step.show', { step: step.id })
            }
          }}
        >
          {t.showMe}
        </button>
      )}
      <button
        type="button"
        class="link"
        disabled={!isOpen.value}
        onClick={async () => {
          if (await confirmed({ title: t.doTitle, text: t.doText, action: t.doIt })) {
            await ask('step.do', { step: step.id })
          }
        }}
      >
        {t.doIt}
      </button>
      {step.state === 'open' && (
        <button
          type="button"
          class="link"
          disabled={!isOpen.value}
          onClick={async () => {
            if (step.optional || (await confirmed({ title: t.skipTitle, text: t.skipText, action: t.skip }))) {
              await ask('step.skip', { step: step.id })
            }
          }}
        >
          {step.optional ? t.leaveOut : t.skip}
        </button>
      )}
    </Toolbar>
  )
}

/** Where it goes on: the step that is open, or the finish. */
function Onward({ id }: { id: string }) {
  const t = strings.value
  const steps = view.value?.steps ?? []
  const at = steps.findIndex((step) => step.id === id)
  const next = steps.slice(at + 1).find((step) => step.state === 'open') ?? steps.find((step) => step.state === 'open')
  // Only where one has just come from: those who read what is long done need no push.
  const latest = steps.findLastIndex((step) => step.state !== 'open') === at
  if (!latest && [...justDone.value].at(-1) !== id) return null
  return (
    <p class="onward">
      <button type="button" class="primary" onClick={() => showSection(next?.id ?? 'finish')}>
        {next === undefined ? t.toFinish : t.goOn(stepTitle(next.id).heading)} <DownIcon />
      </button>
    </p>
  )
}
