import { z } from 'zod'
import { canonicalAddress, canonicalNetwork, isAddress, isCidr } from '../../network/addresses.js'
import type { Text } from '../../wording/text.js'
import { code } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { text } from '../fields.js'
import { fail, failedToCheck, pass } from '../finding.js'
import { hostsOfValue, readValue, ValueSpec } from '../values.js'

/** A learner can paste anything; more than this is no answer to a question. */
const longestAnswer = 500

const schema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is no id: lower-case letters, digits and "-"')
      .describe('names the answer, also for `answer=ID` in run blocks'),
    ask: text.describe('the question'),
    value: ValueSpec.optional().describe('the live value that is right'),
    equals: z
      .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)], {
        error: 'must be a word, or a list of words',
      })
      .transform((equals) => (Array.isArray(equals) ? equals : [equals]).map(String))
      .optional()
      .describe('the right answer, or several'),
  })
  .refine(({ value, equals }) => (value === undefined) !== (equals === undefined), {
    message: 'needs one of `value` and `equals`',
  })
type Spec = z.output<typeof schema>

/** What the learner found out and typed. The right answer is in no finding of a wrong one. */
export const answer: Family<Spec> = {
  key: 'answer',
  schema,
  reasons: ['answer.none', 'answer.wrong'],
  final: ['answer.none', 'answer.wrong'],
  question: ({ id, ask }) => ({ id, ask }),
  hosts: (spec) => (spec.value ? hostsOfValue(spec.value) : []),
  async check(spec, { state, home, answers }) {
    const typed = Object.hasOwn(answers, spec.id) ? String(answers[spec.id]).slice(0, longestAnswer) : ''
    if (typed.trim() === '') {
      return fail('answer.none', {
        expected: { en: 'an answer to the question', zh: '回答这个问题' },
        observed: { en: 'nothing was typed', zh: '还没有填写' },
        why: {
          en: 'this step asks you something that only your own network can tell: look it up there and type it in',
          zh: '这一步问的内容只有你自己的网络知道：去查看一下，再填进来',
        },
      })
    }
    const right =
      spec.equals ?? [spec.value && readValue(spec.value, state, home)].filter((value) => value !== undefined)
    if (right.length === 0) {
      return failedToCheck('answer.unknowable', {
        en: 'what is asked for does not exist in the network at the moment, so no answer can be compared with it: do the earlier steps first',
        zh: '所问的内容目前在网络中还不存在，无法比较答案：请先完成前面的步骤',
      })
    }
    if (right.some((value) => canonical(value) === canonical(typed))) {
      return pass(`${code(typed)} is right`, `${code(typed)} 正确`)
    }
    return fail('answer.wrong', {
      expected: { en: 'the answer that the network gives', zh: '与网络实际情况一致的答案' },
      observed: { en: `you typed ${code(typed)}`, zh: `你填写的是 ${code(typed)}` },
      why: whereToLook(spec),
    })
  },
}

/** Blanks and case do not count, and addresses are what they mean. */
function canonical(text: string): string {
  const flat = text.trim().replace(/\s+/g, ' ').toLowerCase()
  if (isAddress(flat)) return canonicalAddress(flat)!
  if (isCidr(flat)) return canonicalNetwork(flat)!
  return flat
}

function whereToLook({ value }: Spec): Text {
  if (!value) {
    return {
      en: 'that is not it: look once more at what the page and the commands of this step show',
      zh: '不对：再仔细看看本页内容和这一步命令的输出',
    }
  }
  const [en, zh] =
    'container' in value
      ? [
          '`docker inspect` and `ip addr` inside the container show it',
          '可以用 `docker inspect`，或在容器里执行 `ip addr` 查看',
        ]
      : 'network' in value
        ? ['`docker network inspect` shows it', '可以用 `docker network inspect` 查看']
        : 'swarm' in value
          ? [
              '`docker swarm join-token` and `docker info` show it',
              '可以用 `docker swarm join-token` 和 `docker info` 查看',
            ]
          : ['`ip addr` and `ip link` show it', '可以用 `ip addr` 和 `ip link` 查看']
  return { en: `your network has another value there now: ${en}`, zh: `你的网络里现在不是这个值：${zh}` }
}
