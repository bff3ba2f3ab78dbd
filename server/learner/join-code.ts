import { randomInt } from 'node:crypto'

/** Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O and U, which are misread or misread into words. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const length = 8

/** Eight digits, 40 bits: for a projector, and for guesses that are limited. */
export function newJoinCode(): string {
  return Array.from({ length }, () => digits[randomInt(digits.length)]).join('')
}

/** What was typed as the code it stands for: case, blanks and hyphens don't count, nor whether O is 0. Undefined for what is none. */
export function readJoinCode(text: string): string | undefined {
  const code = text
    .slice(0, 40)
    .toUpperCase()
    .replace(/[\s-]+/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
  return code.length === length && [...code].every((digit) => digits.includes(digit)) ? code : undefined
}

/** As it is shown: in two halves. */
export function spacedJoinCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`
}
