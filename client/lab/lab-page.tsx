import { home, labPath } from '../state/address.js'
import '../style/lab.css'
import '../style/path.css'
import '../style/text.css'
import '../style/check.css'
import '../style/narrow.css'
import { useEffect, useRef } from 'preact/hooks'
import type { LabPage as Page, PageSection, Trouble } from '../../server/protocol/protocol.js'
import { followNetwork } from '../network/follow-network.js'
import { HeightSplitter, mapHeight } from '../network/height-splitter.js'
import { MapPlace } from '../network/map/map-place.js'
import { JustChanged } from '../network/timeline/just-changed.js'
import { BackIcon, TickIcon } from '../shell/icons.js'
import { useTitle } from '../shell/title.js'
import { TroubleNote } from '../shell/trouble.js'
import { Words } from '../shell/words.js'
import { connection } from '../state/connection.js'
import { loadPage, page, side } from '../state/lab.js'
import { inLanguage, language, marks, stringsOf } from '../state/language.js'
import { isNarrow } from '../state/narrow.js'
import { enter, view } from '../state/session.js'
import { mapOpen, splitAt } from '../state/settings.js'
import { AuthorBar, AuthorStep } from './author-parts.js'
import { Bars } from './bars.js'
import { CheckPanel } from './check-panel.js'
import { ClassShow } from './class-bar.js'
import { LabFiles } from './files.js'
import { Finish } from './finish.js'
import { followSession } from './follow-session.js'
import { Assessed, HandIn } from './hand-in.js'
import { bindKeys } from './lab-keys.js'
import { justDone, stepTitle } from './lab-state.js'
import { loadTerminals } from './load-terminals.js'
import { Machines } from './machines.js'
import { usePosition } from './position.js'
import { SectionHtml } from './section-html.js'
import { Splitter } from './splitter.js'
import { StepPath } from './step-path.js'
import { TopBar } from './top-bar.js'
import { Welcome } from './welcome.js'
import { whenCalm } from './when-calm.js'

const strings = stringsOf({
  en: {
    machines: 'Hosts',
    read: 'Read',
    terminal: 'Terminal',
    map: 'Map',
    halves: 'Parts of the page',
    loading: 'Loading the text…',
    retry: 'Try again',
    back: 'All labs',
    number: (number: number) => `Step ${number}.`,
    optional: 'optional',
    alone: 'This lab is in Chinese only.',
    own: 'The numbers of this lab, such as addresses and ports, are your own: other learners have different ones.',
    buildsOn: 'It builds on',
    between: ', ',
  },
  zh: {
    machines: '主机',
    read: '说明',
    terminal: '终端',
    map: '网络图',
    halves: '页面的各个部分',
    loading: '正在加载内容…',
    retry: '重试',
    back: '全部实验',
    number: (number: number) => `第 ${number} 步：`,
    optional: '选做',
    alone: '这个实验只有英文版。',
    own: '这个实验里的地址、端口等数值是专门给你的，和别人的不同。',
    buildsOn: '建议先做：',
    between: '、',
  },
})

/** A lab: its text on one side, its hosts on the other. */
export function LabPage({ id }: { id: string }) {
  const shown = page.value
  const text = useRef<HTMLDivElement>(null)
  const content = view.value?.content
  const isAway = shown?.ok === false && shown.trouble.code === 'server.unreachable'
  useTitle(shown?.ok === true ? inLanguage(shown.value.lab.title) : undefined)

  useEffect(() => {
    const leave = enter(id)
    side.value = 'read'
    justDone.value = new Set()
    return () => {
      leave()
      page.value = undefined
    }
  }, [id])
  useEffect(() => {
    const left = new AbortController()
    void loadPage(id, left.signal)
    return () => left.abort()
  }, [id, language.value])
  useEffect(followSession, [])
  useEffect(followNetwork, [])
  useEffect(() => bindKeys(text), [])
  useEffect(() => {
    // The text did not come while the server was away.
    if (isAway && connection.value === 'online') void loadPage(id)
  }, [isAway, connection.value])
  const isOther =
    shown?.ok === true && !shown.value.authoring && content !== undefined && content !== shown.value.content
  useEffect(() => {
    // A session that was begun since, of a lab whose files had changed: its text is the one to read.
    if (isOther) void loadPage(id)
  }, [isOther, content])
  usePosition(text, shown?.ok === true)

  const isNone = shown?.ok === false && ['lab.not-found', 'lab.not-yet'].includes(shown.trouble.code)
  if (shown?.ok === false && isNone) return <NoLab trouble={shown.trouble} />
  return (
    <div class={`lab ${side.value}`} style={{ '--split': `${splitAt.value}%` }}>
      <TopBar />
      <main class="text">
        <Bars>
          <AuthorBar id={id} />
        </Bars>
        <StepPath />
        <div id="content" class="scroll" ref={text} tabIndex={-1}>
          {shown === undefined ? (
            <Skeleton />
          ) : shown.ok ? (
            <Instructions text={shown.value} />
          ) : (
            <NoText id={id} trouble={shown.trouble} />
          )}
        </div>
      </main>
      <section class="machines" aria-label={strings.value.machines}>
        <Splitter />
        <Network id={id} />
      </section>
      <Halves />
      <ClassShow />
    </div>
  )
}

/**
 * The hosts: map above, terminals below, and between them what has just changed. Where one half is seen at a time, the others begin
 * when they are first looked at.
 */
