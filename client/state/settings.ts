import { effect } from '@preact/signals'
import { stored } from './stored.js'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** As the system, or as the learner says. */
export const theme = stored<Theme>('theme', 'system', (value) => themes.find((one) => one === value))

export const fontSizes = { least: 8, most: 32, usual: 14 }

/** Of the terminals, in CSS pixels. */
export const terminalFontSize = stored<number>('font-size', fontSizes.usual, (value) =>
  typeof value === 'number' && value >= fontSizes.least && value <= fontSizes.most ? value : undefined,
)

const yesOrNo = (name: string, otherwise: boolean) =>
  stored<boolean>(name, otherwise, (value) => (typeof value === 'boolean' ? value : undefined))

/** Terminals speak to screen readers; that costs them speed, so it is asked for. */
export const screenReader = yesOrNo('screen-reader', false)

/** Whether the learner has put away how a lab works. */
export const welcomed = yesOrNo('welcomed', false)

/** Whether the lab page shows the map. */
export const mapOpen = yesOrNo('map', true)

/** Whether the lab page says what has just changed. */
export const justChangedOpen = yesOrNo('just-changed', true)

export const splits = { least: 25, most: 75, usual: 46 }

/** Width of the instructions, in percent of the page. */
export const splitAt = stored<number>('split', splits.usual, (value) =>
  typeof value === 'number' && value >= splits.least && value <= splits.most ? value : undefined,
)

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
})
