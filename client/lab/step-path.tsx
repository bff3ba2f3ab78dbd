import type { StepView } from '../../server/protocol/protocol.js'
import { HelpedIcon, SkipIcon, TickIcon } from '../shell/icons.js'
import { page } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { view } from '../state/session.js'
import { justDone, showSection, stepTitle } from './lab-state.js'

const strings = stringsOf({
  en: {
    steps: 'Steps',
    open: 'open',
    optional: 'optional',
    current: 'current step',
    passed: 'passed',
    helped: 'done with help',
    skipped: 'skipped',
    checking: 'being checked',
    step: (number: number, heading: string, state: string) => `Step ${number}: ${heading} (${state})`,
  },
  zh: {
    steps: '步骤',
    open: '未完成',
    optional: '选做',
    current: '当前步骤',
    passed: '已通过',
    helped: '借助帮助完成',
    skipped: '已跳过',
    checking: '正在检查',
    step: (number: number, heading: string, state: string) => `第 ${number} 步：${heading}（${state}）`,
  },
})

/** The steps as plugs on a cable: where one is, and what is done. */
export function StepPath() {
  const shown = page.value
  if (shown?.ok !== true) return <nav class="path" aria-label={strings.value.steps} />
  const steps = shown.value.steps
  return (
    <nav class="path" aria-label={strings.value.steps}>
      <ol>
        {steps.map(({ id }) => (
          <Plug key={id} id={id} step={view.value?.steps.find((one) => one.id === id)} />
        ))}
      </ol>
    </nav>
  )
}

function Plug({ id, step }: { id: string; step: StepView | undefined }) {
  const t = strings.value
  const state = step?.state ?? 'open'
  const current = view.value?.current === id
  const { number, heading } = stepTitle(id)
  const words = [
    ...(step?.optional ? [t.optional] : []),
    current ? t.current : t[state],
    ...(step?.checking === undefined ? [] : [t.checking]),
  ].join(marks.value.comma)
  return (
    <li class={`${state}${current ? ' current' : ''}${justDone.value.has(id) ? ' just' : ''}`}>
      <a
        href={`#section-${id}`}
        title={heading}
        aria-current={current ? 'step' : undefined}
        onClick={(event) => {
          event.preventDefault()
          showSection(id)
        }}
      >
        <span class={step?.checking === undefined ? 'plug' : 'plug checking'} aria-hidden="true">
          {state === 'passed' ? (
            <TickIcon />
          ) : state === 'helped' ? (
            <HelpedIcon />
          ) : state === 'skipped' ? (
            <SkipIcon />
          ) : (
            number
          )}
        </span>
        <span class="name" aria-hidden="true">
          {heading}
        </span>
        <span class="unseen">{t.step(number, heading, words)}</span>
      </a>
    </li>
  )
}
