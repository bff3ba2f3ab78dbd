import { z } from 'zod'
import { Unanswerable } from '../../place/unanswerable.js'
import { listed, same } from '../../wording/phrase.js'
import type { Text } from '../../wording/text.js'
import { bare, code } from '../../wording/wording.js'
import { type Fault, lengthFault, means, networkFault, readingsOf, sameAs, type Value } from '../compare-answer.js'
import type { CheckContext, Family } from '../family.js'
import { because, hostName, text } from '../fields.js'
import { fail, failedToCheck, pass } from '../finding.js'
import { indexed, isText, ownersText } from '../owners.js'
import { pointerTo, shown } from '../pointer.js'
import { findTheAnswer, nothingTyped, questionFields, typedIn } from '../question.js'
import { type Kind, kindOfWord, type Reading } from '../typed.js'
import { hostsOfValue, kindOfValue, labelsOf, placeOfLink, readValue, ValueSpec } from '../values.js'

/** A learner can paste anything; more than this is no answer to a question. */
const longestAnswer = 500
/** A question within a sentence. */
const longestQuestion = 160

const words = z
  .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)], {
    error: 'must be a word, or a list of words',
  })
  .transform((equals) => (Array.isArray(equals) ? equals : [equals]).map(String))

const oneOfBoth = { message: 'needs one of `value` and `equals`' }

const wrong = z
  .strictObject({
    value: ValueSpec.optional().describe('a live value that is wrong here'),
    equals: words.optional().describe('a wrong answer, or several'),
    why: text.describe('what it is instead'),
  })
  .refine(({ value, equals }) => (value === undefined) !== (equals === undefined), oneOfBoth)

const schema = z
  .strictObject({
    ...questionFields,
    value: ValueSpec.optional().describe('the live value, or the value of chance, that is right'),
    equals: words.optional().describe('the right answer, or several'),
    known: because.describe(
      'why it may be known without a look, such as a number that Docker always begins with: needed with `equals`, which is the same in every rack',
    ),
    look: z
      .strictObject({
        run: z.string().min(1).max(80).describe('the command'),
        host: hostName.optional().describe('on which host; the first docker host by default'),
      })
      .optional()
      .describe('a command that shows the answer, named after a wrong one; for a live value one is known by default'),
    instead: z
      .array(wrong)
      .max(12)
      .optional()
      .describe('wrong answers that learners are likely to give, each with what it really is'),
  })
  .refine(({ value, equals }) => (value === undefined) !== (equals === undefined), oneOfBoth)
  .superRefine(({ equals = [], instead = [] }, context) => {
    for (const [at, entry] of instead.entries()) {
      const both = entry.equals?.find((one) =>
        equals.some((right) => means(one, { kind: kindOfWord(right), value: right })),
      )
      if (both === undefined) continue
      const message = `has ${bare(both)}, which is right as well`
      context.addIssue({ code: 'custom', path: ['instead', at, 'equals'], message })
    }
  })
type Spec = z.output<typeof schema>

/** What the learner found out and typed. The right answer is in no finding of a wrong one. */
export const answer: Family<Spec> = {
  key: 'answer',
  schema,
  reasons: ['answer.none', 'answer.several', 'answer.length', 'answer.other', 'answer.wrong'],
  nothing: ['answer.none'],
  final: ['answer.none', 'answer.several', 'answer.length', 'answer.other', 'answer.wrong'],
  question: ({ id, ask }) => ({ id, ask }),
  knowable: ({ equals, known }) => (equals === undefined && known === undefined ? undefined : { why: known }),
  chances: ({ value, instead = [] }) =>
    [value, ...instead.map((one) => one.value)].flatMap((one) => (one && 'chance' in one ? [one.chance] : [])),
  hosts: ({ value, look, instead = [] }) => [
    ...[value, ...instead.map((one) => one.value)].flatMap((one) => (one ? hostsOfValue(one) : [])),
    ...(look?.host === undefined ? [] : [look.host]),
  ],
  async check(spec, context) {
    const { answers } = context
    const typed = typedIn(answers, spec.id).slice(0, longestAnswer)
    const asked = askedBefore(spec, context)
    if (typed.trim() === '') {
      return fail('answer.none', {
        expected: { en: 'an answer to the question', zh: '回答这个问题' },
        observed: nothingTyped,
        why: asked(
          spec.value
            ? {
                en: 'this step asks you something that only your own network can tell: look it up there and type it in',
                zh: '这一步问的内容只有你自己的网络知道：去查看一下，再填进来',
              }
            : findTheAnswer,
        ),
      })
    }
    const right = valuesOf(spec, context)
    if (right.length === 0) {
      return failedToCheck(
        'answer.unknowable',
        asked({
          en: 'what the question is about does not exist in the network at the moment, so no answer can be compared with it: do the earlier steps first',
          zh: '所问的内容目前在网络中还不存在，无法比较答案：请先完成前面的步骤',
        }),
      )
    }
    const fault = faultOf(spec, typed, right, context)
    if (fault === undefined) {
      const { en, zh } = asked({ en: `${code(typed)} is right`, zh: `${code(typed)} 正确` })
      return pass(en, zh)
    }
    return fail(fault.reason, {
      expected: spec.value
        ? { en: 'the answer that the network gives', zh: '与网络实际情况一致的答案' }
        : { en: 'the right answer', zh: '正确的答案' },
      observed: { en: `you typed ${code(typed)}`, zh: `你填写的是 ${code(typed)}` },
      why: asked(fault.why),
    })
  },
}

