import { signal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { inLanguage, language, marks, stringsOf } from '../state/language.js'
import { fontSizes, justChangedOpen, screenReader, terminalFontSize, theme, themes } from '../state/settings.js'
import { Dialog } from './dialog.js'
import { hasFullScreen } from './full-screen.js'
import { MoonIcon, SunIcon, SystemIcon } from './icons.js'
import { route } from './route.js'
import { shortcuts } from './shortcuts.js'

const strings = stringsOf({
  en: {
    theme: 'Theme',
    system: 'same as the system',
    light: 'light',
    dark: 'dark',
    settings: 'Settings',
    language: 'Language',
    fontSize: 'Text size in terminals',
    screenReader: 'Terminals speak to screen readers',
    screenReaderCost:
      'Output is put where a screen reader finds it. Turn it on if you use one; large outputs become slower.',
    justChanged: 'Say what each command changed in the network',
    inTerminal: 'In a terminal',
    copy: 'Copy the selection',
    paste: 'Paste',
    search: 'Search the output',
    larger: 'Larger text',
    smaller: 'Smaller text',
    usual: 'Default text size',
    shortcuts: 'Keyboard shortcuts',
    everywhere: 'Those with Alt and Shift work in terminals and fields, too.',
    otherKeys: 'All other keys go to the program, also Ctrl+P and Ctrl+Q, which leave docker attach.',
    browserKeys:
      'Browsers keep Ctrl+W, Ctrl+T and Ctrl+N for themselves, and Firefox on Linux Ctrl+Q as well: Alt+Backspace deletes a word, too, and docker attach can be given other keys by --detach-keys.',
    inFullScreen:
      'In full screen (in the menu) the first three reach the terminal; Escape leaves it when it is held down.',
  },
  zh: {
    theme: '主题',
    system: '跟随系统',
    light: '浅色',
    dark: '深色',
    settings: '设置',
    language: '语言',
    fontSize: '终端字号',
    screenReader: '终端支持屏幕阅读器',
    screenReaderCost: '把终端输出提供给屏幕阅读器。使用屏幕阅读器时请打开；输出很多时会变慢。',
    justChanged: '说明每条命令改变了网络的什么',
    inTerminal: '在终端里',
    copy: '复制选中的文字',
    paste: '粘贴',
    search: '搜索输出',
    larger: '放大文字',
    smaller: '缩小文字',
    usual: '恢复默认字号',
    shortcuts: '键盘快捷键',
    everywhere: '带 Alt 和 Shift 的快捷键在终端和输入框里也有效。',
    otherKeys: '其他按键都会交给终端里的程序，包括用来离开 docker attach 的 Ctrl+P 和 Ctrl+Q。',
    browserKeys:
      'Ctrl+W、Ctrl+T 和 Ctrl+N 由浏览器占用，Linux 版 Firefox 还占用 Ctrl+Q：删除一个词也可以用 Alt+Backspace，docker attach 可以用 --detach-keys 改用其他按键。',
    inFullScreen: '全屏时（在菜单里打开），前三个按键也会交给终端；长按 Esc 退出全屏。',
  },
})

/** Which of the dialogs of all pages is open. */
export const openDialog = signal<'settings' | 'shortcuts' | undefined>(undefined)

const themeIcons = { system: <SystemIcon />, light: <SunIcon />, dark: <MoonIcon /> }

/** One button: system, light, dark, and around. */
export function ThemeSwitch() {
  const label = `${strings.value.theme}${marks.value.colon}${strings.value[theme.value]}`
  return (
    <button
      type="button"
      class="quiet only-icon"
      aria-label={label}
      title={label}
      onClick={() => {
        theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
      }}
    >
      {themeIcons[theme.value]}
    </button>
  )
}

/** One button, which names the other language in that language. */
export function LanguageSwitch() {
  const other = language.value === 'en' ? 'zh' : 'en'
  return (
    <button
      type="button"
      class="quiet"
      lang={other}
      onClick={() => {
        language.value = other
      }}
    >
      {other === 'zh' ? '中文' : 'English'}
    </button>
  )
}

export function SettingsDialog({ onClose }: { onClose(): void }) {
  const size = useId()
  const reader = useId()
  const cost = useId()
  const changed = useId()
  const t = strings.value
  return (
    <Dialog title={t.settings} onClose={onClose}>
      <div class="settings">
        <fieldset>
          <legend>{t.theme}</legend>
          <div class="choices">
            {themes.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="theme"
                  checked={theme.value === one}
                  onChange={() => {
                    theme.value = one
                  }}
                />
                {themeIcons[one]} {t[one]}
              </label>
            ))}
          </div>
        </fieldset>
        <fieldset>
          <legend>{t.language}</legend>
          <div class="choices">
            {(['en', 'zh'] as const).map((one) => (
              <label key={one} lang={one}>
                <input
                  type="radio"
                  name="language"
                  checked={language.value === one}
                  onChange={() => {
                    language.value = one
                  }}
                />
                {one === 'en' ? 'English' : '中文'}
              </label>
            ))}
          </div>
        </fieldset>
        <div class="setting">
          <label for={size}>{t.fontSize}</label>
          <input
            id={size}
            type="number"
            min={fontSizes.least}
            max={fontSizes.most}
            value={terminalFontSize.value}
            onChange={(event) => {
              const wanted = Math.round(event.currentTarget.valueAsNumber)
              if (wanted >= fontSizes.least && wanted <= fontSizes.most) terminalFontSize.value = wanted
              else event.currentTarget.value = String(terminalFontSize.value)
            }}
          />
        </div>
        <div class="setting">
          <label for={reader}>{t.screenReader}</label>
          <input
            id={reader}
            type="checkbox"
            aria-describedby={cost}
            checked={screenReader.value}
            onChange={(event) => {
              screenReader.value = event.currentTarget.checked
            }}
          />
          <p id={cost} class="muted">
            {t.screenReaderCost}
          </p>
        </div>
        <div class="setting">
          <label for={changed}>{t.justChanged}</label>
          <input
            id={changed}
            type="checkbox"
            checked={justChangedOpen.value}
            onChange={(event) => {
              justChangedOpen.value = event.currentTarget.checked
            }}
          />
        </div>
      </div>
    </Dialog>
  )
}

