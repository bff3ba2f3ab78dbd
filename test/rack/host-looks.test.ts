import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { DiskSpace } from '../../server/rack/guard/disk-space.js'
import type { Holding } from '../../server/rack/guard/holding.js'
import { type GuardedHost, HostLooks } from '../../server/rack/guard/host-looks.js'

const MIB = 1024 ** 2
const unused = { used: 0, most: 100 }
const short = {
  memory: { used: 200 * MIB, most: 256 * MIB },
  terminals: unused,
  files: unused,
  neighbours: unused,
}
const little: Holding = { memory: 0, terminals: 0, files: 10, neighbours: 0, counted: 'whole' }
const tooMuch: Holding = { ...little, memory: 300 * MIB }
const patience = { usual: 40, late: 60 }
const never = () => new Promise<Holding>(() => {})
/** As a program that is ended after the deadline, and says what it has found by then. */
const late = (found: Partial<Holding>) => (signal: AbortSignal) =>
  new Promise<Holding>((resolve) => {
    signal.addEventListener('abort', () => resolve({ ...little, ...found, counted: 'late' }))
  })

function guarded(measure: GuardedHost['measure']) {
  return {
    host: { alive: true },
    memoryBytes: 512 * MIB,
    measure: vi.fn(measure),
    end: vi.fn<GuardedHost['end']>(async () => {}),
  }
}

const quick = async () => true
const slow = async () => false

async function looked(looks: HostLooks, times: number, ...hosts: GuardedHost[]): Promise<void> {
  for (let n = 0; n < times; n++) await looks.look(hosts, short)
}

describe('hosts are looked at each by itself', () => {
  it('one that never answers delays no other, and is asked once', async () => {
    const looks = new HostLooks(quick, patience)
    const stalled = Array.from({ length: 3 }, () => guarded(never))
    const taker = guarded(async () => tooMuch)
    const first = looks.look([...stalled, taker], short)
    await vi.waitFor(() => expect(taker.end).toHaveBeenCalledWith('kernel-memory'), { interval: 1 })
    const other = guarded(async () => little)
    await looks.look([...stalled, other], short)
    expect(other.measure).toHaveBeenCalledTimes(1)
    await first
    await looked(looks, 1, ...stalled)
    for (const { measure } of stalled) expect(measure).toHaveBeenCalledTimes(1)
  })

  it('one at which the look fails, or whose end fails, keeps none from being ended', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const failing = guarded(async () => {
      throw new Error('made up: no look')
    })
    const staying = guarded(async () => tooMuch)
    staying.end.mockRejectedValue(new Error('made up: no end'))
    const taker = guarded(async () => tooMuch)
    const looks = new HostLooks(quick, patience)
    await looked(looks, 1, failing, staying, taker)
    expect(taker.end).toHaveBeenCalledWith('kernel-memory')
    await looked(looks, 1, staying)
    expect(staying.end).toHaveBeenCalledTimes(2)
    expect(failing.end).not.toHaveBeenCalled()
    said.mockRestore()
  })

  it('one that takes its time to end is not ended twice, and others are looked at meanwhile', async () => {
    const looks = new HostLooks(quick, patience)
    const ending = guarded(async () => tooMuch)
    let ended = () => {}
    ending.end.mockReturnValue(new Promise((resolve) => (ended = resolve)))
    const first = looks.look([ending], short)
    await vi.waitFor(() => expect(ending.end).toHaveBeenCalled(), { interval: 1 })
    const other = guarded(async () => little)
    await looks.look([ending, other], short)
    expect(ending.end).toHaveBeenCalledTimes(1)
    expect(other.measure).toHaveBeenCalledTimes(1)
    ended()
    await first
  })
})

describe('what is not known of a host', () => {
  it('is not taken for nothing: late three times, on a quick machine, is too much', async () => {
    const host = guarded(late({}))
    const looks = new HostLooks(quick, patience)
    await looked(looks, 2, host)
    expect(host.end).not.toHaveBeenCalled()
    await looked(looks, 1, host)
    expect(host.end).toHaveBeenCalledWith('uncountable')
  })

  it('ends nobody where the machine itself is slow, or has enough again', async () => {
    const host = guarded(late({}))
    await looked(new HostLooks(slow, patience), 6, host)
    await looked(new HostLooks(() => new Promise(() => {}), patience), 6, host)
    await looked(
      new HostLooks(async () => {
        throw new Error('made up: nothing can be started')
      }, patience),
      6,
      host,
    )
    const looks = new HostLooks(quick, patience)
    for (let n = 0; n < 3; n++) {
      await looked(looks, 2, host)
      looks.forget([host])
    }
    expect(host.end).not.toHaveBeenCalled()
  })

  it('is forgotten once a host was measured', async () => {
    let n = 0
    const host = guarded((signal) => (++n % 3 === 0 ? Promise.resolve(little) : late({})(signal)))
    await looked(new HostLooks(quick, patience), 12, host)
    expect(host.end).not.toHaveBeenCalled()
  })

  it('and what was found by then counts at once', async () => {
    const host = guarded(late({ memory: 300 * MIB }))
    await looked(new HostLooks(slow, patience), 1, host)
    expect(host.end).toHaveBeenCalledWith('kernel-memory')
  })

  it('is too much at the third look that finds more than is counted, on any machine', async () => {
    const host = guarded(async () => ({ ...little, counted: 'beyond' }))
    const looks = new HostLooks(slow, patience)
    await looked(looks, 2, host)
    expect(host.end).not.toHaveBeenCalled()
    await looked(looks, 1, host)
    expect(host.end).toHaveBeenCalledWith('uncountable')
  })

  it('is too much also where every other look is late, since it is allowed less time', async () => {
    const beyond = { ...little, counted: 'beyond' as const }
    let n = 0
    const host = guarded((signal) => (n++ % 2 === 0 ? late({})(signal) : Promise.resolve(beyond)))
    const looks = new HostLooks(slow, patience)
    await looked(looks, 5, host)
    expect(host.end).not.toHaveBeenCalled()
    await looked(looks, 1, host)
    expect(host.end).toHaveBeenCalledWith('uncountable')
  })

  it('is of no interest in a host that has ended', async () => {
    const host = guarded(async () => ({ ...little, counted: 'beyond' }))
    host.measure.mockImplementation(async () => {
      host.host.alive = false
      return { ...little, counted: 'beyond' }
    })
    const looks = new HostLooks(quick, patience)
    for (let n = 0; n < 4; n++) {
      host.host.alive = true
      await looked(looks, 1, host)
    }
    expect(host.end).not.toHaveBeenCalled()
  })
})

describe('while the disk is nearly full', () => {
  it('a disk at which something fails keeps no other from being held, or from being let go', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    let free = 100
    const limits: [string, number][] = []
    const store = {
      freeBytes: async () => free,
      exclusiveBytes: async () => 100 * MIB,
      limit: async (path: string, bytes: number) => {
        await sleep(1)
        if (path === 'gone') throw new Error('made up: no such disk')
        limits.push([path, bytes])
      },
    }
    const disks = ['gone', 'one', 'two'].map((path) => ({ path, limitBytes: 500 * MIB }))
    const space = new DiskSpace(
      store,
      () => disks,
      () => 1000,
    )
    await space.look()
    expect(limits.splice(0).toSorted()).toEqual([
      ['one', 100 * MIB],
      ['two', 100 * MIB],
    ])
    // The host is closed: it is held no more, and nobody is asked for it.
    disks.splice(1, 1)
    free = 3000
    await space.look()
    expect(limits).toEqual([['two', 500 * MIB]])
    said.mockRestore()
  })
})
