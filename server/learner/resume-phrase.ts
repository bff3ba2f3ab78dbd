import { randomInt } from 'node:crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { hashOf } from './secret.js'

/** Of 2048 words each: 55 bits, and nobody may guess often. */
const words = 5

/** Words by which a learner comes back from another browser. The list is that of BIP 39: four letters tell each word. */
export function newResumePhrase(): string {
  return Array.from({ length: words }, () => wordlist[randomInt(wordlist.length)]).join(' ')
}

/** What is kept of a phrase, however it was typed: case, blanks, commas and hyphens don't count. Undefined for what is none. */
export function phraseHash(typed: string): string | undefined {
  const parts = typed
    .slice(0, 200)
    .toLowerCase()
    .split(/[\s,.-]+/)
    .filter((part) => part !== '')
  return parts.length === words && parts.every((part) => wordlist.includes(part)) ? hashOf(parts.join(' ')) : undefined
}