const control = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'
/** What a terminal does by itself: see `client/terminal/terminal-screen.ts`. */
const terminalKeys = [
  { name: 'copy', keys: [control, 'Shift', 'C'] },
  { name: 'paste', keys: [control, 'V'] },
  { name: 'search', keys: [control, 'Shift', 'F'] },
  { name: 'larger', keys: [control, '+'] },
  { name: 'smaller', keys: [control, '-'] },
  { name: 'usual', keys: [control, '0'] },
] as const

export function ShortcutsDialog({ onClose }: { onClose(): void }) {
  const t = strings.value
  return (
    <Dialog title={t.shortcuts} onClose={onClose}>
      <dl class="shortcuts">
        {shortcuts.value.map((one) => (
          <div key={one.keys}>
            <dt>{inLanguage(one.label)}</dt>
            <dd>
              <Keys keys={one.keys.split('+')} />
            </dd>
          </div>
        ))}
      </dl>
      <p class="muted">{t.everywhere}</p>
      {route.value.page === 'lab' && (
        <>
          <h3>{t.inTerminal}</h3>
          <dl class="shortcuts">
            {terminalKeys.map(({ name, keys }) => (
              <div key={name}>
                <dt>{t[name]}</dt>
                <dd>
                  <Keys keys={keys} />
                </dd>
              </div>
            ))}
          </dl>
          <p class="muted">
            {t.otherKeys}
            {control === 'Ctrl' && `${marks.value.blank}${t.browserKeys}`}
            {control === 'Ctrl' && hasFullScreen && `${marks.value.blank}${t.inFullScreen}`}
          </p>
        </>
      )}
    </Dialog>
  )
}

/** Keys as they stand on a keyboard. */
function Keys({ keys }: { keys: readonly string[] }) {
  return (
    <span class="keys">
      {keys.map((key) => (
        <kbd key={key}>{key.charAt(0).toUpperCase() + key.slice(1)}</kbd>
      ))}
    </span>
  )
}
