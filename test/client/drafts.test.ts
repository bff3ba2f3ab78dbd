// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest'

beforeEach(() => {
  localStorage.clear()
  vi.resetModules()
})

/** As after a reload. */
const load = () => import('../../client/lab/drafts.js')

it('keeps what was half typed over a reload, until it is handed in', async () => {
  const before = await load()
  before.setDraft('bridge', 'gateway', '172.20.')
  before.setDraft('ports', 'gateway', 'x')
  vi.resetModules()
  const after = await load()
  expect(after.draftOf('bridge', 'gateway')).toBe('172.20.')
  after.setDraft('bridge', 'gateway', undefined)
  vi.resetModules()
  const last = await load()
  expect(last.draftOf('bridge', 'gateway')).toBeUndefined()
  expect(last.draftOf('ports', 'gateway')).toBe('x')
})

it('forgets those of a lab that is started over', async () => {
  const { setDraft, forgetDrafts, draftOf } = await load()
  setDraft('bridge', 'a', '1')
  setDraft('bridge-2', 'a', '2')
  forgetDrafts('bridge')
  expect(draftOf('bridge', 'a')).toBeUndefined()
  expect(draftOf('bridge-2', 'a')).toBe('2')
})

it('takes nothing that is no text, and not without end', async () => {
  localStorage.setItem('vethlab.drafts', JSON.stringify({ 'a/b': 1, 'c/d': 'x'.repeat(2000), 'e/f': 'fine' }))
  const { draftOf } = await load()
  expect([draftOf('a', 'b'), draftOf('c', 'd'), draftOf('e', 'f')]).toEqual([undefined, undefined, 'fine'])
})
