import { describe, expect, it } from 'vitest'
import { KnownRules } from '../../server/rack/known-rules.js'

const said = (generation: string, rules?: string, failed = false) => {
  const answers = new Map([['generation', { failed: false, text: `${generation}\n` }]])
  if (rules !== undefined) answers.set('rules', { failed, text: rules })
  return answers.set('sockets', { failed: false, text: '' })
}
const textOf = (answers: Map<string, { text: string }>) => answers.get('rules')?.text

describe('KnownRules', () => {
  it('adds rules that were left out since they have not changed', () => {
    const rules = new KnownRules()
    rules.complete('1', undefined, said('7:3', 'old'), false)
    const again = said('7:3')
    rules.complete('1', rules.get('1'), again, false)
    expect(textOf(again)).toBe('old')
    expect(again.has('generation')).toBe(false)
  })

  it('takes what was known when the question was asked, though others have asked since', () => {
    const rules = new KnownRules()
    rules.complete('1', undefined, said('7:3', 'old'), false)
    const known = rules.get('1')
    rules.complete('1', known, said('7:4', 'new'), false)
    const slow = said('7:3')
    rules.complete('1', known, slow, false)
    expect(textOf(slow)).toBe('old')
    expect(rules.get('1')?.generation).toBe('7:4')
  })

  it('mixes up no namespace with one that had its inode before', () => {
    const rules = new KnownRules()
    rules.complete('1', undefined, said('7:3', 'old'), false)
    const next = said('8:3', 'of another')
    rules.complete('1', rules.get('1'), next, false)
    expect(textOf(next)).toBe('of another')
    expect(rules.get('1')?.generation).toBe('8:3')
    rules.keepOnly(['2'])
    expect(rules.get('1')).toBeUndefined()
  })

  it.each<[string, ReturnType<typeof said>, boolean?]>([
    ['a kernel that does not count changes', said('', 'rules')],
    ['a tool that failed', said('7:3', 'rules', true)],
    ['an answer that was cut off', said('7:3', 'rules'), true],
    ['a set, whose elements change by packets', said('7:3', '{"set": {"name": "seen"}}')],
    ['rules without end', said('7:3', 'x'.repeat(129 * 1024))],
  ])('keeps nothing of %s', (_, answers, isCut = false) => {
    const rules = new KnownRules()
    rules.complete('1', undefined, answers, isCut)
    expect(rules.get('1')).toBeUndefined()
  })
})
