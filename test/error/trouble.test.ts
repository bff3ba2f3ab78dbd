import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { sentences } from '../../server/error/sentences.js'
import { backgroundTrouble, TroubleError, troubleOf } from '../../server/error/trouble.js'
import { type ErrorCode, VethlabError } from '../../server/error/vethlab-error.js'

const said: string[] = []
beforeEach(() => {
  said.length = 0
  vi.spyOn(console, 'error').mockImplementation((line: string) => {
    said.push(line)
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

const met: ErrorCode[] = [
  'rack.limit',
  'rack.not-found',
  'store.full',
  'store.unavailable',
  'machine.out-of-memory',
  'machine.missing-feature',
  'golden.missing',
  'host.boot-failed',
  'host.not-found',
  'host.unreachable',
  'host.unverified',
  'rackd.unreachable',
  'lab.not-found',
  'image.missing',
  'lab.setup-failed',
  'terminal.limit',
  'terminal.busy',
  'terminal.not-found',
  'port.refused',
  'port.not-published',
  'value.missing',
  'session.not-found',
  'session.not-open',
  'session.busy',
  'records.unusable',
  'argument.invalid',
]

it.each(met)('says what %s means in both languages, and nothing of the server', (code) => {
  const error = new VethlabError(code, 'broke in /srv/secret', {
    place: '/srv/secret/place',
    cure: 'rm -rf /srv/secret',
  })
  const trouble = troubleOf(error)
  expect(trouble.code).toBe(code)
  for (const text of [trouble.what, trouble.cure]) {
    expect(text.en).toMatch(/^[A-Z`].*\.$/)
    expect(text.en).not.toMatch(/\p{Script=Han}/u)
    expect(text.zh).toMatch(/\p{Script=Han}.*。$/u)
  }
  if (code !== 'argument.invalid') expect(JSON.stringify(trouble)).not.toContain('secret')
  expect(said).toEqual([])
})

it.each(Object.entries(sentences))('has sentences in both languages for %s', (_, { what, cure }) => {
  for (const text of [what, cure]) {
    expect(text.en).toMatch(/^[A-Z`].*\.$/)
    expect(text.en).not.toMatch(/\p{Script=Han}/u)
    expect(text.zh).toMatch(/\p{Script=Han}.*。$/u)
  }
})

it('names the value that is missing', () => {
  const missing = (place: string) => troubleOf(new VethlabError('value.missing', 'x', { place, cure: 'y' })).what
  expect(missing('worker_token')).toEqual({
    en: "The value {{worker_token}} can't be read now.",
    zh: '目前读取不到 {{worker_token}} 的值。',
  })
  expect(missing('<b>').en).not.toContain('<')
})

it('names the image that is missing', () => {
  const missing = (place: string) => troubleOf(new VethlabError('image.missing', 'x', { place, cure: 'y' }))
  expect(missing('localhost:5000/shop:1').what).toEqual({
    en: 'This lab needs the image `localhost:5000/shop:1`, which is not on this machine.',
    zh: '这个实验需要镜像 `localhost:5000/shop:1`，这台机器上没有。',
  })
  expect(missing('shop').cure.en).toContain('`vethlab images add`')
  expect(missing('<b>').what.en).not.toContain('<')
})

it('keeps to itself what nobody foresaw, and logs it once', () => {
  const bug = new TypeError("Cannot read properties of undefined (reading '/root/.ssh')\nsecond line")
  expect(troubleOf(bug)).toMatchObject({ code: 'internal' })
  expect(JSON.stringify(troubleOf(bug))).not.toContain('ssh')
  expect(said).toHaveLength(1)
  expect(said[0]).toContain('/root/.ssh')
  expect(said[0]).not.toContain('\n')
  expect(troubleOf('a string')).toMatchObject({ code: 'internal' })
  expect(troubleOf(undefined)).toMatchObject({ code: 'internal' })
  expect(said).toHaveLength(3)
})

it('tells the operator of what a learner is told in general terms', () => {
  const error = new VethlabError('lab.setup-failed', 'ends with exit code 3', { place: 'setup.sh', cure: 'Mend it.' })
  expect(backgroundTrouble(error)).toEqual(troubleOf(error))
  backgroundTrouble(error)
  expect(said).toHaveLength(1)
  expect(said[0]).toContain('exit code 3')
})

it('passes on what is already told', () => {
  const trouble = { code: 'x', what: { en: 'a', zh: '啊' }, cure: { en: 'b', zh: '吧' } }
  expect(troubleOf(new TroubleError(trouble))).toBe(trouble)
})

it('says what comes again with every request once in a while, and what is another matter at once', () => {
  const full = (place: string) =>
    new VethlabError('records.unusable', 'the disk is full', { place, cure: 'Make room on it.' })
  for (let times = 0; times < 50; times++) backgroundTrouble(full('/records'))
  expect(said).toHaveLength(1)
  backgroundTrouble(full('/other'))
  expect(said).toHaveLength(2)
})
