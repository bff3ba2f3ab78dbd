import { expect, it } from 'vitest'
import { ChanceForm, ChanceName, drawn } from '../../server/check/chance.js'
import { runCheck } from '../../server/check/checks.js'
import { contextOf, read } from './cases.js'
import { standardRack } from './state-builder.js'

const forms = { paid: '1##', squatter: 'agent-###', sender: '192.168.1.1##' }

it('draws a value of each form, the same for a rack whenever it is asked', () => {
  const one = drawn(forms, 'r0a1b2c3')
  expect(one.paid).toMatch(/^1\d\d$/)
  expect(one.squatter).toMatch(/^agent-\d{3}$/)
  expect(one.sender).toMatch(/^192\.168\.1\.1\d\d$/)
  expect(drawn(forms, 'r0a1b2c3')).toEqual(one)
})

it('draws other values for other racks, and for other names', () => {
  const racks = Array.from({ length: 50 }, (_, n) => drawn({ a: '1#######', b: '1#######' }, `r${n}`))
  expect(new Set(racks.flatMap(({ a, b }) => [a, b])).size).toBe(100)
})

it('takes no form without chance, nor one whose number could begin with 0, nor a name that the shell needs', () => {
  for (const form of ['4711', '###', 'a b#', '$(id)#']) expect(ChanceForm.safeParse(form).success, form).toBe(false)
  for (const name of ['path', 'home', 'host', 'Paid', '1a'])
    expect(ChanceName.safeParse(name).success, name).toBe(false)
})

it('compares an answer with what was drawn for this rack', async () => {
  const check = read({
    answer: {
      id: 'paid',
      ask: { en: 'How many?', zh: '多少？' },
      value: { chance: 'paid' },
      instead: [{ value: { chance: 'lines' }, why: { en: 'that is all lines', zh: '那是全部行数' } }],
    },
  })
  const look = (paid: string) =>
    runCheck(check, contextOf(standardRack(), { answers: { paid }, chance: { paid: '147', lines: '312' } }))
  expect(await look('147 lines')).toMatchObject({ outcome: 'pass' })
  expect(await look('148')).toMatchObject({ reason: 'answer.wrong' })
  expect(await look('312')).toMatchObject({ reason: 'answer.other', why: { en: 'that is all lines' } })
})

it('compares with the number of a network namespace and of a process, as tools print them', async () => {
  const rack = standardRack()
  const web = rack.find(rack.host('node1'), 'web')
  web.process = 2180
  const look = (fact: string, typed: string) =>
    runCheck(
      read({ answer: { id: 'q', ask: { en: 'Which?', zh: '哪个？' }, value: { container: 'web', fact } } }),
      contextOf(rack, { answers: { q: typed } }),
    )
  expect(await look('process', 'users:(("nginx",pid=2180,fd=6))')).toMatchObject({ outcome: 'pass' })
  expect(await look('process', '2181')).toMatchObject({ reason: 'answer.wrong' })
  expect(await look('namespace', `net:[${Number(web.namespace)}]`)).toMatchObject({ outcome: 'pass' })
  expect(await look('namespace', 'net:[1]')).toMatchObject({ reason: 'answer.wrong' })
})