function Network({ id }: { id: string }) {
  const open = view.value?.phase.name === 'open'
  const seen = useRef({ map: false, terminals: false }).current
  if (isNarrow.value ? side.value === 'map' : mapOpen.value) seen.map = true
  if (!isNarrow.value || side.value === 'terminal') seen.terminals = true
  const map = open && seen.map && (isNarrow.value || mapOpen.value || side.value === 'map')
  const isThere = page.value !== undefined
  useEffect(() => {
    // Behind the text, which one can begin to read meanwhile.
    if (isThere && seen.terminals) return whenCalm(() => void loadTerminals())
  }, [isThere, seen.terminals])
  return (
    <div class={map ? 'with-map' : ''} style={{ '--map-height': `${mapHeight.value}%` }}>
      {map && <MapPlace key="map" lab={id} />}
      {map && <HeightSplitter key="splitter" />}
      {open && (
        <JustChanged
          key="changed"
          onShow={() => {
            side.value = 'map'
          }}
        />
      )}
      {/* Another one once the hosts are there: it stands elsewhere then, and nothing that one looks at has moved. */}
      <div key={open ? 'terminals' : 'waiting'} class="hosts">
        <Machines shown={seen.terminals} />
      </div>
    </div>
  )
}

function NoLab({ trouble }: { trouble: Trouble }) {
  return (
    <main id="content" class="lonely">
      <h1>
        <Words text={trouble.what} />
      </h1>
      <p>
        <Words text={trouble.cure} />
      </p>
      <a class="button primary" href={home}>
        {strings.value.back}
      </a>
    </main>
  )
}

function NoText({ id, trouble }: { id: string; trouble: Trouble }) {
  return (
    <div class="sections">
      <TroubleNote trouble={trouble}>
        <button
          type="button"
          class="primary"
          onClick={() => {
            page.value = undefined
            void loadPage(id)
          }}
        >
          {strings.value.retry}
        </button>
        <a class="button" href={home}>
          <BackIcon /> {strings.value.back}
        </a>
      </TroubleNote>
    </div>
  )
}

function Instructions({ text }: { text: Page }) {
  return (
    <div class="sections" lang={text.language === 'zh' ? 'zh-CN' : 'en'}>
      <Welcome />
      <About text={text} />
      <Assessed lab={text.lab.id} />
      {text.sections.map((section) => (
        <Section key={section.id ?? ''} section={section} text={text} />
      ))}
      {text.sections.every((section) => section.id !== 'finish') && <Finish text={text} />}
      <HandIn lab={text.lab.id} />
    </div>
  )
}

/** What the lab takes for granted, whether it is in the learner's language, and whether its numbers are theirs alone. */
function About({ text }: { text: Page }) {
  const t = strings.value
  const { blank } = marks.value
  const { languages, buildsOn } = text.lab
  const alone = !languages.includes(language.value)
  if (!alone && !text.ownNumbers && buildsOn.length === 0) return null
  return (
    <p class="about-lab" lang={language.value === 'zh' ? 'zh-CN' : 'en'}>
      {alone && t.alone + blank}
      {text.ownNumbers && t.own + blank}
      {buildsOn.length > 0 && t.buildsOn + blank}
      {buildsOn.map(({ id, title }, at) => (
        <span key={id}>
          {at > 0 && t.between}
          <a href={labPath(id)}>{inLanguage(title)}</a>
        </span>
      ))}
    </p>
  )
}

function Section({ section, text }: { section: PageSection; text: Page }) {
  const step = text.steps.find((one) => one.id === section.id)
  const current = step !== undefined && view.value?.current === step.id
  return (
    <section class={`section${current ? ' current' : ''}`}>
      {section.id === 'finish' && <Finish text={text} />}
      {section.heading !== '' && (
        <h2 id={section.id === undefined ? undefined : `section-${section.id}`} tabIndex={-1}>
          {step !== undefined && (
            <span class="unseen">{strings.value.number(stepTitle(step.id).number) + marks.value.blank}</span>
          )}
          {section.heading}
          {step?.optional && <span class="optional">{strings.value.optional}</span>}
        </h2>
      )}
      <SectionHtml html={section.html} />
      {section.id === undefined && text.files.length > 0 && <LabFiles files={text.files} />}
      {step !== undefined && <CheckPanel step={step} />}
      {step !== undefined && text.authoring && <AuthorStep id={step.id} />}
    </section>
  )
}

function Skeleton() {
  return (
    <div class="sections skeleton" role="status" aria-label={strings.value.loading}>
      {[92, 97, 64, 0, 88, 95, 40].map((width, at) => (
        <i key={at} style={{ width: `${width}%` }} aria-hidden="true" />
      ))}
    </div>
  )
}

/** On a narrow window: which part is seen. */
function Halves() {
  const t = strings.value
  const news = side.value !== 'read' && justDone.value.size > 0
  return (
    <nav class="halves" aria-label={t.halves}>
      {(['read', 'terminal', 'map'] as const).map((one) => (
        <button
          key={one}
          type="button"
          class="quiet"
          aria-pressed={side.value === one}
          onClick={() => {
            side.value = one
          }}
        >
          {t[one]}
          {one === 'read' && news && (
            <span class="news">
              <TickIcon />
            </span>
          )}
        </button>
      ))}
    </nav>
  )
}
