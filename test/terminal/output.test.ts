import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HIGH_BYTES } from '../../server/terminal/flow-control.js'
import { RECORDER_BYTES } from '../../server/terminal/recorder.js'
import { RecordedView } from './recorded-view.js'
import { cookedScript, newDirectory, newFile, openTerminal, script, startPtyHost } from './running-pty-host.js'

const MIB = 1024 * 1024
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('output', () => {
  it('is exact, byte by byte, in both directions', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const client = await (await startPtyHost(script('printf ready; exec cat'))).connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilText('ready')
    view.attachment.write(all)
    for (const byte of all) view.attachment.write(Uint8Array.of(byte))
    await view.untilReceived(5 + 512)
    expect(view.bytes.subarray(5)).toEqual(Buffer.concat([all, all]))
  })

  it('of 20 MiB arrives in full though it is acknowledged late', async () => {
    const content = randomBytes(20 * MIB)
    const client = await (await startPtyHost(script(`exec cat ${newFile(content)}`))).connect()
    const view = await RecordedView.attach(client, await openTerminal(client), { acknowledge: 10 })
    expect(await view.untilExit()).toEqual({ exitCode: 0, signal: null })
    expect(view.gaps).toEqual([])
    expect(sha256(view.bytes)).toBe(sha256(content))
  })

  it('goes on after a broken connection where that one ended', async () => {
    const content = randomBytes(6 * MIB)
    const host = await startPtyHost(script(`exec cat ${newFile(content)}`), { recorderBytes: 8 * MIB })
    const first = await host.connect()
    const id = await openTerminal(first)
    const before = await RecordedView.attach(first, id)
    await before.untilReceived(MIB)
    first.disconnect()
    const second = await host.connect()
    const after = await RecordedView.attach(second, id, { fromOffset: before.offset })
    await after.untilExit()
    expect(after.gaps).toEqual([])
    expect(sha256(Buffer.concat([before.bytes, after.bytes]))).toBe(sha256(content))
  })

  it('is the same for all viewers, on one connection or several, early or late', async () => {
    const content = randomBytes(900_000)
    const host = await startPtyHost(script(`exec cat ${newFile(content)}`))
    const [one, other] = [await host.connect(), await host.connect()]
    const id = await openTerminal(one)
    const views = [
      await RecordedView.attach(one, id),
      await RecordedView.attach(one, id, { acknowledge: 2 }),
      await RecordedView.attach(other, id),
    ]
    for (const view of views) await view.untilExit()
    const late = await RecordedView.attach(other, id)
    await late.untilExit()
    for (const view of [...views, late]) expect(sha256(view.bytes)).toBe(sha256(content))
  })

  it('is lost for a viewer that stalls, which is told, while the others go on', async () => {
    const content = randomBytes(6 * MIB)
    const host = await startPtyHost(script(`exec cat ${newFile(content)}`), { stallMs: 200 })
    const client = await host.connect()
    const id = await openTerminal(client)
    const fast = await RecordedView.attach(client, id)
    const slow = await RecordedView.attach(client, id, { acknowledge: 'by hand' })
    await fast.untilExit()
    expect(sha256(fast.bytes)).toBe(sha256(content))
    expect(slow.received).toBe(HIGH_BYTES)
    expect(slow.gaps).toEqual([])
    while (slow.exit === undefined) {
      slow.acknowledge()
      await sleep(2)
    }
    const from = HIGH_BYTES
    const to = content.length - RECORDER_BYTES
    expect(slow.gaps).toEqual([{ from, to }])
    expect(sha256(slow.bytes)).toBe(sha256(Buffer.concat([content.subarray(0, from), content.subarray(to)])))
  })

  it('that is off the record when a viewer attaches is told as a gap', async () => {
    const content = randomBytes(3 * MIB)
    const client = await (await startPtyHost(script(`exec cat ${newFile(content)}`))).connect()
    const id = await openTerminal(client)
    await expect.poll(async () => (await client.list())[0]?.exited, { timeout: 10_000 }).toBeDefined()
    const view = await RecordedView.attach(client, id, { fromOffset: 10 })
    await view.untilExit()
    expect(view.gaps).toEqual([{ from: 10, to: 2 * MIB }])
    expect(sha256(view.bytes)).toBe(sha256(content.subarray(2 * MIB)))
    const fresh = await RecordedView.attach(client, id)
    await fresh.untilExit()
    expect(fresh.gaps).toEqual([])
    expect(fresh.attachment.info).toMatchObject({ startOffset: 2 * MIB, endOffset: 3 * MIB })
  })

  it('stops the program while nobody acknowledges, and goes on afterwards', async () => {
    const progress = join(newDirectory(), 'progress')
    const step = 65_536
    const loop = `i=0; while :; do head -c ${step} /dev/zero; i=$((i+1)); echo $i > ${progress}; done`
    const client = await (await startPtyHost(script(loop))).connect()
    const produced = () => Number(readFileSync(progress, 'utf8')) * step
    const view = await RecordedView.attach(client, await openTerminal(client), { acknowledge: 'by hand' })
    await view.untilReceived(HIGH_BYTES)
    await sleep(200)
    const paused = produced()
    await sleep(300)
    expect(produced()).toBe(paused)
    // What the window, the last read and the kernel's buffers hold.
    expect(paused).toBeLessThan(HIGH_BYTES + 4 * step)
    expect(view.received).toBe(HIGH_BYTES)
    view.acknowledge()
    await expect.poll(produced).toBeGreaterThan(paused)
    expect(view.gaps).toEqual([])
  })

  it('of a program that ends while paused is not lost', async () => {
    // The kernel's buffers hold the end: 4 KiB to be read, 8 KiB on the way.
    const content = randomBytes(HIGH_BYTES + 12_000)
    const client = await (await startPtyHost(script(`cat ${newFile(content)}; exit 3`))).connect()
    const view = await RecordedView.attach(client, await openTerminal(client), { acknowledge: 'by hand' })
    await expect.poll(async () => (await client.list())[0]?.exited, { timeout: 10_000 }).toBeDefined()
    expect(view.exit).toBeUndefined()
    view.acknowledge()
    expect(await view.untilExit()).toEqual({ exitCode: 3, signal: null })
    expect(sha256(view.bytes)).toBe(sha256(content))
  })

  it('of short programs is whole, again and again', async () => {
    const content = randomBytes(70_000)
    const file = newFile(content)
    const client = await (await startPtyHost(script(`exec cat ${file}`))).connect()
    for (let round = 0; round < 20; round++) {
      const id = await openTerminal(client)
      const view = await RecordedView.attach(client, id)
      await view.untilExit()
      expect(sha256(view.bytes)).toBe(sha256(content))
      await client.close(id)
    }
  })

  it('ends with the program, though a background job still holds the terminal', async () => {
    const client = await (await startPtyHost(cookedScript('sleep 1000 & echo pid=$!; exit 0'))).connect()
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilExit()
    expect(view.text).toMatch(/pid=\d+/)
    const pid = Number(/pid=(\d+)/.exec(view.text)?.[1])
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // The hang-up has ended it.
    }
  })

  it("of other terminals is out of a program's reach", async () => {
    const client = await (await startPtyHost(script('ls -l /proc/self/fd; sleep 1000'))).connect()
    await openTerminal(client)
    const view = await RecordedView.attach(client, await openTerminal(client))
    await view.untilText('/proc')
    expect(view.text).not.toContain('ptmx')
  })
})
