import { expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import { cases } from './cases.js'

const ask = { en: 'Which one?', zh: '哪一个？' }

cases(
  'pattern',
  [
    { matches: 'v?1\\.(2|3)', answers: 'V1.3', gives: 'pass' },
    { matches: '[a-z]+(-[a-z]+)*', answers: ' my-net ', gives: 'pass' },
    { matches: 'V1', case: 'yes', answers: 'v1', gives: 'pattern.other' },
    { matches: '1\\.2', answers: '1.2.3', gives: 'pattern.other' },
    // What would take other engines for ever.
    { matches: '(a+)+b', answers: 'a'.repeat(5000), gives: 'pattern.other' },
    { matches: '(?:a?){100}a{100}', answers: 'a'.repeat(150), gives: 'pass' },
    { matches: 'x', answers: '', gives: 'pattern.none' },
  ].map(({ gives, answers, ...spec }) => ({
    gives,
    spec: { id: 'q', ask, why: { en: 'a version has a dot', zh: '版本号里有一个点' }, ...spec },
    answers: { q: answers },
  })),
  false,
)

it.each([
  ['(?=x)', 'is no regular expression of RE2: invalid or unsupported Perl syntax'],
  ['(', 'is no regular expression of RE2'],
  ['(a)\\1', 'is no regular expression of RE2'],
  ['a{500}', 'repeats something more than 100 times'],
  ['a*', 'matches an empty answer'],
])('the pattern %s is refused', (matches, said) => {
  const parsed = parseCheck({ pattern: { id: 'q', ask, matches, why: ask } }, [])
  expect('issues' in parsed && parsed.issues.map(({ what }) => what).join()).toContain(said)
})
