import { expect, it } from 'vitest'
import { newJoinCode, readJoinCode, spacedJoinCode } from '../../server/learner/join-code.js'
import { isPassword, keptPassword, passwordFault } from '../../server/learner/password.js'
import { newResumePhrase, phraseHash } from '../../server/learner/resume-phrase.js'

it('reads a code however it is typed', () => {
  for (let n = 0; n < 200; n++) {
    const code = newJoinCode()
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/)
    const typed = spacedJoinCode(code).toLowerCase().replace(/0/g, 'o').replace(/1/g, 'l')
    expect(readJoinCode(` ${typed} `)).toBe(code)
  }
  for (const wrong of ['', 'ABCD-EFG', 'ABCD-EFGHJ', 'ABCDEFGU', 'ＡBCDEFGH', '😀'.repeat(4), 'A'.repeat(10_000)]) {
    expect(readJoinCode(wrong)).toBeUndefined()
  }
})

it('knows a phrase however it is typed, and no other', () => {
  const phrases = Array.from({ length: 50 }, newResumePhrase)
  expect(new Set(phrases).size).toBe(50)
  for (const phrase of phrases) {
    expect(phrase.split(' ')).toHaveLength(5)
    expect(phraseHash(phrase.toUpperCase().replaceAll(' ', ',  '))).toBe(phraseHash(phrase))
  }
  expect(phraseHash(phrases[0]!)).not.toBe(phraseHash(phrases[1]!))
  for (const wrong of ['', 'one two', `${phrases[0]} abandon`, 'constructor toString valueOf abandon ability']) {
    expect(phraseHash(wrong)).toBeUndefined()
  }
})

it('keeps no password, and tells the right one', async () => {
  const kept = await keptPassword('correct horse battery')
  expect(kept).toMatch(/^scrypt\$32768\$8\$3\$[\w-]+\$[\w-]+$/)
  expect(await keptPassword('correct horse battery')).not.toBe(kept)
  expect(await isPassword('correct horse battery', kept)).toBe(true)
  expect(await isPassword('correct horse batterY', kept)).toBe(false)
  expect(await isPassword('anything', undefined)).toBe(false)
  // The same letters, typed on another system.
  const composed = 'caf\u00e9 au lait, s\u2019il'
  expect(await isPassword(composed.normalize('NFD'), await keptPassword(composed))).toBe(true)
  expect(passwordFault('too short')).toBe('short')
  expect(passwordFault('x'.repeat(257))).toBe('long')
  expect(passwordFault('twelve chars')).toBeUndefined()
})
