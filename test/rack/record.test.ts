import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { endProcess, identify, isAlive, readRecord, signal, writeRecord } from '../../server/rack/record.js'

it('tells a process from another with the same number', async () => {
  const child = spawn('sleep', ['60'])
  const identity = identify(child.pid!)!
  expect(isAlive(identity)).toBe(true)
  const earlier = { ...identity, startTime: '1' }
  expect(isAlive(earlier)).toBe(false)
  expect(signal(earlier, 'SIGKILL')).toBe(false)
  expect(isAlive({ ...identity, bootId: 'another' })).toBe(false)
  const exited = once(child, 'exit')
  await endProcess(identity)
  await exited
  expect(isAlive(identity)).toBe(false)
})

it('kills what does not end by itself', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo; while :; do sleep 0.1; done'])
  await once(child.stdout, 'data')
  await endProcess(identify(child.pid!)!)
  expect(identify(child.pid!)).toBeUndefined()
})

it('writes records whole, and takes an unreadable one for none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'vethlab-record-'))
  try {
    const path = join(directory, 'record.json')
    await writeRecord(path, { a: 1 })
    expect(await readRecord(path)).toEqual({ a: 1 })
    expect(await readdir(directory)).toEqual(['record.json'])
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 5))
    expect(await readRecord(path)).toBeUndefined()
  } finally {
    await rm(directory, { recursive: true })
  }
})
