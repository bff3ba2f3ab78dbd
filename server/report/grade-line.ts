import { sumOf } from '../check/points.js'
import { bracketed } from '../wording/phrase.js'
import { languages, type Text } from '../wording/text.js'
import { itemsOf, type Result, type StudentNames } from './result.js'
import { helpText, itemTitle, remarks, stateWord, words } from './words.js'

/** What a gradebook takes: a student's grade of an assignment. */
export interface GradeLine {
  student: StudentNames
  assignment: { id: string; title: Text; due?: string }
  /** ISO 8601, UTC; missing where nothing was handed in. */
  submittedAt?: string
  /** What the work is worth; missing while it could not be told. */
  earned?: number
  /** What lateness takes from it. */
  penalty: number
  /** What counts in the end; missing while it could not be told: then no gradebook is given a number. */
  points?: number
  of: number
  /** One line for the student. */
  remarks: Text
}

/** The grade of a piece of work by itself, without deadlines. */
export function gradeLine(result: Result): GradeLine {
  const { student, assignment, attempt, points, of, state } = result
  const isKnown = state !== 'could-not-tell'
  return {
    student,
    assignment: { id: assignment.id, title: assignment.title },
    submittedAt: attempt.submittedAt,
    ...(isKnown ? { earned: points, points } : {}),
    penalty: 0,
    of: sumOf([of]),
    remarks: remarksOf(result),
  }
}

function remarksOf(result: Result): Text {
  const [en, zh] = languages.map((language) => {
    const items = itemsOf(result).map((item, n, all) => {
      // Of a step that counts by its checks it is said once.
      const help = all[n - 1]?.step === item.step ? '' : helpText(item.step, language)
      const how = [stateWord(item.state, language), help].filter((part) => part !== '').join(words[language].comma)
      return `${itemTitle(item, language)} ${item.points}/${item.of}${bracketed(how)[language]}`
    })
    return [...items, ...remarks(result, language)].join(words[language].semicolon)
  })
  return { en: en!, zh: zh! }
}
