import '../style/choice.css'
import type { ComponentChildren } from 'preact'
import { useEffect, useId } from 'preact/hooks'
import type { CheckView, PageQuestion } from '../../server/protocol/protocol.js'
import { Words } from '../shell/words.js'
import { isOpen, page } from '../state/lab.js'
import { inLanguage, marks, stringsOf } from '../state/language.js'
import { ask, view } from '../state/session.js'
import { draftOf, setDraft } from './drafts.js'

const strings = stringsOf({
  en: {
    one: 'Choose one answer.',
    several: 'Choose all that are right.',
    submit: 'Submit',
  },
  zh: {
    one: '单选题。',
    several: '多选题：选出所有正确的选项。',
    submit: '提交',
  },
})

interface ChoiceFieldProps {
  step: string
  question: PageQuestion
  choose: NonNullable<PageQuestion['choose']>
  done: boolean
  check: CheckView | undefined
  /** What was found of it. */
  children: ComponentChildren
}

/** A question with answers to choose from: radio buttons or boxes, and a button that hands them in. */
export function ChoiceField({ step, question, choose, done, check, children }: ChoiceFieldProps) {
  const t = strings.value
  const found = useId()
  const group = useId()
  const kept = view.value?.answers[question.id] ?? ''
  const shown = page.value
  const lab = shown?.ok === true ? shown.value.lab.id : ''
  // What is being chosen stays, whatever comes from the server meanwhile, and over a reload.
  const draft = draftOf(lab, question.id)
  const setNow = (ids: readonly string[] | undefined) => setDraft(lab, question.id, ids?.join(' '))
  const chosen = wordsOf(draft ?? kept)
  useEffect(() => {
    // It has arrived.
    if (draft !== undefined && isSame(wordsOf(draft), wordsOf(kept))) setNow(undefined)
  }, [kept])
  const options = choose.options.filter(({ id }) => chosen.includes(id))
  if (done) {
    return options.length === 0 ? null : (
      <p class="answered chosen">
        <span>
          <Words text={question.ask} />
        </span>
        {marks.value.blank}
        <strong>{options.map(({ text }) => inLanguage(text).replaceAll('`', '')).join(marks.value.semicolon)}</strong>
      </p>
    )
  }
  const wrong = check?.finding.outcome === 'fail' && check.finding.reason !== 'choice.none'
  return (
    <form
      class="question"
      onSubmit={async (event) => {
        event.preventDefault()
        if (options.length === 0) return
        await ask('step.answer', { step, id: question.id, text: options.map(({ id }) => id).join(' ') })
      }}
    >
      <fieldset class="choice" aria-describedby={check === undefined ? undefined : found}>
        <legend>
          <Words text={question.ask} />
          {marks.value.blank}
          <span class="muted">{choose.several ? t.several : t.one}</span>
        </legend>
        {choose.options.map(({ id, text }) => (
          <label key={id}>
            <input
              type={choose.several ? 'checkbox' : 'radio'}
              name={group}
              value={id}
              checked={chosen.includes(id)}
              aria-invalid={wrong && wordsOf(kept).includes(id) && chosen.includes(id)}
              onChange={({ currentTarget }) => {
                const others = choose.several ? chosen.filter((one) => one !== id) : []
                setNow(currentTarget.checked ? [...others, id] : others)
              }}
            />
            <span>
              <Words text={text} />
            </span>
          </label>
        ))}
        <button type="submit" disabled={!isOpen.value || options.length === 0}>
          {t.submit}
        </button>
      </fieldset>
      {check !== undefined && (
        <ul class="checks" id={found}>
          {children}
        </ul>
      )}
    </form>
  )
}

/** In whatever order they were chosen. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join(' ') === other.toSorted().join(' ')
}

function wordsOf(answer: string): string[] {
  return answer.split(/[\s,]+/).filter((word) => word !== '')
}
