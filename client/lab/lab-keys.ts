import { shortcut } from '../shell/shortcuts.js'
import { side } from '../state/lab.js'
import { language } from '../state/language.js'
import { ask, view } from '../state/session.js'
import { mapOpen } from '../state/settings.js'
import { showSection } from './lab-state.js'

/** What had the focus last among the instructions: whoever comes back from a terminal goes on there. */
let lastInText: HTMLElement | undefined

/** The Run that was reached last, by its key or otherwise. */
let lastRun: HTMLElement | undefined

function rememberFocus({ target }: FocusEvent): void {
  const within = document.querySelector('main.text')
  if (!(target instanceof HTMLElement) || within?.contains(target) !== true) return
  lastInText = target
  if (target.matches('button.run')) lastRun = target
}

/** The keys of a lab's page, as long as it is shown. @returns what takes them back */
export function bindKeys(text: { current: HTMLElement | null }): () => void {
  lastInText = undefined
  lastRun = undefined
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
        requestAnimationFrame(() => panel()?.scrollIntoView({ block: 'nearest' }))
        void ask('step.check', { step })
      },
    }),
    shortcut({
      keys: 'alt+shift+n',
      label: { en: 'To the step that is open', zh: '跳到未完成的步骤' },
      run: () => showSection(view.peek()?.current ?? 'finish'),
    }),
    shortcut({
      keys: 'alt+shift+r',
      label: { en: 'To the next Run', zh: '跳到下一个“运行”' },
      run: () => reach(nextRun),
    }),
    shortcut({
      keys: 'alt+shift+a',
      label: { en: 'To the answer of the step', zh: '跳到这一步的答案' },
      run: () => reach(() => nextOf([...(panel()?.querySelectorAll<HTMLElement>('.answers input') ?? [])])),
    }),
    shortcut({
      keys: 'alt+shift+h',
      label: { en: 'To the next hint or trace of the step', zh: '跳到这一步的下一个提示或追踪' },
      run: () => reach(() => nextOf([...(panel()?.querySelectorAll<HTMLElement>('.checks button') ?? [])])),
    }),
    shortcut({
      keys: 'alt+shift+s',
      label: { en: 'To “Show me”, “Do it for me” and “Skip”', zh: '跳到“看答案”“替我完成”和“跳过”' },
      run: () => reach(() => panel()?.querySelector<HTMLElement>('.help button[tabindex="0"]') ?? undefined),
    }),
    shortcut({
      keys: 'alt+shift+t',
      label: { en: 'To the terminal; from there to the next one', zh: '跳到终端；在终端里则跳到下一个终端' },
      run() {
        if (document.activeElement?.matches('.machines .xterm-helper-textarea') && toNextTerminal()) return
        side.value = 'terminal'
        focusTerminal()
        requestAnimationFrame(focusTerminal)
      },
    }),
    shortcut({
      keys: 'alt+shift+w',
      label: { en: 'New terminal', zh: '新建终端' },
      run() {
        side.value = 'terminal'
        const button = document.querySelector<HTMLElement>('.terminal-new button')
        if (button?.checkVisibility({ visibilityProperty: true })) button.click()
        else requestAnimationFrame(() => button?.click())
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
    shortcut({
      keys: 'alt+shift+l',
      label: { en: 'Change the language (中文)', zh: '切换语言（English）' },
      run() {
        language.value = language.peek() === 'en' ? 'zh' : 'en'
      },
    }),
  ]
  return () => {
    for (const one of unbind) one()
  }
}

/** The panel of the step that is open. */
function panel(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.section.current .check')
}

/** At once, for the next key comes soon; a half of the page that was hidden takes the focus only once it is drawn. */
function reach(find: () => HTMLElement | undefined): void {
  side.value = 'read'
  const found = find()
  const focus = () => {
    found?.focus({ preventScroll: true })
    found?.scrollIntoView({ block: 'nearest' })
  }
  focus()
  if (document.activeElement !== found) requestAnimationFrame(focus)
}

/** The one behind that which has the focus, around to the first. */
function nextOf(all: readonly HTMLElement[]): HTMLElement | undefined {
  const usable = all.filter((one) => !one.matches(':disabled'))
  return usable[(usable.indexOf(document.activeElement as HTMLElement) + 1) % usable.length]
}

/**
 * From where one is among the instructions: in a section in which a Run was reached, the one behind that, also where its step has
 * turned green meanwhile, or the next of the page; else the first of the section, also where there is none left.
 */
function nextRun(): HTMLElement | undefined {
  const all = [...document.querySelectorAll<HTMLElement>('.sections button.run:not(:disabled)')]
  const sectionOf = (one: HTMLElement | undefined) => (one?.isConnected ? one.closest('.section') : null)
  const open = document.querySelector('.section.current')
  const section = sectionOf(lastInText) ?? open
  if (lastRun !== undefined && sectionOf(lastRun) === section) {
    const next = all[all.indexOf(lastRun) + 1]
    if (next !== undefined) return next
  }
  const isBehind = (one: HTMLElement) =>
    section?.contains(one) === true ||
    ((section?.compareDocumentPosition(one) ?? 0) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0
  return all.find(isBehind) ?? all.find((one) => open?.contains(one)) ?? all[0]
}

/** @returns whether there is another one */
function toNextTerminal(): boolean {
  const tabs = [...document.querySelectorAll<HTMLElement>('.terminal-tabs [role=tab]')]
  const front = tabs.findIndex((tab) => tab.ariaSelected === 'true')
  const next = tabs[(front + 1) % tabs.length]
  if (tabs.length < 2 || next === undefined) return false
  next.click()
  // It is drawn first.
  requestAnimationFrame(() => requestAnimationFrame(focusTerminal))
  return true
}

/** The terminal in front; what stands in its place, where there is none. */
function focusTerminal(): void {
  const machines = document.querySelector('.machines')
  const inputs = [...(machines?.querySelectorAll<HTMLElement>('.xterm-helper-textarea, .overlay button') ?? [])]
  inputs.find((input) => input.checkVisibility({ visibilityProperty: true }))?.focus()
}
