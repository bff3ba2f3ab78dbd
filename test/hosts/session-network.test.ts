import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { Session } from '../../server/session/session.js'
import { Sessions, type SessionsOptions } from '../../server/session/sessions.js'
import { Records } from '../../server/store/records.js'
import type { NetworkMap, NetworkView, TimelineEntry } from '../../server/web/protocol.js'
import { testState as state } from './state.js'

const slow = { timeout: 60_000, interval: 50 }

let racks: LocalRacks
let labs: Lab[]
let scratch: string
let records: Records
let learner: string
const running: Sessions[] = []

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  labs = [await loadLab(fromPackage('test/trial/exam'))]
})
afterAll(() => racks.closeAll())
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-session-'))
  records = Records.open(join(scratch, 'records.db'))
  learner = records.localLearner()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((sessions) => sessions.stop()))
  for (const { id } of await racks.list()) await racks.close(id)
  records.close()
  rmSync(scratch, { recursive: true, force: true })
})

async function start(options: SessionsOptions = {}): Promise<Sessions> {
  const sessions = await Sessions.start(racks, labs, records, options)
  running.push(sessions)
  return sessions
}

async function opened(sessions: Sessions): Promise<Session> {
  const session = (await sessions.join(learner, 'exam', { open: true }))!
  await expect.poll(() => session.view().terminals.some(({ atPrompt }) => atPrompt), slow).toBe(true)
  return session
}

/** Whoever looks at the network: what a page holds of it. */
class Onlooker {
  map: NetworkMap | undefined
  readonly timeline = new Map<number, TimelineEntry>()
  maps = 0
  readonly view: NetworkView
  readonly end: () => void

  constructor(session: Session) {
    const { view, end } = session.network.follow({
      onMap: (map) => {
        this.maps++
        this.map = map
      },
      // As over a socket: what is sent does not change any more.
      onEntry: (entry) => this.timeline.set(entry.id, structuredClone(entry)),
    })
    this.view = view
    this.end = end
    this.map = view.map
    for (const entry of view.timeline) this.timeline.set(entry.id, structuredClone(entry))
  }

  get entries(): TimelineEntry[] {
    return [...this.timeline.values()]
  }

  async seesFirst(): Promise<void> {
    await expect.poll(() => this.entries.length, slow).toBeGreaterThan(0)
    expect(this.entries[0]!.changes).toEqual([])
  }

  says(): string {
    return this.entries
      .flatMap(({ command, changes }) => changes.map(({ text }) => `${command?.text}: ${text.en}`))
      .join('\n')
  }

  has(id: RegExp): boolean {
    return this.map?.elements.some((element) => id.test(element.id)) ?? false
  }
}

async function typist(session: Session) {
  const { id } = session.view().terminals[0]!
  const attachment = await session.attach(id, {
    onData: (bytes, offset) => attachment?.acknowledge(offset + bytes.length),
  })
  return async (text: string) => {
    await expect.poll(() => session.view().terminals[0]!.atPrompt, slow).toBe(true)
    await attachment.write(text)
  }
}

describe('The network of a session', () => {
  it('tells what each command did, with its text, to all who look', async () => {
    const session = await opened(await start())
    const one = new Onlooker(session)
    const two = new Onlooker(session)
    await one.seesFirst()
    const type = await typist(session)

    await type('docker network create --subnet 172.20.0.0/16 my_net\r')
    await expect.poll(() => one.has(/node1\/bridge:br-/), slow).toBe(true)
    await expect
      .poll(() => one.entries.at(-1)?.command, slow)
      .toEqual({
        host: 'node1',
        text: 'docker network create --subnet 172.20.0.0/16 my_net',
        running: false,
      })
    expect(one.says()).toContain('172.20.0.1/16')

    await type('ip link add veth-a type veth peer name veth-b; sleep 2\r')
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ text: /^ip link/, running: true })
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ running: false })
    expect(one.says()).toMatch(/^ip link add.*veth-a/m)

    // What netlink does not tell is seen at the command's end.
    await type('iptables -A INPUT -p tcp --dport 81 -j DROP\r')
    await expect.poll(() => one.says(), slow).toMatch(/^iptables -A INPUT.*--dport 81/m)

    // Nothing that matters.
    const { length } = one.entries
    await type('ping -c 1 192.168.1.1 > /dev/null; ls; ip address\r')
    await expect.poll(() => session.view().terminals[0]!.atPrompt, slow).toBe(false)
    await expect.poll(() => session.view().terminals[0]!.atPrompt, slow).toBe(true)
    await sleep(4_500)
    expect(one.entries).toHaveLength(length)

    // A shell in a container has no marks: its command is the one that runs there.
    await type('docker run -it --name box --network my_net busybox sh\r')
    await expect.poll(() => one.has(/node1\/container:box/), slow).toBe(true)
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ text: /^docker run -it/, running: true })

    // It comes by itself, after all commands are done.
    await sleep(3_500)
    await racks.setLink(session.rack!, 'lan', 'laptop', 'cut')
    await expect.poll(() => one.map?.ties.find(({ id }) => /laptop/.test(id))?.state, slow).toBe('down')

    await expect.poll(() => two.entries, slow).toEqual(one.entries)
    expect(two.map).toEqual(one.map)
    const late = new Onlooker(session)
    expect(late.entries).toEqual(one.entries)
    expect(late.map).toEqual(one.map)
    // One can look back.
    const first = session.network.at(late.entries[0]!.id)
    expect(first.elements.some(({ id }) => id.includes('br-'))).toBe(false)
    expect(session.network.at(late.entries[1]!.id).elements.some(({ id }) => id.includes('br-'))).toBe(true)
    expect(() => session.network.at(999)).toThrow(expect.objectContaining({ code: 'map.not-found' }))
  })
})
