import type { ComponentChildren } from 'preact'
import type { CatalogueView, LabCard } from '../../server/protocol/protocol.js'
import { prepareLab } from '../lab/prepare-lab.js'
import { TickIcon } from '../shell/icons.js'
import { dayAndTime, now, relative } from '../shell/time.js'
import { TroubleWords } from '../shell/trouble.js'
import { labPath } from '../state/address.js'
import { inLanguage, language, stringsOf } from '../state/language.js'

const plural = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`

export const strings = stringsOf({
  en: {
    beginner: 'Beginner',
    intermediate: 'Intermediate',
    advanced: 'Advanced',
    alone: 'In Chinese only',
    buildsOn: 'Builds on',
    between: ', ',
    minutes: (count: number) => `${count} min`,
    docker: (count: number) => plural(count, 'docker host', 'docker hosts'),
    plain: (count: number) => plural(count, 'plain machine', 'plain machines'),
    progress: (passed: number, steps: number) => `${passed} of ${steps} steps`,
    steps: (steps: number) => plural(steps, 'step', 'steps'),
    optional: (count: number) => `${count} optional`,
    helped: (count: number) => `${count} with help`,
    finished: 'Finished',
    running: 'Running now',
    next: 'Next on this path',
    goOn: 'Go on here',
    closes: (when: string) => ` (closes ${when})`,
    lacks: 'This machine can’t run it.',
    opens: (when: string) => `Opens ${when}`,
    over: (when: string) => `Closed since ${when}: what you did can be read`,
    afterOther: (title: string) => `Opens when you have finished “${title}”`,
    due: (when: string) => `Due ${when}`,
    assessed: 'Assessed: counts for your grade',
  },
  zh: {
    beginner: '入门',
    intermediate: '进阶',
    advanced: '高级',
    alone: '只有英文',
    buildsOn: '建议先做',
    between: '、',
    minutes: (count: number) => `${count} 分钟`,
    docker: (count: number) => `${count} 台 Docker 主机`,
    plain: (count: number) => `${count} 台普通机器`,
    progress: (passed: number, steps: number) => `已完成 ${passed}/${steps} 步`,
    steps: (steps: number) => `${steps} 步`,
    optional: (count: number) => `另有 ${count} 步选做`,
    helped: (count: number) => `其中 ${count} 步借助了帮助`,
    finished: '已完成',
    running: '正在运行',
    next: '这条路线的下一个',
    goOn: '从这里继续',
    closes: (when: string) => `（${when}关闭）`,
    lacks: '本机无法运行这个实验。',
    opens: (when: string) => `${when} 开放`,
    over: (when: string) => `已于 ${when} 截止，仍可查看已完成的内容`,
    afterOther: (title: string) => `完成“${title}”后开放`,
    due: (when: string) => `截止时间 ${when}`,
    assessed: '计入成绩',
  },
})

/** One lab of the catalogue: the whole of it is its link, where this machine can run it. */
export function LabEntry({
  lab,
  labs,
  running,
  place,
  isNext = false,
  isBrief = false,
  children,
}: {
  lab: LabCard
  /** All that are shown, so that one can be named by another one. */
  labs: readonly LabCard[]
  running: CatalogueView['running'][number] | undefined
  /** Its number on its path, from 1. */
  place?: number
  /** Whether its path goes on with it. */
  isNext?: boolean
  /** Without its summary and what it builds on: something else is said of it. */
  isBrief?: boolean
  /** What else is said of it. */
  children?: ComponentChildren
}) {
  const t = strings.value
  const { closed } = lab
  const lacking = lab.lacks.length > 0 || (closed !== undefined && closed.why !== 'due')
  return (
    <article
      class={lacking ? 'entry lacking' : 'entry'}
      {...(lacking ? {} : { onPointerEnter: prepareLab, onFocusIn: prepareLab })}
    >
      <div class="what">
        <h3 {...inOwnLanguage(lab)} data-place={place}>
          {lacking ? inLanguage(lab.title) : <a href={labPath(lab.id)}>{inLanguage(lab.title)}</a>}
        </h3>
        {!isBrief && <p {...inOwnLanguage(lab)}>{inLanguage(lab.summary)}</p>}
        <ul class="facts">
          {!lab.languages.includes(language.value) && <li>{t.alone}</li>}
          {lab.isAssessed === true && <li>{t.assessed}</li>}
          <li>{t[lab.level]}</li>
          <li>{t.minutes(lab.minutes)}</li>
          {lab.hosts.docker > 0 && <li>{t.docker(lab.hosts.docker)}</li>}
          {lab.hosts.plain > 0 && <li>{t.plain(lab.hosts.plain)}</li>}
        </ul>
        {!isBrief && lab.buildsOn.length > 0 && (
          <p class="builds-on">
            {t.buildsOn}{' '}
            {lab.buildsOn.map(({ id, title }, at) => (
              <span key={id}>
                {at > 0 && t.between}
                <a href={labPath(id)}>{inLanguage(title)}</a>
              </span>
            ))}
          </p>
        )}
        {closed !== undefined && <p class="dates">{closedText(closed, labs)}</p>}
        {lab.dueAt !== undefined && <p class="dates">{t.due(dayAndTime(lab.dueAt, language.value))}</p>}
        {children}
        {lab.lacks.length > 0 && (
          <div class="lacks">
            <strong>{t.lacks}</strong>
            <ul>
              {lab.lacks.map((lack) => (
                <li key={lack.feature}>
                  <TroubleWords trouble={lack} />
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
      {!lacking && <Progress lab={lab} running={running} isNext={isNext} />}
    </article>
  )
}

/** Why a class does not have it open, and since when or until when. */
function closedText(closed: NonNullable<LabCard['closed']>, labs: readonly LabCard[]): string {
  const t = strings.value
  if (closed.why === 'not-yet') return t.opens(dayAndTime(closed.opensAt, language.value))
  if (closed.why === 'due') return t.over(dayAndTime(closed.dueAt, language.value))
  const other = labs.find(({ id }) => id === closed.lab)
  return t.afterOther(other === undefined ? closed.lab : inLanguage(other.title))
}

/** Read aloud in its own language, where it is not in the learner's. */
function inOwnLanguage({ languages }: LabCard): { lang?: string } {
  if (languages.includes(language.value)) return {}
  return { lang: languages[0] === 'zh' ? 'zh-CN' : 'en' }
}

function Progress({
  lab,
  running,
  isNext,
}: {
  lab: LabCard
  running: CatalogueView['running'][number] | undefined
  isNext: boolean
}) {
  const t = strings.value
  const begun = lab.passed > 0 || running !== undefined
  return (
    <div class="progress">
      <span class="wire" aria-hidden="true">
        {lab.states.map((state, at) => (
          <i key={at} class={state} />
        ))}
      </span>
      <span class={lab.finished ? 'count finished' : 'count'}>
        {lab.finished ? (
          <>
            <TickIcon /> {t.finished}
          </>
        ) : begun ? (
          t.progress(lab.passed, lab.steps)
        ) : (
          t.steps(lab.steps)
        )}
      </span>
      {lab.optional > 0 && <span class="count">{t.optional(lab.optional)}</span>}
      {lab.helped > 0 && <span class="count">{t.helped(lab.helped)}</span>}
      {running === undefined && isNext && <span class="next">{begun ? t.goOn : t.next}</span>}
      {running !== undefined && (
        <span class="badge">
          {t.running}
          {running.closesAt !== undefined &&
            t.closes(relative(Date.parse(running.closesAt) - now.value, language.value))}
        </span>
      )}
    </div>
  )
}
