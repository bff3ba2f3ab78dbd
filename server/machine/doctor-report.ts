import { oneLine } from '../wording/one-line.js'
import type { DoctorReport, DoctorRow, DoctorStatus } from './doctor.js'

/** SGR codes: green, red, yellow, dim. */
const COLOURS: Record<DoctorStatus, number> = { ok: 32, missing: 31, warning: 33, unknown: 2 }

/** Below this, columns would be one word wide; lines then run over the edge instead. */
const LEAST_WIDTH = 40

const GAP = '  '

/** Names are the house's own and short; a longer one would push all the rest off the screen. */
const LONGEST_CELL = 32

/**
 * The report for people: a row for each thing, and under what is not ok the lines that say what fails and what helps.
 * With a `width` lines are broken at words, without it each stays whole, which suits files and pipes.
 */
export function renderReport(report: DoctorReport, { colour, width }: { colour: boolean; width?: number }): string {
  const columns = (['status', 'area', 'name'] as const).map((key) => {
    const widest = Math.max(0, ...report.rows.map((entry) => lengthOf(oneLine(entry[key], LONGEST_CELL))))
    return { key, widest }
  })
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(width, LEAST_WIDTH)
  const lines = report.rows.flatMap((entry) => {
    const cells = columns.map(({ key, widest }) => {
      const padded = pad(oneLine(entry[key], LONGEST_CELL), widest)
      return key === 'status' ? paint(padded, entry.status, colour) : padded
    })
    const indent = columns.reduce((sum, { widest }) => sum + widest + GAP.length, 0)
    const [first = '', ...more] = hang(oneLine(entry.found), indent, room)
    return [`${cells.join(GAP)}${GAP}${first.trimStart()}`.trimEnd(), ...more, ...advise(entry, room)]
  })
  return `${[...lines, '', ...hang(summarise(report), 0, room)].join('\n')}\n`
}

function advise({ fails, cure }: DoctorRow, room: number): string[] {
  const labelled = [
    { label: 'fails: ', text: fails },
    { label: 'cure:  ', text: cure },
  ]
  return labelled.flatMap(({ label, text }) => {
    if (text === undefined) return []
    const indent = 4 + label.length
    const [first = '', ...more] = hang(oneLine(text), indent, room)
    return [`    ${label}${first.trimStart()}`, ...more]
  })
}

function summarise({ ok, rows }: DoctorReport): string {
  const count = (status: DoctorStatus) => rows.filter((entry) => entry.status === status).length
  const notes = (['missing', 'warning', 'unknown'] as const).flatMap((status) =>
    count(status) === 0 ? [] : [`${count(status)} ${status}${status === 'warning' && count(status) > 1 ? 's' : ''}`],
  )
  const verdict = ok ? 'Labs can run on this machine' : 'Labs cannot run on this machine yet'
  return notes.length === 0 ? `${verdict}.` : `${verdict}: ${notes.join(', ')}.`
}

/** Breaks text at spaces into lines that fit the room, each behind the indent; a word that does not fit is cut through. */
function hang(text: string, indent: number, room: number): string[] {
  const most = Math.max(room - indent, 10)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((long) => cut(long, most))) {
    if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > most) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map((each) => `${' '.repeat(indent)}${each}`)
}

function cut(word: string, most: number): string[] {
  const characters = [...word]
  if (characters.length <= most) return [word]
  return Array.from({ length: Math.ceil(characters.length / most) }, (_, index) =>
    characters.slice(index * most, (index + 1) * most).join(''),
  )
}

function paint(text: string, status: DoctorStatus, colour: boolean): string {
  return colour ? `\u001b[${COLOURS[status]}m${text}\u001b[0m` : text
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(width - lengthOf(text))
}

function lengthOf(text: string): number {
  return [...text].length
}
