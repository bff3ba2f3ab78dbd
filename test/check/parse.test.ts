import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { families, parseCheck } from '../../server/check/checks.js'

function issues(value: unknown): string[] {
  const parsed = parseCheck(value, ['steps', 0, 'checks', 1])
  if ('check' in parsed) throw new Error('it was accepted')
  return parsed.issues.map(({ path, what, cure }) => {
    expect(path.slice(0, 4)).toEqual(['steps', 0, 'checks', 1])
    expect(cure.length).toBeGreaterThan(5)
    return `${path.slice(4).join('.')}: ${what} | ${cure}`
  })
}

const hint = { en: 'Look.', zh: '看。' }
const web = { container: { name: 'web' } }

it('reads a check with all that stands beside its family', () => {
  expect(parseCheck({ ...web, id: 'c', within: 9, hint }, [])).toEqual({
    check: {
      id: 'c',
      within: 9,
      hints: [hint],
      family: 'container',
      spec: { name: 'web', state: 'running', expect: true },
    },
  })
  expect(parseCheck({ ...web, hint: [hint, hint] }, [])).toMatchObject({ check: { within: 5, hints: [hint, hint] } })
})

it.each([
  [undefined, ': is no check'],
  ['network', ': is no check'],
  [[], ': is no check'],
  [{}, ': names no kind of check'],
  [{ id: 'x', hint }, ': names no kind of check'],
  [{ netwrk: {} }, 'netwrk: unknown key "netwrk" | Did you mean "network"?'],
  [{ ...web, hnt: hint }, 'hnt: unknown key "hnt" | Did you mean "hint"?'],
  [{ ...web, network: { name: 'x' } }, ': has 2 kinds of check, container and network'],
  [{ ...web, within: 500 }, 'within: '],
  [{ ...web, within: 1.5 }, 'within: '],
  [{ ...web, hint: { fr: 'x' } }, 'hint'],
  [{ container: { nme: 'web' } }, 'container.nme: unknown key "nme" | Did you mean "name"?'],
  [{ container: {} }, 'container.name: "name" is missing'],
  [{ container: { name: 'we b' } }, 'container.name: is no reference'],
  [{ container: { name: 'a/b/c' } }, 'container.name: is no reference'],
  [{ container: { name: 'web', only: 'yes' } }, 'container.only: needs `networks`'],
  [{ container: { name: 'web', expect: 'maybe' } }, 'container.expect: '],
  [{ network: { name: 'x', subnet: '172.20.0.0' } }, 'network.subnet: is no network'],
  [{ reach: { from: 'a', to: 'b', with: 'tcp' } }, 'reach.with: needs a `port`'],
  [{ reach: { from: 'a', to: 'b', body: 'x' } }, 'reach.body: is for `with: http`'],
  [{ reach: { from: 'a', to: 'b', control: { from: 'c' } } }, 'reach.control: is for `expect: no`'],
  [{ reach: { from: 'a', to: 'b', by: 'name', network: 'n' } }, 'reach.network: '],
  [{ answer: { id: 'q', ask: hint } }, 'answer: needs one of `value` and `equals`'],
  [{ answer: { id: 'q', ask: hint, value: { container: 'w', fact: 'x' } } }, 'answer.value.fact: '],
  [{ all: [web, { container: { nme: 'x' } }] }, 'all.1.container.'],
  [{ all: [{ ...web, hint }] }, 'all.0.hint: "hint" within all, any or not'],
  [{ any: [{ answer: { id: 'q', ask: hint, equals: 'x' } }] }, 'any.0.answer: "answer" within'],
  [{ all: [] }, 'all: '],
  [{ not: { any: [{ reach: { from: 'a', to: 'b' } }] } }, 'not: "not" around "reach"'],
])('says what is wrong with %j', (value, says) => {
  expect(issues(value).join('\n')).toContain(says)
})

it.each(families.map((family) => [family.key, family] as const))('%s has described fields', (_key, { schema }) => {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, { description?: string }>
  }
  for (const [field, { description }] of Object.entries(json.properties ?? {})) {
    expect(description, field).toBeTruthy()
  }
})

it.each(families.map(({ key }) => key))('%s has a test with a case for each reason', (key) => {
  // What a script can do is shown on real hosts; its reasons are free.
  if (key === 'script') return expect(existsSync(new URL('../hosts/script.test.ts', import.meta.url))).toBe(true)
  const name = ['all', 'any', 'not'].includes(key) ? 'combine' : key
  const path = new URL(`${name}.test.ts`, import.meta.url)
  expect(existsSync(path) && readFileSync(path, 'utf8').match(new RegExp(`cases\\(\\s*'${key}'`)) !== null).toBe(true)
})
