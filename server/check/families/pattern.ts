import { RE2JS } from 're2js'
import { z } from 'zod'
import { code } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { because, flag, text } from '../fields.js'
import { fail, pass } from '../finding.js'
import { findTheAnswer, nothingTyped, questionFields, typedIn } from '../question.js'

/** Characters. RE2 takes time that grows with the length of the text times that of the pattern, and not faster (RE2's own paper): both are short. */
const longestAnswer = 200
const longestPattern = 200
const mostRepeats = 100

const schema = z
  .strictObject({
    ...questionFields,
    matches: z
      .string()
      .min(1)
      .max(longestPattern)
      .describe(
        'a regular expression that the whole answer has to match, in the syntax of RE2: without look-around and backreferences',
      ),
    case: flag.default(false).describe('yes: capital letters are others than small ones'),
    why: text.describe('what is said where it does not match: what such an answer looks like, or where to look'),
    known: because.describe('why it may be known without a look, since it is the same in every rack'),
  })
  .superRefine(({ matches }, context) => {
    const fault = faultOf(matches)
    if (fault !== undefined) context.addIssue({ code: 'custom', path: ['matches'], message: fault })
  })
type Spec = z.output<typeof schema>

/** An answer that may be written in many ways, of which a pattern says which are right. */
export const pattern: Family<Spec> = {
  key: 'pattern',
  schema,
  reasons: ['pattern.none', 'pattern.other'],
  nothing: ['pattern.none'],
  final: ['pattern.none', 'pattern.other'],
  question: ({ id, ask }) => ({ id, ask }),
  knowable: ({ known }) => ({ why: known }),
  hosts: () => [],
  async check(spec, { answers }) {
    const whole = typedIn(answers, spec.id).trim()
    const typed = whole.slice(0, longestAnswer)
    const expected = { en: 'an answer of the form that is asked for', zh: '符合要求的答案' }
    if (typed === '') {
      return fail('pattern.none', {
        expected,
        observed: nothingTyped,
        why: findTheAnswer,
      })
    }
    if (whole.length <= longestAnswer && compiled(spec.matches, spec.case).matches(typed)) {
      return pass(`${code(typed)} is right`, `${code(typed)} 正确`)
    }
    return fail('pattern.other', {
      expected,
      observed: { en: `you typed ${code(typed)}`, zh: `你填写的是 ${code(typed)}` },
      why: spec.why,
    })
  },
}

function compiled(matches: string, isCase: boolean): RE2JS {
  return RE2JS.compile(matches, isCase ? 0 : RE2JS.CASE_INSENSITIVE)
}

function faultOf(matches: string): string | undefined {
  const repeats = [...matches.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [
    Number(least),
    Number(most ?? 0),
  ])
  if (repeats.some((count) => count > mostRepeats)) return `repeats something more than ${mostRepeats} times`
  try {
    if (compiled(matches, false).matches('')) return 'matches an empty answer'
    return undefined
  } catch (error) {
    return `is no regular expression of RE2: ${(error as Error).message.replace('error parsing regexp: ', '')}`
  }
}
