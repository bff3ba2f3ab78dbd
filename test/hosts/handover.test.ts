import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import type { TerminalExit } from '../../server/terminal/protocol.js'
import { testState } from './state.js'

/** Terminals that a host's own kernel side makes, and the pty host is given. */

let racks: LocalRacks
let rack: RackInfo
beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({ hosts: { laptop: 'plain', tricky: 'plain' } })
})
afterAll(async () => {
  await racks?.closeAll()
})

/** A terminal with all that it puts out. */
async function terminalOf(host: string, size = { cols: 100, rows: 30 }) {
  const client = await racks.terminals(rack.id)
  onTestFinished(() => client.disconnect())
  const { id } = await client.open({ host, ...size })
  let text = ''
  let exit: TerminalExit | undefined
  const attachment = await client.attach(id, {
    onData: (bytes, offset) => {
      text += Buffer.from(bytes).toString('utf8')
      attachment?.acknowledge(offset + bytes.length)
    },
    onExit: (ended) => {
      exit = ended
    },
  })
  onTestFinished(() => client.close(id).catch(() => {}))
  return {
    id,
    client,
    attachment,
    text: () => text,
    exit: () => exit,
    type: (typed: string) => attachment.write(Buffer.from(typed)),
    shows: (wanted: RegExp) => expect.poll(() => text, { timeout: 30_000 }).toMatch(wanted),
    ended: () => expect.poll(() => exit, { timeout: 30_000 }).toBeDefined(),
  }
}

it('is a terminal of the host, of the size that was asked for, and nothing of ours is in between', async () => {
  const terminal = await terminalOf('laptop')
  await terminal.type('echo "<$(tty) $(stty size)>"; ps -o tty= -p $$\r')
  await terminal.shows(/<\/dev\/pts\/\d+ 30 100>/)
  await terminal.shows(/pts\/\d+\s/)
  // Typed before the prompt, and while it was handed over, nothing is lost.
  await terminal.type('stty size | tr " " x\r')
  await terminal.shows(/30x100/)
})

it('ends with what the shell ends with', async () => {
  const left = await terminalOf('laptop')
  await left.type('exit 7\r')
  await left.ended()
  expect(left.exit()).toEqual({ exitCode: 7, signal: null })
  const killed = await terminalOf('laptop')
  await killed.shows(/\$|#/)
  await killed.type('kill -9 $$\r')
  await killed.ended()
  expect(killed.exit()).toEqual({ exitCode: 137, signal: null })
})

it('is closed with all that runs in it, and leaves no file', async () => {
  const terminal = await terminalOf('laptop')
  await terminal.type('sleep 98765\r')
  const runs = async () => (await racks.exec(rack.id, 'laptop', ['pgrep', '-f', 'sleep 98765'])).exitCode === 0
  await expect.poll(runs, { timeout: 30_000 }).toBe(true)
  await terminal.client.close(terminal.id)
  await expect.poll(runs, { timeout: 30_000 }).toBe(false)
  const left = () => readdirSync(join(testState.racks, rack.id)).filter((name) => name.startsWith('c-'))
  await expect.poll(left, { timeout: 30_000 }).toEqual([])
})

it('forgets a paste that nobody reads at Ctrl-C', async () => {
  const terminal = await terminalOf('laptop')
  await terminal.type('sleep 600\r')
  await terminal.shows(/sleep 600/)
  await sleep(300)
  for (let part = 0; part < 4; part++) await terminal.type(`echo ${'x'.repeat(1500)}\r`)
  await terminal.type('\u0003')
  await terminal.type('echo $((40+2))-here\r')
  await terminal.shows(/42-here/)
})

it('is refused where the host gives something else in its place, and the next host is none the worse', async () => {
  // A learner is root there: a pipe stands where the kernel makes terminals.
  const script = 'mkfifo /tmp/pipe && mount --bind /tmp/pipe /dev/ptmx'
  expect(await racks.exec(rack.id, 'tricky', ['sh', '-c', script])).toMatchObject({ failed: false })
  const tricky = await terminalOf('tricky')
  await tricky.ended()
  expect(tricky.exit()?.exitCode).not.toBe(0)
  const other = await terminalOf('laptop')
  await other.type('echo $((40+2))-here\r')
  await other.shows(/42-here/)
})

it('has no descriptor of the machine', async () => {
  const terminal = await terminalOf('laptop')
  await terminal.type('echo sockets-$(ls -l /proc/self/fd | grep -c socket)\r')
  await terminal.shows(/sockets-0\r/)
})
