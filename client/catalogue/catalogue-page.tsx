import { home, labPath } from '../state/address.js'
import '../style/catalogue.css'
import { signal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import type { Answered, CatalogueView } from '../../server/protocol/protocol.js'
import { Account, ClosedNote } from '../shell/account.js'
import { ForwardIcon, Mark, SearchIcon, TickIcon } from '../shell/icons.js'
import { LanguageSwitch, openDialog, ThemeSwitch } from '../shell/preferences.js'
import { RecordsNote } from '../shell/records-note.js'
import { shortcut } from '../shell/shortcuts.js'
import { useArrival, useTitle } from '../shell/title.js'
import { TroubleNote } from '../shell/trouble.js'
import { inLanguage, stringsOf } from '../state/language.js'
import { load } from '../state/load.js'
import { type Group, groupsOf, type Level, onward, type Way } from './find.js'
import { LabEntry, strings as labStrings } from './lab-entry.js'
import { forgetResults, mostSearched, SearchResults } from './search.js'

const strings = stringsOf({
  en: {
    title: 'Labs',
    heading: 'Container networking, hands on',
    intro: 'Pick a lab. It opens real Docker hosts for you and checks your work as you go.',
    search: 'Search labs',
    searchFor: 'A command or a term',
    level: 'Level',
    all: 'All',
    none: 'No lab of this level.',
    clear: 'Show all labs',
    loading: 'Loading the labs…',
    retry: 'Try again',
    goOn: 'Continue where you left off',
    stillOpen: 'Still open for you',
    nextOn: (path: string) => `Next in “${path}”`,
    far: (finished: number, labs: number, passed: number, steps: number) =>
      `${finished} of ${labs} ${labs === 1 ? 'lab' : 'labs'}, ${passed} of ${steps} steps`,
    ahead: (labs: number, steps: number) => `${labs} ${labs === 1 ? 'lab' : 'labs'}, ${steps} steps`,
    pathDone: 'All of it done',
    empty: 'There are no labs on this server.',
    shortcuts: 'Keyboard shortcuts',
    found: (count: number) => `${count} ${count === 1 ? 'lab' : 'labs'}`,
  },
  zh: {
    title: '实验目录',
    heading: '动手学容器网络',
    intro: '选一个实验，马上得到几台真实的 Docker 主机；做的过程中会自动检查。',
    search: '搜索实验',
    searchFor: '命令或术语',
    level: '难度',
    all: '全部',
    none: '没有这个难度的实验。',
    clear: '显示全部实验',
    loading: '正在加载实验目录…',
    retry: '重试',
    goOn: '接着上次继续',
    stillOpen: '仍在运行',
    nextOn: (path: string) => `“${path}”的下一个实验`,
    far: (finished: number, labs: number, passed: number, steps: number) =>
      `已完成 ${finished}/${labs} 个实验、${passed}/${steps} 步`,
    ahead: (labs: number, steps: number) => `${labs} 个实验，共 ${steps} 步`,
    pathDone: '全部完成',
    empty: '这台服务器上还没有实验。',
    shortcuts: '键盘快捷键',
    found: (count: number) => `共 ${count} 个实验`,
  },
})

// What was looked for stays while one looks into a lab and comes back; so does what was loaded, until it is fresh again.
const words = signal('')
const level = signal<Level | 'all'>('all')
const catalogue = signal<Answered<CatalogueView> | undefined>(undefined)

/** How often a server that is away is asked again, in milliseconds. */
const againMs = 3000

async function refresh(signal?: AbortSignal): Promise<void> {
  const answered = await load<CatalogueView>('/api/catalogue', signal)
  if (signal?.aborted === true) return
  // What is on the screen is better than nothing, while the server is away.
  if (answered.ok || catalogue.peek()?.ok !== true) catalogue.value = answered
}

export function CataloguePage() {
  const t = strings.value
  const heading = useArrival<HTMLHeadingElement>()
  const search = useRef<HTMLInputElement>(null)
  useTitle(t.title)
  useEffect(() => {
    const left = new AbortController()
    void refresh(left.signal)
    const again = () => document.visibilityState === 'visible' && void refresh(left.signal)
    document.addEventListener('visibilitychange', again)
    const unbind = shortcut({
      keys: '/',
      label: { en: 'Search labs', zh: '搜索实验' },
      run: () => search.current?.focus(),
    })
    return () => {
      left.abort()
      document.removeEventListener('visibilitychange', again)
      unbind()
    }
  }, [])
  const shown = catalogue.value
  const isAway = shown?.ok === false && shown.trouble.code === 'server.unreachable'
  const isBehind = shown?.ok === true && shown.value.records !== 'current'
  useEffect(() => {
    // Who waits for the server need not ask.
    if (!isAway && !isBehind) return
    const timer = setInterval(() => void refresh(), againMs)
    return () => clearInterval(timer)
  }, [isAway, isBehind])
  return (
    <div class="catalogue">
      <header class="top">
        <a class="brand" href={home}>
          <Mark /> vethlab
        </a>
        <div class="tools">
          <Account />
          <button
            type="button"
            class="quiet only-icon"
            aria-label={t.shortcuts}
            title={t.shortcuts}
            onClick={() => {
              openDialog.value = 'shortcuts'
            }}
          >
            ?
          </button>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <h1 ref={heading} tabIndex={-1}>
          {t.heading}
        </h1>
        <p class="intro">{t.intro}</p>
        {shown?.ok === true && <RecordsNote standing={shown.value.records} />}
        <ClosedNote />
        {shown?.ok === true && <LeftOff catalogue={shown.value} />}
        <search
          onKeyDown={(event) => {
            // The first thing that was found is what Enter means.
            if (event.key !== 'Enter' || event.isComposing || event.target !== search.current) return
            document.querySelector<HTMLElement>('.results a')?.focus()
          }}
        >
          <label class="search">
            <SearchIcon />
            <span class="unseen">{t.search}</span>
            <input
              ref={search}
              type="search"
              value={words.value}
              placeholder={t.searchFor}
              maxLength={mostSearched}
              onInput={(event) => {
                words.value = event.currentTarget.value
              }}
            />
            <span class="key" aria-hidden="true">
              /
            </span>
          </label>
          <Levels />
        </search>
        {shown === undefined ? (
          <Skeleton />
        ) : shown.ok ? (
          <Labs catalogue={shown.value} />
        ) : (
          <TroubleNote trouble={shown.trouble}>
            <button
              type="button"
              class="primary"
              onClick={() => {
                catalogue.value = undefined
                void refresh()
              }}
            >
              {t.retry}
            </button>
          </TroubleNote>
        )}
      </main>
    </div>
  )
}

function Levels() {
  const name = useId()
  const t = strings.value
  return (
    <fieldset class="levels">
      <legend class="unseen">{t.level}</legend>
      {(['all', 'beginner', 'intermediate', 'advanced'] as const).map((one) => (
        <label key={one}>
          <input
            type="radio"
            name={name}
            checked={level.value === one}
            onChange={() => {
              level.value = one
            }}
          />
          <span>{one === 'all' ? t.all : labStrings.value[one]}</span>
        </label>
      ))}
    </fieldset>
  )
}

function LeftOff({ catalogue }: { catalogue: CatalogueView }) {
  const on = onward(catalogue)
  if (on === undefined) return null
  const t = strings.value
  const { lab, why, path } = on
  const label = why === 'running' ? t.stillOpen : why === 'begun' ? t.goOn : t.nextOn(inLanguage(path!))
  return (
    <a class="left-off" href={labPath(lab.id)}>
      <span class="label">{label}</span>
      <strong>{inLanguage(lab.title)}</strong>
      {why !== 'next' && <span class="muted">{labStrings.value.progress(lab.passed, lab.steps)}</span>}
      <ForwardIcon />
    </a>
  )
}

function Labs({ catalogue }: { catalogue: CatalogueView }) {
  const t = strings.value
  const searched = words.value.trim()
  const isSearch = searched !== ''
  useEffect(() => {
    if (!isSearch) forgetResults()
  }, [isSearch])
  const clear = () => {
    words.value = ''
    level.value = 'all'
  }
  if (catalogue.labs.length === 0) return <p class="nothing">{t.empty}</p>
  if (isSearch) return <SearchResults words={searched} level={level.value} catalogue={catalogue} onClear={clear} />
  const groups = groupsOf(catalogue, level.value)
  const count = groups.reduce((sum, group) => sum + group.labs.length, 0)
  return (
    <>
      <p class="unseen" role="status">
        {t.found(count)}
      </p>
      {groups.map((group) => (
        <GroupOfLabs key={group.id} group={group} catalogue={catalogue} />
      ))}
      {count === 0 && (
        <div class="nothing">
          <p>{t.none}</p>
          <button type="button" onClick={clear}>
            {t.clear}
          </button>
        </div>
      )}
    </>
  )
}

/** The labs of a path, or of a topic. */
function GroupOfLabs({ group: { id, title, path, labs }, catalogue }: { group: Group; catalogue: CatalogueView }) {
  const name = `group-${id}`
  const entries = labs.map(({ lab, place }) => (
    <LabEntry
      lab={lab}
      labs={catalogue.labs}
      running={catalogue.running.find((one) => one.lab === lab.id)}
      {...(path && path.way.labs > 1 ? { place } : {})}
      isNext={path?.way.begun === true && path.way.next === lab}
    />
  ))
  return (
    <section class="topic" aria-labelledby={name}>
      {path === undefined ? (
        <h2 id={name}>{inLanguage(title)}</h2>
      ) : (
        <div class="path-head">
          <h2 id={name}>{inLanguage(title)}</h2>
          <p>{inLanguage(path.summary)}</p>
          <PathProgress way={path.way} />
        </div>
      )}
      {path === undefined ? (
        <div>{entries}</div>
      ) : (
        <ol>
          {entries.map((entry, at) => (
            <li key={labs[at]!.lab.id} value={labs[at]!.place}>
              {entry}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

/** How far one is on a path, in labs and steps. */
function PathProgress({ way }: { way: Way }) {
  const t = strings.value
  if (way.finished === way.labs) {
    return (
      <p class="way finished">
        <TickIcon /> {t.pathDone}
      </p>
    )
  }
  return (
    <p class="way">
      <progress aria-hidden="true" max={way.steps} value={way.passed} />
      {way.begun ? t.far(way.finished, way.labs, way.passed, way.steps) : t.ahead(way.labs, way.steps)}
    </p>
  )
}

function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label={strings.value.loading}>
      {[0, 1, 2, 3].map((at) => (
        <div key={at} class="topic" aria-hidden="true">
          <i class="short" />
          <div>
            <i class="title" />
            <i />
            <i class="short" />
          </div>
        </div>
      ))}
    </div>
  )
}
