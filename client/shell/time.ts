import { signal } from '@preact/signals'
import { tidy } from '../../server/wording/phrase.js'
import type { Language } from '../../server/wording/text.js'

/** The time, for all that counts: it goes on each second while someone looks at it. */
export const now = signal(Date.now(), {
  watched() {
    now.value = Date.now()
    timer = setInterval(() => {
      now.value = Date.now()
    }, 1000)
  },
  unwatched() {
    clearInterval(timer)
  },
})
let timer: ReturnType<typeof setInterval> | undefined

/** A duration in minutes, or hours and minutes: `7 min`, `1 h 05 min`. Pure. */
export function minutesOf(ms: number, language: Language): string {
  const minutes = Math.floor(ms / 60_000)
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  if (language === 'zh') return hours === 0 ? `${minutes} 分钟` : `${hours} 小时 ${rest} 分钟`
  return hours === 0 ? `${minutes} min` : `${hours} h ${String(rest).padStart(2, '0')} min`
}

/** What is left until then, as `1:05`; never below 0:00. Pure. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** A stage that took so long: `0.4 s`. Pure. */
export function secondsOf(ms: number, language: Language): string {
  const seconds = ms < 10_000 ? (ms / 1000).toFixed(1) : String(Math.round(ms / 1000))
  return language === 'zh' ? `${seconds} 秒` : `${seconds} s`
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** How far away that is, in the largest unit that fits: `in 5 minutes`, `2 hours ago`, `5 分钟后`. Pure. */
export function relative(ms: number, language: Language): string {
  const [unit, size] = units.find(([, size]) => Math.abs(ms) >= size) ?? units[3]
  const when = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.round(ms / size), unit)
  return language === 'zh' ? tidy(when) : when
}

/** A day and a time of it, as they are where the browser is: `3 Dec 2026, 10:15`. Pure but for the zone. */
export function dayAndTime(time: string, language: Language): string {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  return new Date(time).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' })
}

/** A time as the browser's field has it: in the local zone, to the minute; empty for none. */
export function fieldTime(time: string | undefined): string {
  if (time === undefined) return ''
  const date = new Date(time)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** What such a field says, in ISO 8601; null where it is empty. */
export function timeOfField(local: string): string | null {
  return local === '' ? null : new Date(local).toISOString()
}
