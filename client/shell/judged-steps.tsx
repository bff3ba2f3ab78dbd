import type { HandedInView } from '../../server/protocol/classes.js'
import { inLanguage, marks, stringsOf } from '../state/language.js'
import { CrossIcon, TickIcon } from './icons.js'
import { Words } from './words.js'
import { pointsText } from './worth.js'

const strings = stringsOf({
  en: {
    passed: 'passed',
    failed: 'failed',
    skipped: 'not looked at',
    'could-not-tell': 'could not tell',
  },
  zh: {
    passed: '通过',
    failed: '未通过',
    skipped: '没有检查',
    'could-not-tell': '无法判定',
  },
})

/** What became of each step of work that was handed in, and why, as far as whoever reads may know it. */
export function JudgedSteps({ steps, notes }: Pick<HandedInView, 'steps' | 'notes'>) {
  const t = strings.value
  return (
    <>
      {steps !== undefined && (
        <ul class="judged">
          {steps.map((step) => (
            <li key={step.id} class={step.state}>
              {step.state === 'passed' ? <TickIcon /> : <CrossIcon />} {inLanguage(step.heading)}
              {marks.value.colon}
              {t[step.state]}
              {step.of > 0 && `${marks.value.comma}${pointsText(step.points, step.of)}`}
              {step.why !== undefined && (
                <p class="muted">
                  <Words text={step.why} finding />
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      {notes?.map((note) => (
        <p class="muted" key={note.en}>
          {inLanguage(note)}
        </p>
      ))}
    </>
  )
}
