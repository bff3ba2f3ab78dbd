import { expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import { questionOf } from '../../server/lab/lab.js'
import { cases, read } from './cases.js'

const text = (en: string) => ({ en, zh: `${en}（中）` })
const option = (en: string, why?: string) => ({ text: text(en), ...(why ? { why: text(why) } : { right: 'yes' }) })
const one = {
  id: 'q',
  ask: text('Why?'),
  options: [option('cable', 'no cable is cut'), option('rule'), option('name', 'names are fine')],
}
const several = { ...one, several: 'yes', options: [...one.options, { id: 'both', ...option('route') }] }

const questions: Parameters<typeof cases>[1] = [
  { gives: 'pass', spec: one, answers: { q: 'b' }, says: 'you chose “rule”' },
  { gives: 'pass', spec: one, answers: { q: ' B ' } },
  { gives: 'pass', spec: several, answers: { q: 'both b' } },
  { gives: 'pass', spec: several, answers: { q: 'b, both' }, says: '“rule” and “route”' },
  { gives: 'choice.none', spec: one },
  { gives: 'choice.none', spec: one, answers: { q: ' , ' } },
  { gives: 'choice.unknown', spec: one, answers: { q: 'z' }, says: 'options are `a`, `b`, `c`' },
  { gives: 'choice.unknown', spec: one, answers: { q: 'b `z`' } },
  { gives: 'choice.several', spec: one, answers: { q: 'a b' }, never: 'cable is cut' },
  { gives: 'choice.wrong', spec: one, answers: { q: 'a' }, says: 'no cable is cut', never: 'rule' },
  {
    gives: 'choice.wrong',
    spec: several,
    answers: { q: 'a b c both' },
    says: '“cable”: no cable is cut; “name”: names',
  },
  { gives: 'choice.missing', spec: several, answers: { q: 'b' }, never: 'route' },
]
cases('choice', questions, false)

it.each([
  ['no right one', { ...one, options: [option('a', 'x'), option('b', 'y')] }, 'no option that is right'],
  ['two right ones of one', { ...one, options: [option('a'), option('b')] }, 'say `several: yes`'],
  ['a wrong one without a word', { ...one, options: [{ text: text('a') }, option('b')] }, 'is missing'],
  ['an id twice', { ...one, options: [{ id: 'b', ...option('a', 'x') }, option('b')] }, 'b is there twice'],
])('is refused with %s', (_, spec, said) => {
  const parsed = parseCheck({ choice: spec }, ['checks', 0])
  expect('issues' in parsed && parsed.issues.map(({ what }) => what).join()).toContain(said)
})

it('asks without a word of what is right', () => {
  const question = questionOf(read({ choice: several }))
  expect(question?.choose?.options.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'both'])
  expect(JSON.stringify(question)).not.toMatch(/right|why|cut/)
})
