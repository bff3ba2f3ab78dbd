import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Announcements } from './shell/announce.js'
import { Questions } from './shell/dialog.js'
import { openDialog, SettingsDialog, ShortcutsDialog } from './shell/preferences.js'
import { route } from './shell/route.js'
import { shortcut } from './shell/shortcuts.js'
import { useArrival, useTitle } from './shell/title.js'
import { home } from './state/address.js'
import { language, stringsOf } from './state/language.js'

const strings = stringsOf({
  en: {
    skip: 'Skip to content',
    nowhere: 'There is no such page',
    back: 'Back to the catalogue',
    broken: 'This page could not be loaded',
    reload: 'Reload',
  },
  zh: {
    skip: '跳到正文',
    nowhere: '没有这个页面',
    back: '返回目录',
    broken: '页面加载失败',
    reload: '重新加载',
  },
})

type Page<P> = ComponentType<P> | 'failed' | undefined
const catalogue = signal<Page<Record<string, never>>>(undefined)
const lab = signal<Page<{ id: string }>>(undefined)
const map = signal<Page<{ id: string }>>(undefined)
const teach = signal<Page<{ id?: string | undefined }>>(undefined)

/** Each page is a file of its own; it is asked for as soon as the address is known. */
export function loadPages(): void {
  const page = route.value.page
  if (page === 'catalogue' && typeof catalogue.peek() !== 'function') {
    import('./catalogue/catalogue-page.js').then(
      (loaded) => {
        catalogue.value = loaded.CataloguePage
      },
      () => {
        catalogue.value = 'failed'
      },
    )
  }
  if (page === 'lab' && typeof lab.peek() !== 'function') {
    import('./lab/lab-page.js').then(
      (loaded) => {
        lab.value = loaded.LabPage
      },
      () => {
        lab.value = 'failed'
      },
    )
  }
  if (page === 'teach' && typeof teach.peek() !== 'function') {
    import('./teach/teach-page.js').then(
      (loaded) => {
        teach.value = loaded.TeachPage
      },
      () => {
        teach.value = 'failed'
      },
    )
  }
  if (page === 'map' && typeof map.peek() !== 'function') {
    import('./network/map/map-page.js').then(
      (loaded) => {
        map.value = loaded.MapPage
      },
      () => {
        map.value = 'failed'
      },
    )
  }
}

export function App() {
  useEffect(
    () =>
      shortcut({
        keys: '?',
        label: { en: 'Show these shortcuts', zh: '显示快捷键列表' },
        run() {
          openDialog.value = 'shortcuts'
        },
      }),
    [],
  )
  useEffect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  }, [language.value])
  const close = () => {
    openDialog.value = undefined
  }
  return (
    <>
      <a class="skip-link" href="#content">
        {strings.value.skip}
      </a>
      <Shown />
      {openDialog.value === 'settings' && <SettingsDialog onClose={close} />}
      {openDialog.value === 'shortcuts' && <ShortcutsDialog onClose={close} />}
      <Questions />
      <Announcements />
    </>
  )
}

function Shown() {
  const shown = route.value
  if (shown.page === 'catalogue') {
    const Page = catalogue.value
    return Page === undefined ? <main id="content" aria-busy="true" /> : Page === 'failed' ? <Broken /> : <Page />
  }
  if (shown.page === 'lab' || shown.page === 'map') {
    const Page = shown.page === 'lab' ? lab.value : map.value
    if (Page === undefined) return <main id="content" aria-busy="true" />
    return Page === 'failed' ? <Broken /> : <Page id={shown.lab} key={shown.lab} />
  }
  if (shown.page === 'teach') {
    const Page = teach.value
    if (Page === undefined) return <main id="content" aria-busy="true" />
    return Page === 'failed' ? <Broken /> : <Page id={shown.class} />
  }
  return <Nowhere />
}

function Nowhere() {
  const heading = useArrival<HTMLHeadingElement>()
  useTitle(strings.value.nowhere)
  return (
    <main id="content" class="lonely">
      <h1 ref={heading} tabIndex={-1}>
        {strings.value.nowhere}
      </h1>
      <a class="button primary" href={home}>
        {strings.value.back}
      </a>
    </main>
  )
}

/** A file of the page did not come: the server is gone, or has been built anew since. */
function Broken() {
  return (
    <main id="content" class="lonely">
      <h1>{strings.value.broken}</h1>
      <button type="button" class="primary" onClick={() => location.reload()}>
        {strings.value.reload}
      </button>
    </main>
  )
}
