import '../style/lab.css'
import '../style/path.css'
import '../style/text.css'
import '../style/check.css'
import '../style/narrow.css'
import { useEffect, useRef } from 'preact/hooks'
import { labPath } from '../../server/protocol/lab-address.js'
import type { LabPage as Page, PageSection, SessionView, Trouble } from '../../server/protocol/protocol.js'
import { followNetwork } from '../network/follow-network.js'
import { HeightSplitter, mapHeight } from '../network/height-splitter.js'
import { MapPlace } from '../network/map/map-place.js'
import { JustChanged } from '../network/timeline/just-changed.js'
import { announce } from '../shell/announce.js'
import { BackIcon, TickIcon } from '../shell/icons.js'
import { shortcut } from '../shell/shortcuts.js'
import { useTitle } from '../shell/title.js'
import { TroubleNote } from '../shell/trouble.js'
import { loadPage, page, side } from '../state/lab.js'
import { inLanguage, language, marks, stringsOf } from '../state/language.js'
import { ask, enter, view } from '../state/session.js'
import { mapOpen, splitAt } from '../state/settings.js'
import { AuthorBar, AuthorStep } from './author-parts.js'
import { Bars } from './bars.js'
import { CheckPanel } from './check-panel.js'
import { LabFiles } from './files.js'
import { Finish } from './finish.js'
import { happenings } from './happenings.js'
import { isDone, justDone, showSection, stepTitle } from './lab-state.js'
import { Machines } from './machines.js'
import { usePosition } from './position.js'
import { SectionHtml } from './section-html.js'
import { Splitter } from './splitter.js'
import { StepPath } from './step-path.js'
import { TopBar } from './top-bar.js'
import { Welcome } from './welcome.js'

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
    buildsOn: 'It builds on',
    between: ', ',
    passed: (number: number) => `Step ${number} passed.`,
    helped: (number: number) => `Step ${number} is done, with help.`,
    skipped: (number: number) => `Step ${number} is skipped.`,
    all: 'The lab is done.',
    looked: (passed: number, of: number) => `${passed} of ${of} checks pass.`,
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
    buildsOn: '建议先做：',
    between: '、',
    passed: (number: number) => `第 ${number} 步通过了。`,
    helped: (number: number) => `第 ${number} 步已借助帮助完成。`,
    skipped: (number: number) => `第 ${number} 步已跳过。`,
    all: '实验完成了。',
    looked: (passed: number, of: number) => `${of} 项检查通过了 ${passed} 项。`,
  },
})

/** A lab: its text on one side, its hosts on the other. */
export function LabPage({ id }: { id: string }) {
  const shown = page.value
  const text = useRef<HTMLDivElement>(null)
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
  usePosition(text, shown?.ok === true)

  if (shown?.ok === false && shown.trouble.code === 'lab.not-found') return <NoLab trouble={shown.trouble} />
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
    </div>
  )
}

/** The hosts: map above, terminals below, and between them what has just changed. */
function Network({ id }: { id: string }) {
  const open = view.value?.phase.name === 'open'
  const map = open && (mapOpen.value || side.value === 'map')
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
      <div key="terminals" class="hosts">
        <Machines />
      </div>
    </div>
  )
}

function NoLab({ trouble }: { trouble: Trouble }) {
  return (
    <main id="content" class="lonely">
      <h1>{inLanguage(trouble.what)}</h1>
      <p>{inLanguage(trouble.cure)}</p>
      <a class="button primary" href="/">
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
        <a class="button" href="/">
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
      <About lab={text.lab} />
      {text.sections.map((section) => (
        <Section key={section.id ?? ''} section={section} text={text} />
      ))}
      {text.sections.every((section) => section.id !== 'finish') && <Finish next={text.next} />}
    </div>
  )
}

