import { z } from 'zod'
import { Unanswerable } from '../../place/unanswerable.js'
import { bare, code } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { because } from '../fields.js'
import { fail, failedToCheck, pass } from '../finding.js'
import { inUnit, type Quantity, quantitiesIn, units } from '../quantity.js'
import { nothingTyped, questionFields, typedIn } from '../question.js'
import { hostsOfValue, readValue, ValueSpec } from '../values.js'

/** More than this is no number. */
const longestAnswer = 200

const decimal = z
  .union([z.number(), z.string().regex(/^-?\d{1,15}(?:\.\d{1,9})?$/, 'is no number')], { error: 'is no number' })
  .transform(Number)

const schema = z
  .strictObject({
    ...questionFields,
    is: decimal.optional().describe('the right number'),
    value: ValueSpec.optional().describe('the live value, or the value of chance, that is right; it must be a number'),
    within: z
      .union([decimal, z.string().regex(/^\d{1,3}(?:\.\d{1,3})?%$/)], {
        error: 'is neither a number nor a share such as 5%',
      })
      .default(0)
      .describe(
        'how far off it may be, either way: a number in the same unit, or a share of the right one such as 5%; 0 by default',
      ),
    unit: z
      .string()
      .refine((unit) => units.includes(unit), `is no unit: ${units.join(', ')}`)
      .optional()
      .describe(
        `what it is counted in; another unit of the same kind is converted, none is taken for this one: ${units.join(', ')}`,
      ),
    known: because.describe('why it may be known without a look: needed with `is`, which is the same in every rack'),
  })
  .refine((spec) => (spec.value === undefined) !== (spec.is === undefined), {
    message: 'needs one of `is` and `value`',
  })
type Spec = z.output<typeof schema>

const reasons = ['number.none', 'number.unreadable', 'number.several', 'number.unit', 'number.off']

/** A number that the learner found out, such as one that was measured: it may be off by as much as the author says. */
export const number: Family<Spec> = {
  key: 'number',
  schema,
  reasons,
  nothing: ['number.none'],
  final: reasons,
  question: ({ id, ask }) => ({ id, ask }),
  knowable: ({ is, known }) => (is === undefined && known === undefined ? undefined : { why: known }),
  chances: ({ value }) => (value && 'chance' in value ? [value.chance] : []),
  hosts: ({ value }) => (value ? hostsOfValue(value) : []),
  async check(spec, context) {
    const { unit } = spec
    const typed = typedIn(context.answers, spec.id).slice(0, longestAnswer)
    const expected = {
      en: unit ? `a number in ${unit}` : 'a number',
      zh: unit ? `一个以 ${unit} 为单位的数字` : '一个数字',
    }
    if (typed.trim() === '') {
      return fail('number.none', {
        expected,
        observed: nothingTyped,
        why: {
          en: 'this step asks you for a number: find it out and type it in',
          zh: '这一步问一个数字：找到它，再填进来',
        },
      })
    }
    const right = rightOf(spec, context)
    if (right === undefined) {
      return failedToCheck('number.unknowable', {
        en: 'what is asked for does not exist in the network at the moment, so no number can be compared with it: do the earlier steps first',
        zh: '所问的内容目前在网络中还不存在，无法比较数字：请先完成前面的步骤',
      })
    }
    const observed = { en: `you typed ${code(typed)}`, zh: `你填写的是 ${code(typed)}` }
    const wrong = (reason: string, en: string, zh: string) => fail(reason, { expected, observed, why: { en, zh } })
    const found = quantitiesIn(typed)
    if (found.length === 0) {
      return wrong(
        'number.unreadable',
        'a number is asked for, and there is none in what you typed',
        '要填的是数字，而你填写的内容里没有',
      )
    }
    if (found.length > 1) {
      return wrong(
        'number.several',
        'one number is asked for, and yours holds several: leave one of them',
        '只问一个数字，而你填了多个：请只留下一个',
      )
    }
    const given = inUnit(found[0]!, unit)
    if (given === undefined) return wrongUnit(found[0]!, unit, wrong)
    const allowed = toleranceOf(spec.within, right)
    // What binary fractions are off by is no fault of the learner's.
    if (Math.abs(given - right) <= allowed + Math.abs(right) * 1e-9) {
      return pass(`${code(typed)} is right`, `${code(typed)} 正确`)
    }
    return wrong(
      'number.off',
      allowed > 0
        ? 'that is further off than can be explained by how it was measured: measure once more'
        : 'that is not it: look once more',
      allowed > 0 ? '与正确值相差太多，不像是测量误差：请再测一次' : '不对：请再看一看',
    )
  },
}

function wrongUnit(
  { unit: given }: Quantity,
  unit: string | undefined,
  wrong: (reason: string, en: string, zh: string) => ReturnType<typeof fail>,
): ReturnType<typeof fail> {
  const called = given === 'unknown' || given === undefined ? '' : ` ${code(given)}`
  if (unit === undefined)
    return wrong('number.unit', `a number alone is asked for, without a unit${called}`, `只要填数字，不带单位${called}`)
  return wrong(
    'number.unit',
    `it is asked for in ${code(unit)}, and yours has another unit${called}`,
    `要以 ${code(unit)} 为单位，而你用了别的单位${called}`,
  )
}

/** Undefined where the network has no such thing now. @throws Unanswerable number.no-number */
function rightOf({ is, value }: Spec, { state, home, chance }: CheckContext): number | undefined {
  if (is !== undefined) return is
  const live = value && readValue(value, state, home, chance)
  if (live === undefined) return undefined
  if (/^-?\d+(?:\.\d+)?$/.test(live)) return Number(live)
  const what = bare(live)
  throw new Unanswerable('number.no-number', {
    en: `the value that the answer is compared with is no number: ${what}`,
    zh: `用来比较答案的值不是数字：${what}`,
  })
}

function toleranceOf(within: Spec['within'], right: number): number {
  if (typeof within === 'number') return Math.abs(within)
  return (Math.abs(right) * Number(within.slice(0, -1))) / 100
}
