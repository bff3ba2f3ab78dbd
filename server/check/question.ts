import { z } from 'zod'
import type { Text } from '../wording/text.js'
import { text } from './fields.js'

/** What all checks that ask the learner something have in common: `answer`, `choice`, `number`, `pattern`. */

export const questionFields = {
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is no id: lower-case letters, digits and "-"')
    .describe('names the answer, also for `answer=ID` in run blocks'),
  ask: text.describe('the question'),
}

/** What the learner typed or chose, however long; empty where that was nothing. */
export function typedIn(answers: Readonly<Record<string, string>>, id: string): string {
  return Object.hasOwn(answers, id) ? String(answers[id]) : ''
}

export const nothingTyped: Text = { en: 'nothing was typed', zh: '还没有填写' }
export const findTheAnswer: Text = {
  en: 'this step asks you a question: find the answer and type it in',
  zh: '这一步有一个问题：找到答案，再填进来',
}
