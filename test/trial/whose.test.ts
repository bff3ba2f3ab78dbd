import { describe, expect, it } from 'vitest'
import { seedOf } from '../../server/lab/parameters/seed.js'
import { loadLab, withSeed } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { Submission } from '../../server/trial/submission.js'
import { numbersOf, whose } from '../../server/trial/whose.js'

const key = 'a-class-key-of-thirty-two-letters'
const lab = await loadLab(fromPackage('labs', 'published-ports'))
const bridge = await loadLab(fromPackage('labs', 'user-bridge'))
const students = Array.from({ length: 300 }, (_, n) => `s${n}`)
const of = (id: string) => students.map((student) => ({ id: student, seed: seedOf(key, student, id) }))
const submission = (text: string, answers: Record<string, string> = {}): Submission => ({
  parts: [{ scripts: [{ file: 'node1.sh', host: 'node1', text }] }],
  answers,
  notes: [],
})

/** What a student hands in who does all that the page and its solution say. */
function workOf(student: string, one = bridge): string {
  const { steps, pages } = withSeed(one, seedOf(key, student, one.id))
  const blocks = [
    ...pages.en.sections.flatMap((section) => section.blocks),
    ...steps.flatMap(({ solution }) => solution),
  ]
  return blocks.map(({ text }) => text).join('\n')
}

describe('Whose numbers a submission has', () => {
  it.each([bridge, lab])('is told of the work of each student of a class: $id', (one) => {
    for (const student of students.slice(0, 40)) {
      const matches = numbersOf(one.drawn!, submission(workOf(student, one)), of(one.id))
      const found = whose(matches)
      expect(found?.id).toBe(student)
      expect(Object.keys(found!.found)).toHaveLength(found!.of)
    }
  })

  it('is told where part of the work is there, and by answers', () => {
    const { shop_subnet, db_address } = withSeed(bridge, seedOf(key, 's7', bridge.id)).drawn!.values
    const first = submission(`docker network create --subnet ${shop_subnet} shop`)
    // One number may be there by chance.
    expect(whose(numbersOf(bridge.drawn!, first, of(bridge.id)))).toBeUndefined()
    const second = submission(`docker network create --subnet ${shop_subnet} shop`, { address: `${db_address}` })
    expect(whose(numbersOf(bridge.drawn!, second, of(bridge.id)))).toMatchObject({
      id: 's7',
      found: { shop_subnet, db_address },
      of: 3,
    })
  })

  it('is nobody’s where it has the numbers of practice, or two have as many', () => {
    const all = [...of(bridge.id), { seed: 'practice' }]
    const [first] = numbersOf(bridge.drawn!, submission(workOf('s1').replace(/.*/gs, '10.20.0.10 10.30.0.0/24')), all)
    expect(first).toEqual({
      seed: 'practice',
      found: { shop_subnet: '10.20.0.0/24', db_address: '10.20.0.10', audit_subnet: '10.30.0.0/24' },
      of: 3,
    })
    expect(whose(numbersOf(bridge.drawn!, submission(workOf('s1') + workOf('s2')), all))).toBeUndefined()
    expect(numbersOf(bridge.drawn!, submission('echo nothing 999.1.1.1 10.64.0.0'), all)).toEqual([])
  })
})

it('a seed is an HMAC of the class key over lab and learner', () => {
  // printf 'user-bridge\nada' | openssl dgst -sha256 -hmac a-class-key-of-thirty-two-letters
  expect(seedOf(key, 'ada', 'user-bridge')).toBe('016880b7fb3622fda8274e506bdd7fdc7485ebecb28c49947ca3358e2dd51c3b')
  const all = ['ada', 'bob'].flatMap((who) => ['user-bridge', 'overlay'].map((id) => seedOf(key, who, id)))
  expect(new Set([...all, seedOf(`${key}2`, 'ada', 'user-bridge')]).size).toBe(5)
})
