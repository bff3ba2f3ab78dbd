import { z } from 'zod'
import { listed } from '../../wording/phrase.js'
import type { Text } from '../../wording/text.js'
import { bare, code } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { flag, text } from '../fields.js'
import { fail, pass } from '../finding.js'
import { questionFields, typedIn } from '../question.js'

/** The letters of options that an author has given no id. */
const letters = 'abcdefghijkl'
/** An option within a sentence, in characters. */
const longestOption = 160
/** More than all ids of a question together, in characters: what is longer was never sent by our page. */
const longestAnswer = 500

const option = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is no id: lower-case letters, digits and "-"')
      .optional()
      .describe('names the option in `answers`; by default a letter, `a` for the first. Browsers get it'),
    text: text.describe('what one chooses'),
    right: flag.default(false).describe('yes: it is right'),
    why: text.optional().describe('what is said to whoever has chosen it: needed where it is wrong'),
  })
  .refine(({ right, why }) => right || why !== undefined, {
    path: ['why'],
    message: 'is missing: say to whoever chooses it what is wrong with it',
  })

const schema = z
  .strictObject({
    ...questionFields,
    options: z.array(option).min(2).max(letters.length).describe('what there is to choose from'),
    several: flag.default(false).describe('yes: all that is right has to be chosen, and nothing else'),
    shuffle: flag
      .default(true)
      .describe(
        'no: in this order for everybody, such as where one says "none of these"; else each learner has another',
      ),
  })
  .superRefine(({ options, several }, context) => {
    const ids = idsOf(options)
    for (const [at, id] of ids.entries()) {
      if (ids.indexOf(id) === at) continue
      context.addIssue({ code: 'custom', path: ['options', at], message: `${bare(id)} is there twice` })
    }
    const right = options.filter((one) => one.right).length
    if (right === 0) context.addIssue({ code: 'custom', path: ['options'], message: 'has no option that is right' })
    if (right > 1 && !several) {
      const message = `has ${right} options that are right: say \`several: yes\``
      context.addIssue({ code: 'custom', path: ['options'], message })
    }
  })
type Spec = z.output<typeof schema>
type Option = Spec['options'][number]

const reasons = ['choice.none', 'choice.unknown', 'choice.several', 'choice.wrong', 'choice.missing']

/** A question with answers to choose from. Which are right never leaves the server; what is wrong with one that was chosen does. */
export const choice: Family<Spec> = {
  key: 'choice',
  schema,
  reasons,
  nothing: ['choice.none'],
  final: reasons,
  question: ({ id, ask, options, several, shuffle }) => ({
    id,
    ask,
    choose: {
      several,
      shuffle,
      options: idsOf(options).map((option, at) => ({ id: option, text: options[at]!.text })),
    },
  }),
  hosts: () => [],
  async check(spec, { answers }: CheckContext) {
    const { options, several } = spec
    const typed = typedIn(answers, spec.id).slice(0, longestAnswer)
    const ids = [
      ...new Set(
        typed
          .toLowerCase()
          .split(/[\s,，、;]+/)
          .filter((word) => word !== ''),
      ),
    ]
    const known = idsOf(options)
    const expected: Text = several
      ? { en: 'all options that are right, and no other', zh: '选出所有正确的选项，且不多选' }
      : { en: 'the option that is right', zh: '选出正确的选项' }
    if (ids.length === 0) {
      return fail('choice.none', {
        expected,
        observed: { en: 'nothing was chosen', zh: '还没有选择' },
        why: { en: 'this step asks you a question: choose an answer', zh: '这一步有一个问题：请选择答案' },
      })
    }
    const foreign = ids.find((id) => !known.includes(id))
    if (foreign !== undefined) {
      return fail('choice.unknown', {
        expected,
        observed: { en: `the answer was ${code(foreign)}`, zh: `答案是 ${code(foreign)}` },
        why: {
          en: `there is no such option; options are ${known.map((id) => code(id)).join(', ')}`,
          zh: `没有这个选项；选项有 ${known.map((id) => code(id)).join('、')}`,
        },
      })
    }
    const chosen = options.filter((_, at) => ids.includes(known[at]!))
    const observed = chosenText(chosen)
    if (!several && chosen.length > 1) {
      return fail('choice.several', {
        expected,
        observed,
        why: { en: 'one option is right: choose one of them', zh: '只有一个选项正确：请只选一个' },
      })
    }
    const wrong = chosen.filter((one) => !one.right)
    if (wrong.length > 0) return fail('choice.wrong', { expected, observed, why: whyAll(wrong) })
    if (options.some((one) => one.right && !chosen.includes(one))) {
      return fail('choice.missing', {
        expected,
        observed,
        why: {
          en: 'what you have chosen is right, but something else is right as well',
          zh: '你选的都对，但还有别的选项也正确',
        },
      })
    }
    const explained = chosen.filter((one) => one.why !== undefined)
    const { en, zh } = explained.length > 0 ? joined(observed, whyAll(explained)) : observed
    return pass(en, zh)
  },
}

/** By their place: the author's, or a letter. */
function idsOf(options: readonly Pick<Option, 'id'>[]): string[] {
  return options.map(({ id }, at) => id ?? letters[at]!)
}

function chosenText(chosen: readonly Option[]): Text {
  const list = listed(chosen.map(({ text: { en, zh } }) => ({ en: `“${named(en)}”`, zh: `“${named(zh)}”` })))
  return { en: `you chose ${list.en}`, zh: `你选择的是${list.zh}` }
}

/** Within a sentence, without the marks of code. */
function named(text: string): string {
  return bare(text.replaceAll('`', ''), longestOption)
}

/** What is said to each of them; where there are several, behind the option that it is about. */
function whyAll(options: readonly Option[]): Text {
  if (options.length === 1) return options[0]!.why!
  const about = (language: keyof Text) => options.map((one) => `“${named(one.text[language])}”: ${one.why![language]}`)
  return { en: about('en').join('; '), zh: about('zh').join('；').replaceAll('”: ', '”：') }
}

function joined(one: Text, other: Text): Text {
  return { en: `${one.en}: ${other.en}`, zh: `${one.zh}：${other.zh}` }
}
