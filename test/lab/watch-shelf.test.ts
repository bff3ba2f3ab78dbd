import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { LabPath } from '../../server/lab/paths.js'
import { readShelf } from '../../server/lab/shelf.js'
import { type LabNews, watchShelf } from '../../server/lab/watch-shelf.js'
import { change, desk } from './desk.js'

/** So long nothing is told where nothing is to be told: several times what is waited for quiet. */
const quietMs = 1_500

async function shelf(count = 1) {
  const base = mkdtempSync(join(tmpdir(), 'vethlab-shelf-'))
  const folders = Array.from({ length: count }, (_, at) => join(base, `shelf${at}`))
  for (const folder of folders) mkdirSync(folder)
  cpSync(desk, join(folders[0]!, 'desk'), { recursive: true })
  const told: LabNews[] = []
  const toldPaths: LabPath[][] = []
  const errors: unknown[] = []
  const end = await watchShelf(folders, {
    onNews: (news) => told.push(news),
    onPaths: (paths) => toldPaths.push(paths),
    onError: (error) => errors.push(error),
  })
  onTestFinished(async () => {
    await end()
    rmSync(base, { recursive: true, force: true })
  })
  const next = async (make: () => void) => {
    const before = told.length
    make()
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(before), { timeout: 20_000 })
    return told.at(-1)!
  }
  return { base, folders, told, toldPaths, errors, next }
}

it('tells of labs that are changed, added, broken, mended and removed', { timeout: 90_000 }, async () => {
  const { folders, errors, next } = await shelf()
  const lab = join(folders[0]!, 'desk')
  const [before] = (await readShelf(folders)).labs
  const changed = await next(() => change(lab, 'en.md', ['Two files lie', 'Some files lie']))
  expect(changed).toMatchObject({ id: 'desk', lab: { id: 'desk' } })
  expect(changed.lab?.contentHash).not.toBe(before?.contentHash)

  const added = await next(() => cpSync(desk, join(folders[0]!, 'other'), { recursive: true }))
  expect(added).toMatchObject({ id: 'other', lab: { id: 'other', contentHash: before?.contentHash } })

  const broken = await next(() => change(lab, 'lab.yaml', ['steps:', 'stops:']))
  expect(broken.lab).toBeUndefined()
  expect(broken.error?.message).toContain('"steps" is missing')
  const mended = await next(() => change(lab, 'lab.yaml', ['stops:', 'steps:']))
  expect(mended.lab?.contentHash).toBe(changed.lab?.contentHash)

  expect(await next(() => rmSync(join(folders[0]!, 'other'), { recursive: true }))).toEqual({ id: 'other' })
  expect(await next(() => renameSync(lab, join(folders[0]!, '.desk')))).toEqual({ id: 'desk' })
  expect(errors).toEqual([])
})

it('tells of the paths of all folders when the file of one is written, and of no lab then', {
  timeout: 60_000,
}, async () => {
  const { folders, told, toldPaths, errors } = await shelf(2)
  const paths = (id: string) =>
    `paths:\n  - {id: ${id}, title: {en: One, zh: 一}, summary: {en: One., zh: 一。}, labs: [desk]}\n`
  const next = async (make: () => void) => {
    const before = toldPaths.length
    make()
    await vi.waitFor(() => expect(toldPaths.length).toBeGreaterThan(before), { timeout: 20_000 })
    return toldPaths.at(-1)!.map(({ id }) => id)
  }
  expect(await next(() => writeFileSync(join(folders[1]!, 'paths.yaml'), paths('second')))).toEqual(['second'])
  expect(await next(() => writeFileSync(join(folders[0]!, 'paths.yaml'), paths('first')))).toEqual(['first', 'second'])
  expect(await next(() => rmSync(join(folders[1]!, 'paths.yaml')))).toEqual(['first'])
  expect(told).toEqual([])
  expect(errors).toEqual([])
})

it('many files that are written one after another are one change', { timeout: 60_000 }, async () => {
  const { folders, told, next } = await shelf()
  await next(() => {
    for (let n = 0; n < 50; n++) writeFileSync(join(folders[0]!, 'desk', `note-${n}`), 'x')
  })
  await sleep(quietMs)
  expect(told.map(({ id }) => id)).toEqual(['desk'])
})

it('of labs of one name the first folder counts, also when it comes later or goes', { timeout: 60_000 }, async () => {
  const { folders, told, next } = await shelf(2)
  const [first, second] = folders as [string, string]
  cpSync(desk, join(second, 'desk'), { recursive: true })
  await vi.waitFor(() => expect(told.length).toBe(1), { timeout: 20_000 })
  expect(told[0]?.lab?.directory).toBe(join(first, 'desk'))
  const after = await next(() => rmSync(join(first, 'desk'), { recursive: true }))
  expect(after.lab?.directory).toBe(join(second, 'desk'))
})

it('what a link leads to, and what editors keep beside their files, is nobody’s business', async () => {
  const { base, folders, told, errors, next } = await shelf()
  const outside = join(base, 'outside')
  cpSync(desk, outside, { recursive: true })
  // A lab that is a link is read as at the start; what lies behind it is not watched.
  expect((await next(() => symlinkSync(outside, join(folders[0]!, 'linked')))).lab?.id).toBe('linked')
  const before = told.length
  change(outside, 'en.md', ['Two files lie', 'Some files lie'])
  writeFileSync(join(folders[0]!, 'desk', '.en.md.swp'), 'x')
  writeFileSync(join(folders[0]!, 'desk', 'en.md~'), 'x')
  utimesSync(outside, 0, 0)
  await sleep(quietMs)
  expect(told.length).toBe(before)
  expect(errors).toEqual([])
})

it('reads all that can be used, and says what is wrong with the rest', async () => {
  const { folders } = await shelf(2)
  cpSync(desk, join(folders[1]!, 'desk'), { recursive: true })
  cpSync(desk, join(folders[1]!, 'broken'), { recursive: true })
  change(join(folders[1]!, 'broken'), 'lab.yaml', ['steps:', 'stops:'])
  const { labs, leftOut } = await readShelf(folders)
  expect(labs.map(({ id }) => id)).toEqual(['desk'])
  expect(leftOut.map(({ name, error }) => [name, error.what])).toEqual([
    ['broken', expect.stringContaining('"steps" is missing')],
    ['desk', 'another lab has that id'],
  ])
  await expect(readShelf(['/nonexistent-labs'])).rejects.toMatchObject({ code: 'lab.not-found' })
})
