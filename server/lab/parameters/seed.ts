import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'

/** With it, every parameter has the value that its author wrote for practice. */
export const practiceSeed = 'practice'

const seedForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** What the numbers of a lab are drawn from. */
export const Seed = z
  .string()
  .regex(seedForm, 'is no seed: letters, digits, "-" and "_", at most 64, a letter or digit first')

/** A seed as somebody typed it. @throws VethlabError argument.invalid */
export function parseSeed(text: string): string {
  if (seedForm.test(text)) return text
  throw new VethlabError('argument.invalid', `"${oneLine(text, 40)}" is no seed`, {
    place: '--seed',
    cure: 'Use letters, digits, "-" and "_", at most 64, a letter or digit first.',
    zh: { what: `“${oneLine(text, 40)}”不能作种子`, cure: '请用字母、数字、“-”和“_”，最多 64 个，以字母或数字开头。' },
  })
}

/**
 * The seed of a learner in a lab: HMAC-SHA-256 (RFC 2104), 64 hexadecimal digits. Without the key nobody can tell whose it is, nor what
 * another one has.
 * @param learner by what the course knows them
 */
export function seedOf(classKey: string, learner: string, lab: string): string {
  // No id of a lab has a line end, so no two pairs give the same text.
  return createHmac('sha256', classKey).update(`${lab}\n${learner}`).digest('hex')
}

/** Below this, a key could be found by trying. */
const shortestKey = 32

/** A class key as it stands in a file. @throws VethlabError argument.invalid where it is too short to keep anything secret */
export function parseClassKey(text: string, file: string): string {
  const key = text.trim()
  if (key.length >= shortestKey && !key.includes('\n')) return key
  throw new VethlabError('argument.invalid', `holds no class key: one line of at least ${shortestKey} characters`, {
    place: oneLine(file, 200),
    cure: 'Make one: `openssl rand -hex 32 > class.key`.',
    zh: {
      what: `里面没有班级密钥：应为一行，至少 ${shortestKey} 个字符`,
      cure: '可以这样生成：`openssl rand -hex 32 > class.key`。',
    },
  })
}