/** Where a step asks several questions, a sentence about an answer begins with its question. */
function askedBefore({ ask }: Spec, { questions = 1 }: CheckContext): (sentence: Text) => Text {
  if (questions < 2) return (sentence) => sentence
  const [en, zh] = [ask.en, ask.zh].map((one) => (one.length > longestQuestion ? bare(one, longestQuestion) : one))
  return (sentence) => ({ en: `${en} ${sentence.en}`, zh: `${zh}${sentence.zh}` })
}

/** What an author listed, or the live value; none where the network has no such thing now. */
function valuesOf({ value, equals }: Pick<Spec, 'value' | 'equals'>, { state, home, chance }: CheckContext): Value[] {
  if (equals) return equals.map((word) => ({ kind: kindOfWord(word), value: word }))
  const live = value && readValue(value, state, home, chance)
  return value && live !== undefined ? [{ kind: kindOfValue(value, live), value: live, label: labelsOf(value) }] : []
}

/** What can't be read now is nothing that a wrong answer could be told by. */
function wrongOnes(one: Pick<Spec, 'value' | 'equals'>, context: CheckContext): Value[] {
  try {
    return valuesOf(one, context)
  } catch (error) {
    if (error instanceof Unanswerable) return []
    throw error
  }
}

/** What is wrong with an answer; undefined where it is right. */
function faultOf(spec: Spec, typed: string, right: readonly Value[], context: CheckContext): Fault | undefined {
  const { state, home } = context
  const [first] = right
  const kind = right.every((one) => one.kind === first!.kind) ? first!.kind : undefined
  const readings = kind === undefined ? [] : readingsOf(first!, typed)
  const isRight = (reading: Reading) => right.some((one) => sameAs(one, reading))
  if (kind === undefined || kind === 'word') {
    if (right.some((one) => means(typed, one))) return undefined
  } else if (readings.length > 0 && readings.every(isRight)) {
    return lengthFault(kind, readings[0]!, state)
  }
  if (readings.length > 1) {
    const list = listed(readings.map(({ value }) => same(code(value))))
    return {
      reason: 'answer.several',
      why: {
        en: `only one answer is asked for, and yours has several, ${list.en}: choose one of them`,
        zh: `只问一个答案，而你填了多个：${list.zh}。请只留下一个`,
      },
    }
  }
  const [reading] = readings
  if (kind === 'network' && reading) {
    const fault = networkFault(reading, right)
    if (fault) return fault
  }
  const instead = (spec.instead ?? []).find((one) => wrongOnes(one, context).some((bad) => means(typed, bad)))
  if (instead) return { reason: 'answer.other', why: instead.why }
  const what =
    kind && reading
      ? kind === 'link' && /^\d+$/.test(reading.value)
        ? indexOf(reading.value, first!.value, spec, context)
        : ownersText(kind, reading, state, home)
      : undefined
  if (what) return { reason: 'answer.other', why: isText(reading!.value, what) }
  const look = whereToLook(spec, context)
  if (kind && kind !== 'word' && !reading) {
    const thing = things[kind]
    return {
      reason: 'answer.wrong',
      why: {
        en: `${thing.en} is asked for, but there is none in what you typed: ${look.en}`,
        zh: `要填的是${thing.zh}，而你填写的内容里没有找到：${look.zh}`,
      },
    }
  }
  return { reason: 'answer.wrong', why: { en: `that is not it: ${look.en}`, zh: `不对：${look.zh}` } }
}

function indexOf(typed: string, name: string, { value }: Spec, { state, home }: CheckContext): Text | undefined {
  const meant = value && placeOfLink(value, state, home)
  return meant && indexed(typed, name, meant, state, home)
}

const things: Record<Exclude<Kind, 'word'>, Text> = {
  address: { en: 'an IP address', zh: ' IP 地址' },
  network: { en: 'a network such as 10.0.0.0/8', zh: '形如 10.0.0.0/8 的子网' },
  mac: { en: 'a MAC address', zh: ' MAC 地址' },
  link: { en: 'the name of a link', zh: '接口名' },
  number: { en: 'a number', zh: '数字' },
}

function whereToLook({ value, look }: Spec, { state, home }: CheckContext): Text {
  if (look) return shown(look.run, look.host ?? home)
  return value && !('chance' in value)
    ? pointerTo(value, state, home)
    : {
        en: 'look again at what the page and the commands of this step show',
        zh: '再仔细看看本页内容和这一步命令的输出',
      }
}
