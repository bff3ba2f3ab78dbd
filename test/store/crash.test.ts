import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from './directory.js'

const writer = fileURLToPath(new URL('writer.mjs', import.meta.url))

/** A process that writes numbers, and the last one that it said it had written. */
class Writer {
  private readonly child: ChildProcess
  private readonly exited: Promise<unknown>
  private said = ''

  constructor(path: string) {
    this.child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.exited = once(this.child, 'close')
    this.child.stdout!.on('data', (bytes) => {
      this.said += bytes
    })
    onTestFinished(() => void this.child.kill('SIGKILL'))
  }

  /** Of whole lines: the last one may be on its way. */
  get last(): number {
    return Number(this.said.split('\n').at(-2) ?? -1)
  }

  async until(n: number): Promise<void> {
    await expect.poll(() => this.last, { timeout: 10_000, interval: 1 }).toBeGreaterThanOrEqual(n)
  }

  async kill(): Promise<void> {
    expect(this.child.exitCode).toBeNull()
    this.child.kill('SIGKILL')
    await this.exited
  }
}

function expectWhole(path: string): void {
  const database = new DatabaseSync(path)
  expect(database.prepare('PRAGMA quick_check').all()).toEqual([{ quick_check: 'ok' }])
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  database.close()
}

describe('records of a process that is killed', () => {
  it('are whole, and have all that it had written', { timeout: 60_000 }, async () => {
    const path = join(newDirectory(), 'records.db')
    let written = 0
    for (let round = 0; round < 20; round++) {
      const child = new Writer(path)
      await child.until(0)
      await sleep(Math.random() * 100)
      await child.kill()
      if (child.last > 0) written = child.last

      const records = SqliteRecords.open(path)
      const session = await records.session('s')
      expect(Number(session?.answers.n ?? 0)).toBeGreaterThanOrEqual(written)
      expect(session?.usedMs ?? 0).toBeGreaterThanOrEqual(written)
      const verdicts = session ? await records.verdicts('s', 'create') : []
      const [first, second] = [0, 1].map((index) => verdicts.filter((verdict) => verdict.index === index).at(-1))
      // Both are of one transaction.
      expect((first?.evidence as { n: number } | undefined)?.n).toBe((second?.evidence as { n: number } | undefined)?.n)
      expect((first?.evidence as { n: number } | undefined)?.n ?? 0).toBeGreaterThanOrEqual(written)
      await records.close()
      expectWhole(path)
    }
    expect(written).toBeGreaterThan(100)
  })

  it('can be opened when it was killed as it made them', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 10; round++) {
      const path = join(newDirectory(), 'records.db')
      const child = new Writer(path)
      await child.until(0)
      await sleep(round)
      await child.kill()
      const records = SqliteRecords.open(path)
      expect(await records.localLearner()).toMatch(/^[0-9a-f]{32}$/)
      await records.close()
      expectWhole(path)
    }
  })
})

describe('records of two processes', () => {
  it('are read and written by both at once', { timeout: 60_000 }, async () => {
    const path = join(newDirectory(), 'records.db')
    const child = new Writer(path)
    await child.until(1)
    const records = SqliteRecords.open(path)
    onTestFinished(() => records.close())
    let seen = 0
    for (let n = 1; n <= 200; n++) {
      const now = Number((await records.session('s'))!.answers.n)
      expect(now).toBeGreaterThanOrEqual(Math.max(seen, child.last))
      seen = now
      await records.setAnswer('s', 'ours', String(n))
      await sleep(1)
    }
    await child.until(seen + 100)
    await child.kill()
    expect((await records.session('s'))!.answers.ours).toBe('200')
    expect(Number((await records.session('s'))!.answers.n)).toBeGreaterThanOrEqual(child.last)
  })

  it('begin at the same time with one learner', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      const path = join(newDirectory(), 'records.db')
      const both = [new Writer(path), new Writer(path)]
      for (const child of both) await child.until(10)
      for (const child of both) await child.kill()
      const records = SqliteRecords.open(path)
      expect((await records.session('s'))!.learner).toBe(await records.localLearner())
      await records.close()
      expectWhole(path)
    }
  })
})
