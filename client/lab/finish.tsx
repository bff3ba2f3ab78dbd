import type { LabPage, StepState } from '../../server/protocol/protocol.js'
import { ForwardIcon, HelpedIcon, SkipIcon, TickIcon } from '../shell/icons.js'
import { minutesOf } from '../shell/time.js'
import { home, labPath } from '../state/address.js'
import { inLanguage, language, stringsOf } from '../state/language.js'
import { view } from '../state/session.js'
import { isDone } from './lab-state.js'

const strings = stringsOf({
  en: {
    done: 'Lab done',
    allPassed: 'Every step, on your own.',
    passed: (count: number) => `${count} on your own`,
    helped: (count: number) => `${count} with help`,
    skipped: (count: number) => `${count} skipped`,
    optional: (count: number) => (count === 1 ? '1 optional step is left' : `${count} optional steps are left`),
    used: (time: string) => `in ${time}`,
    next: (title: string) => `Next: ${title}`,
    nextOnPath: (path: string, title: string) => `Next in “${path}”: ${title}`,
    nextPath: (path: string, title: string) => `On to “${path}”: ${title}`,
    back: 'All labs',
  },
  zh: {
    done: '实验完成',
    allPassed: '每一步都是自己完成的。',
    passed: (count: number) => `独立完成 ${count} 步`,
    helped: (count: number) => `借助帮助完成 ${count} 步`,
    skipped: (count: number) => `跳过 ${count} 步`,
    optional: (count: number) => `还有 ${count} 个选做步骤`,
    used: (time: string) => `用时 ${time}`,
    next: (title: string) => `下一个：${title}`,
    nextOnPath: (path: string, title: string) => `“${path}”的下一个实验：${title}`,
    nextPath: (path: string, title: string) => `继续学“${path}”：${title}`,
    back: '全部实验',
  },
})

/** Once no step is open that the lab needs: how it went, and what is next. */
export function Finish({ text: { next, path } }: { text: Pick<LabPage, 'next' | 'path'> }) {
  const session = view.value
  if (session === undefined || !isDone(session)) return null
  const t = strings.value
  const count = (state: StepState) => session.steps.filter((step) => step.state === state).length
  const helped = count('helped')
  const skipped = count('skipped')
  return (
    <div class="finish" id="finish" tabIndex={-1}>
      <p class="done">
        <span class="face">
          <TickIcon />
        </span>
        {t.done}
      </p>
      <ul>
        <li>
          <TickIcon /> {t.passed(count('passed'))}
        </li>
        {helped > 0 && (
          <li>
            <HelpedIcon /> {t.helped(helped)}
          </li>
        )}
        {skipped > 0 && (
          <li>
            <SkipIcon /> {t.skipped(skipped)}
          </li>
        )}
        {count('open') > 0 && <li>{t.optional(count('open'))}</li>}
        <li>{t.used(minutesOf(session.usedMs, language.value))}</li>
      </ul>
      {helped + skipped === 0 && <p class="praise">{t.allPassed}</p>}
      <div class="actions">
        {next !== undefined && (
          <a class="button primary" href={labPath(next.id)}>
            {onwardText(next, path)} <ForwardIcon />
          </a>
        )}
        <a class="button" href={home}>
          {t.back}
        </a>
      </div>
    </div>
  )
}

function onwardText(next: NonNullable<LabPage['next']>, path: LabPage['path']): string {
  const t = strings.value
  const title = inLanguage(next.title)
  if (next.path !== undefined) return t.nextPath(inLanguage(next.path), title)
  return path === undefined ? t.next(title) : t.nextOnPath(inLanguage(path), title)
}
