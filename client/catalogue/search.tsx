import { signal } from '@preact/signals'
import { useEffect, useId } from 'preact/hooks'
import type { Answered, CatalogueView, FoundLab, FoundSection, SearchView } from '../../server/protocol/protocol.js'
import { TroubleNote } from '../shell/trouble.js'
import { labPath } from '../state/address.js'
import { language, stringsOf } from '../state/language.js'
import { load } from '../state/load.js'
import type { Level } from './find.js'
import { LabEntry } from './lab-entry.js'

const strings = stringsOf({
  en: {
    results: 'What was found',
    none: (words: string) => `No lab is about “${words}”.`,
    noneOfLevel: (words: string) => `No lab of this level is about “${words}”.`,
    clear: 'Show all labs',
    retry: 'Try again',
    searching: 'Searching…',
    found: (count: number) => `${count} ${count === 1 ? 'lab' : 'labs'}`,
    step: (number: number, heading: string) => `Step ${number}: ${heading}`,
    introduction: 'Introduction',
    more: (count: number) => `and in ${count} more ${count === 1 ? 'section' : 'sections'}`,
  },
  zh: {
    results: '搜索结果',
    none: (words: string) => `没有找到与“${words}”有关的实验。`,
    noneOfLevel: (words: string) => `这个难度里没有与“${words}”有关的实验。`,
    clear: '显示全部实验',
    retry: '重试',
    searching: '正在搜索…',
    found: (count: number) => `共 ${count} 个实验`,
    step: (number: number, heading: string) => `第 ${number} 步：${heading}`,
    introduction: '简介',
    more: (count: number) => `另有 ${count} 处`,
  },
})

/** More than that the server does not search for. In characters. */
export const mostSearched = 100

/** So long after the last letter the server is asked, in milliseconds. */
const pauseMs = 150

/** What was answered last, and to what. */
const answered = signal<{ words: string; answer: Answered<SearchView> } | undefined>(undefined)

/** Labs whose pages have what is searched for, each with the steps that have it. */
export function SearchResults({
  words,
  level,
  catalogue,
  onClear,
}: {
  /** Trimmed, and not empty. */
  words: string
  level: Level | 'all'
  catalogue: CatalogueView
  onClear(): void
}) {
  const t = strings.value
  const name = useId()
  useEffect(() => {
    const left = new AbortController()
    const timer = setTimeout(() => void search(words, left.signal), pauseMs)
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [words, language.value])
  const shown = answered.value
  // What was found for the letters before stays until there is something else.
  if (shown === undefined) return <p role="status">{t.searching}</p>
  if (!shown.answer.ok) {
    return (
      <TroubleNote trouble={shown.answer.trouble}>
        <button
          type="button"
          class="primary"
          onClick={() => {
            answered.value = undefined
            void search(words)
          }}
        >
          {t.retry}
        </button>
      </TroubleNote>
    )
  }
  const all = shown.answer.value.labs.flatMap((found) => {
    const lab = catalogue.labs.find(({ id }) => id === found.id)
    return lab === undefined ? [] : [{ found, lab }]
  })
  const labs = all.filter(({ lab }) => level === 'all' || lab.level === level)
  return (
    <section class="results" aria-labelledby={name} aria-busy={shown.words !== words}>
      <h2 id={name} class="unseen">
        {t.results}
      </h2>
      <p class="unseen" role="status">
        {labs.length > 0 ? t.found(labs.length) : ''}
      </p>
      {labs.map(({ found, lab }) => (
        <LabEntry
          key={lab.id}
          lab={lab}
          labs={catalogue.labs}
          running={catalogue.running.find((one) => one.lab === lab.id)}
          isBrief={found.sections.length > 0}
        >
          <FoundSections found={found} />
        </LabEntry>
      ))}
      {labs.length === 0 && (
        <div class="nothing">
          <p role="status">{(all.length === 0 ? t.none : t.noneOfLevel)(shown.words)}</p>
          <button type="button" onClick={onClear}>
            {t.clear}
          </button>
        </div>
      )}
    </section>
  )
}

/** Another search begins with nothing of this one. */
export function forgetResults(): void {
  answered.value = undefined
}

async function search(words: string, signal?: AbortSignal): Promise<void> {
  const parameters = new URLSearchParams({ words, language: language.peek() })
  const answer = await load<SearchView>(`/api/search?${parameters}`, signal)
  if (signal?.aborted !== true) answered.value = { words, answer }
}

function FoundSections({ found }: { found: FoundLab }) {
  if (found.sections.length === 0) return null
  return (
    <ul class="found">
      {found.sections.map((section) => (
        <li key={section.id ?? ''} lang={section.language === 'zh' ? 'zh-CN' : 'en'}>
          <a href={labPath(found.id) + (section.id === undefined ? '' : `#section-${section.id}`)}>
            {headingOf(section)}
          </a>
          <p>
            {section.excerpt.map(({ text, isFound }, at) =>
              isFound ? <mark key={at}>{text}</mark> : <span key={at}>{text}</span>,
            )}
          </p>
        </li>
      ))}
      {found.more > 0 && <li class="more">{strings.value.more(found.more)}</li>}
    </ul>
  )
}

function headingOf({ step, heading }: FoundSection): string {
  const t = strings.value
  if (step !== undefined) return t.step(step, heading)
  return heading === '' ? t.introduction : heading
}
