import { oneLine } from '../wording/one-line.js'
import { same } from '../wording/phrase.js'
import type { Language, Text } from '../wording/text.js'
import { messageOf } from './message-of.js'
import { sentenceOf } from './sentences.js'
import { VethlabError } from './vethlab-error.js'

/**
 * A failure as a command tells it, on one line, in the language that was chosen: in Chinese by its own words, else by those of its
 * code, else in English.
 */
export function messageIn({ code, place, what, cure, zh, message }: VethlabError, language: Language): string {
  if (language === 'en') return message
  if (zh) return `${place}：${zh.what}。${zh.cure}`
  const sentence = sentenceOf(code)
  if (!sentence) return message
  // What is wrong with an author's file has no words of its own in Chinese.
  const detail = code === 'lab.invalid' ? `（${what}. ${cure}）` : ''
  return `${place}：${sentence.what.zh}${sentence.cure.zh}${detail}`
}

/** Any failure as a line in both languages; of one that nobody foresaw what it says itself. */
export function messageText(error: unknown): Text {
  if (!(error instanceof VethlabError)) return same(oneLine(messageOf(error)))
  return { en: messageIn(error, 'en'), zh: messageIn(error, 'zh') }
}
