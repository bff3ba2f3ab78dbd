import type { ITheme } from '@xterm/xterm'

/** Sixteen colours for each ground, each with a contrast of 4.5 or more to it, but for black and white themselves. */
const onDark: ITheme = {
  black: '#2b363b',
  red: '#ff8080',
  green: '#7fcf8e',
  yellow: '#e2bd63',
  blue: '#7fb4f0',
  magenta: '#d59ae6',
  cyan: '#68c8c8',
  white: '#d9e1e4',
  brightBlack: '#8a99a1',
  brightRed: '#ffa3a0',
  brightGreen: '#a3e3ae',
  brightYellow: '#f3d78e',
  brightBlue: '#a9cdf8',
  brightMagenta: '#e6bdf2',
  brightCyan: '#97e0df',
  brightWhite: '#ffffff',
}
const onLight: ITheme = {
  black: '#172024',
  red: '#b01f2e',
  green: '#1c6e3d',
  yellow: '#7d5a00',
  blue: '#1f5b96',
  magenta: '#86348f',
  cyan: '#0f6a72',
  white: '#5b6872',
  brightBlack: '#526069',
  brightRed: '#c2303c',
  brightGreen: '#257a45',
  brightYellow: '#856100',
  brightBlue: '#2a69ab',
  brightMagenta: '#9440a0',
  brightCyan: '#177680',
  brightWhite: '#172024',
}

/** The page's colours for terminals, as they are now. */
export function currentColours(): ITheme {
  const probe = document.createElement('span')
  document.documentElement.append(probe)
  const colour = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const background = colour('--terminal-background')
  const foreground = colour('--terminal-foreground')
  const theme: ITheme = {
    ...(isDark(background) ? onDark : onLight),
    background,
    foreground,
    cursor: foreground,
    cursorAccent: background,
    selectionBackground: colour('--terminal-selection'),
    overviewRulerBorder: background,
  }
  probe.remove()
  return theme
}

/** Whether `rgb(17, 24, 27)` is a dark ground. Pure. */
export function isDark(rgb: string): boolean {
  const [red = 0, green = 0, blue = 0] = (rgb.match(/[\d.]+/g) ?? []).map(Number)
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128
}

/** Calls back whenever the page's theme changes. @returns what ends that */
export function onThemeChange(changed: () => void): () => void {
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] })
  scheme.addEventListener('change', changed)
  return () => {
    observer.disconnect()
    scheme.removeEventListener('change', changed)
  }
}
