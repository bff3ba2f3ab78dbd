import type { HandedInView } from '../../server/protocol/classes.js'
import { marks, stringsOf } from '../state/language.js'

const strings = stringsOf({
  en: {
    points: (points: number, of: number) => `${points} of ${of} points`,
    atFirst: (points: number) => `judged again, ${points} at first`,
    lateOff: (percent: number, points: number) => `late: ${percent} % off, ${points} count`,
    open: (open: number) => `${open} more could not be told; they are not lost.`,
  },
  zh: {
    points: (points: number, of: number) => `${points} 分，满分 ${of} 分`,
    atFirst: (points: number) => `重新评过分，最初为 ${points} 分`,
    lateOff: (percent: number, points: number) => `迟交，扣 ${percent}%，计 ${points} 分`,
    open: (open: number) => `另有 ${open} 分无法判定，不会因此扣掉。`,
  },
})

/** Points in words. */
export function pointsText(points: number, of: number): string {
  return strings.value.points(points, of)
}

/** What work is worth that was handed in and judged, in words. */
export function worthText({ first, late }: HandedInView, points: NonNullable<HandedInView['points']>): string {
  const t = strings.value
  return [
    t.points(points.points, points.of),
    ...(first === undefined ? [] : [t.atFirst(first)]),
    ...(late === undefined ? [] : [t.lateOff(late.percent, late.points)]),
    ...(points.open > 0 ? [t.open(points.open)] : []),
  ].join(marks.value.semicolon)
}
