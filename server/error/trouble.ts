import { oneLine } from '../wording/one-line.js'
import type { Text } from '../wording/text.js'
import { logOnce } from './log-once.js'
import { again, type Sentence, sentenceOf } from './sentences.js'
import { type ErrorCode, VethlabError } from './vethlab-error.js'

/** An expected failure, as a learner is told of it: what happened, and what helps. `code` is stable, such as `rack.limit`. */
export interface Trouble extends Sentence {
  code: string
  /** When a place may become free, ISO 8601, where that is what it takes. */
  freeAt?: string
}

/** A failure that is already told as a learner reads it. */
export class TroubleError extends Error {
  override readonly name = 'TroubleError'
  constructor(readonly trouble: Trouble) {
    super(`${trouble.code}: ${trouble.what.en}`)
  }
}

/** Tells a learner what happened and what helps, whatever it was. What nobody foresaw goes to the log alone. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble
  if (error instanceof VethlabError) {
    const { code } = error
    const sentence = sentenceOf(code)
    if (sentence) return { code, ...sentence, ...particular(error) }
    if (code === 'argument.invalid') return { code, ...refused(error) }
  }
  logOnce(error)
  return {
    code: 'internal',
    what: { en: 'Something went wrong in the server.', zh: '服务器出错了。' },
    cure: again,
  }
}

/** What these errors say is made of the lab's own names alone. */
function particular({ code, place, what, cure, zh }: VethlabError): { what: Text; cure?: Text } | undefined {
  if (code === 'value.missing' && /^[a-z0-9_]{1,64}$/.test(place)) {
    return { what: { en: `The value {{${place}}} can't be read now.`, zh: `目前读取不到 {{${place}}} 的值。` } }
  }
  if (code === 'image.missing' && /^[a-z0-9][a-z0-9._:/@-]{0,254}$/i.test(place)) {
    return {
      what: {
        en: `This lab needs the image \`${place}\`, which is not on this machine.`,
        zh: `这个实验需要镜像 \`${place}\`，这台机器上没有。`,
      },
    }
  }
  if (code === 'roster.invalid' && zh) {
    const line = Number(/:(\d+)$/.exec(place)?.[1] ?? 1)
    return {
      what: {
        en: `Line ${line} of the list ${oneLine(what, 200)}.`,
        zh: `名单第 ${line} 行${oneLine(zh.what, 200)}。`,
      },
      cure: { en: cure, zh: zh.cure },
    }
  }
  return undefined
}

function refused({ place, what }: VethlabError): Sentence {
  const where = oneLine(place, 60)
  return {
    what: { en: `What was asked for can't be done: ${where}: ${oneLine(what, 200)}.`, zh: `请求无效：${where}。` },
    cure: {
      en: 'Reload the page, and try it once more.',
      zh: '请刷新页面后再试一次。',
    },
  }
}

/** For operators: failures that a learner is told of only in general terms. */
const operatorCodes: readonly ErrorCode[] = [
  'store.unavailable',
  'machine.missing-tool',
  'host.boot-failed',
  'host.still-running',
  'lab.setup-failed',
  'lab.invalid',
  'records.unusable',
  'command.failed',
]

/** As `troubleOf`, for failures of work in the background: what an operator should know goes to the log as well. */
export function backgroundTrouble(error: unknown): Trouble {
  if (error instanceof VethlabError && operatorCodes.includes(error.code)) logOnce(error)
  return troubleOf(error)
}
