import { expect, it } from 'vitest'
import { may, type Verb, type What } from '../../server/learner/may.js'
import { ownerOf, type Role, type Who } from '../../server/learner/who.js'

const who = (...roles: Role[]): Who => ({ person: 'p', roles })
const learns = (isOpen = true): Role => ({
  role: 'learner',
  class: 'c',
  labs: ['mtu', 'dns', 'due', 'late'],
  isOpen,
  closed,
  due: {},
  assessed: [],
  locks: {},
})
const closed = {
  dns: { why: 'not-yet', opensAt: '2027-01-01T00:00:00.000Z' },
  due: { why: 'due', dueAt: '2025-01-01T00:00:00.000Z' },
  late: { why: 'after', lab: 'mtu' },
} as const

const people: Record<string, Who> = {
  owner: ownerOf('p'),
  founder: who({ role: 'teacher' }),
  teacher: who({ role: 'teacher', class: 'c' }),
  assistant: who({ role: 'assistant', class: 'c' }),
  viewer: who({ role: 'viewer', class: 'c' }),
  learner: who(learns()),
  'learner of an ended class': who(learns(false)),
  nobody: who(),
}

const deeds: Record<string, [Verb, What]> = {
  'work in their own session': ['work', { learner: 'p' }],
  "work in another's session": ['work', { learner: 'q' }],
  'open a lab of the class': ['open', { lab: 'mtu' }],
  'open another lab': ['open', { lab: 'swarm' }],
  'read another lab': ['read', { lab: 'swarm' }],
  'read a lab of the class': ['read', { lab: 'mtu' }],
  'read one that opens later': ['read', { lab: 'dns' }],
  'open one that opens later': ['open', { lab: 'dns' }],
  'read one that comes after another': ['read', { lab: 'late' }],
  'read one that is over': ['read', { lab: 'due' }],
  'open one that is over': ['open', { lab: 'due' }],
  'open one that every object has': ['open', { lab: 'constructor' }],
  'found a class': ['found', 'house'],
  'watch the class': ['watch', { class: 'c' }],
  'assist in it': ['assist', { class: 'c' }],
  'lead it': ['lead', { class: 'c' }],
  'watch another class': ['watch', { class: 'd' }],
  'assist in another': ['assist', { class: 'd' }],
  'lead another': ['lead', { class: 'd' }],
}

/** Who may do what; what is not in a list they may not. */
const staff = [
  'work in their own session',
  'open a lab of the class',
  'open another lab',
  'read another lab',
  'read a lab of the class',
  'read one that opens later',
  'open one that opens later',
  'read one that comes after another',
  'read one that is over',
  'open one that is over',
  'open one that every object has',
]
const allowed: Record<keyof typeof people, string[]> = {
  owner: [
    ...staff,
    'found a class',
    'watch the class',
    'assist in it',
    'lead it',
    'watch another class',
    'assist in another',
    'lead another',
  ],
  founder: [...staff, 'found a class'],
  teacher: [...staff, 'watch the class', 'assist in it', 'lead it'],
  assistant: [...staff, 'watch the class', 'assist in it'],
  viewer: [...staff, 'watch the class'],
  learner: ['work in their own session', 'open a lab of the class', 'read a lab of the class', 'read one that is over'],
  'learner of an ended class': [],
  nobody: [],
}

it.each(Object.entries(people))('%s may do that, and nothing else', (name, person) => {
  const done = Object.entries(deeds).filter(([, [verb, what]]) => may(person, verb, what))
  expect(done.map(([deed]) => deed)).toEqual(allowed[name])
})

it('refuses a verb on what it is not for, and verbs that are none', () => {
  const owner = people.owner!
  expect(may(owner, 'lead', 'house')).toBe(false)
  expect(may(owner, 'work', { class: 'c' })).toBe(false)
  expect(may(owner, 'found', { class: 'c' })).toBe(false)
  expect(may(owner, 'constructor' as Verb, 'house')).toBe(false)
})