/** What the lab takes for granted, and whether it is in the learner's language. */
function About({ lab: { languages, buildsOn } }: { lab: Page['lab'] }) {
  const t = strings.value
  const alone = !languages.includes(language.value)
  if (!alone && buildsOn.length === 0) return null
  return (
    <p class="about-lab" lang={language.value === 'zh' ? 'zh-CN' : 'en'}>
      {alone && <span>{t.alone} </span>}
      {buildsOn.length > 0 && t.buildsOn}{' '}
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
      {section.id === 'finish' && <Finish next={text.next} />}
      {section.heading !== '' && (
        <h2 id={section.id === undefined ? undefined : `section-${section.id}`} tabIndex={-1}>
          {step !== undefined && <span class="unseen">{strings.value.number(stepTitle(step.id).number)} </span>}
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

/** Says aloud what has changed, and remembers what turned green before the learner's eyes. */
function followSession(): () => void {
  let before: SessionView | undefined
  return view.subscribe((after) => {
    if (after === undefined) return
    const t = strings.peek()
    const said: string[] = []
    for (const happening of happenings(before, after)) {
      const { number } = stepTitle(happening.step)
      if (happening.what === 'done') {
        said.push(t[happening.how](number))
        justDone.value = new Set([...justDone.peek()].filter((id) => id !== happening.step)).add(happening.step)
      } else {
        const why =
          happening.why === undefined
            ? ''
            : `${marks.peek().blank}${happening.why[language.peek()].replaceAll('`', '')}`
        said.push(t.looked(happening.passed, happening.of) + why)
      }
    }
    // Started over: it can turn green once more.
    const open = new Set(after.steps.filter((step) => step.state === 'open').map((step) => step.id))
    if ([...justDone.peek()].some((id) => open.has(id))) {
      justDone.value = new Set([...justDone.peek()].filter((id) => !open.has(id)))
    }
    if (said.length > 0 && isDone(after)) said.push(t.all)
    if (said.length > 0) announce(said.join(marks.peek().blank))
    // The hosts have been brought to a step: there one goes on.
    if (before?.busy?.what === 'replaying' && after.busy === undefined && after.current !== undefined)
      showSection(after.current)
    before = after
  })
}

/** What had the focus last among the instructions: whoever comes back from a terminal goes on there. */
let lastInText: HTMLElement | undefined

function rememberFocus({ target }: FocusEvent): void {
  const within = document.querySelector('main.text')
  if (target instanceof HTMLElement && within?.contains(target) === true) lastInText = target
}

function bindKeys(text: { current: HTMLElement | null }): () => void {
  lastInText = undefined
  document.addEventListener('focusin', rememberFocus)
  const unbind = [
    () => document.removeEventListener('focusin', rememberFocus),
    shortcut({
      keys: 'alt+shift+c',
      label: { en: 'Check the current step', zh: '检查当前步骤' },
      run() {
        const step = view.peek()?.current
        if (step === undefined) return
        side.value = 'read'
        // What comes of it is told there.
        document.querySelector('.section.current .check-panel')?.scrollIntoView({ block: 'nearest' })
        void ask('step.check', { step })
      },
    }),
    shortcut({
      keys: 'alt+shift+n',
      label: { en: 'To the step that is open', zh: '跳到未完成的步骤' },
      run: () => showSection(view.peek()?.current ?? 'finish'),
    }),
    shortcut({
      keys: 'alt+shift+t',
      label: { en: 'To the terminal', zh: '跳到终端' },
      run() {
        side.value = 'terminal'
        requestAnimationFrame(focusTerminal)
      },
    }),
    shortcut({
      keys: 'alt+shift+m',
      label: { en: 'To the map', zh: '跳到网络图' },
      run() {
        mapOpen.value = true
        side.value = 'map'
        requestAnimationFrame(() => document.querySelector<SVGElement>('.map-sheet [tabindex="0"]')?.focus())
      },
    }),
    shortcut({
      keys: 'alt+shift+i',
      label: { en: 'To the instructions', zh: '跳到说明' },
      run() {
        side.value = 'read'
        requestAnimationFrame(() => {
          if (lastInText?.isConnected) lastInText.focus()
          if (document.activeElement !== lastInText) text.current?.focus({ preventScroll: true })
        })
      },
    }),
  ]
  return () => {
    for (const one of unbind) one()
  }
}

/** The terminal in front; what stands in its place, where there is none. */
function focusTerminal(): void {
  const machines = document.querySelector('.machines')
  const inputs = [...(machines?.querySelectorAll<HTMLElement>('.xterm-helper-textarea, .overlay button') ?? [])]
  inputs.find((input) => input.checkVisibility({ visibilityProperty: true }))?.focus()
}
