import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { NetworkMap, NetworkView, TimelineEntry } from '../../server/protocol/protocol.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { Session } from '../../server/session/session.js'
import { Sessions, type SessionsOptions } from '../../server/session/sessions.js'
import type { Records } from '../../server/store/records.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { testState as state } from './state.js'
import { processes } from './web-house.js'

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
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-session-'))
  records = SqliteRecords.open(join(scratch, 'records.db'))
  learner = await records.localLearner()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((sessions) => sessions.stop()))
  for (const { id } of await racks.list()) await racks.close(id)
  await records.close()
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
  view!: NetworkView
  end!: () => void

  static async of(session: Session): Promise<Onlooker> {
    const onlooker = new Onlooker()
    const { view, end } = await session.network.follow({
      onMap: (map) => {
        onlooker.maps++
        onlooker.map = map
      },
      // As over a socket: what is sent does not change any more.
      onEntry: (entry) => onlooker.timeline.set(entry.id, structuredClone(entry)),
    })
    onlooker.view = view
    onlooker.end = end
    onlooker.map = view.map
    for (const entry of view.timeline) onlooker.timeline.set(entry.id, structuredClone(entry))
    return onlooker
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

/** What watches packets for this process: programs that know the number of neighbours that they tell at most. */
const watchers = () =>
  processes().filter(({ parent, command }) => parent === process.pid && command.includes('mostNeighbours'))

/** Until what a command did is told, with all that follows it. */
const aftermath = () => sleep(5_000)

describe('The network of a session', () => {
  it('tells what each command did, with its text, to all who look', async () => {
    const session = await opened(await start())
    const one = await Onlooker.of(session)
    const two = await Onlooker.of(session)
    await one.seesFirst()
    const type = await typist(session)

    await type('docker network create --subnet 172.20.0.0/16 my_net\r')
    await expect.poll(() => one.has(/node1\/bridge:br-/), slow).toBe(true)
    await expect
      .poll(() => one.says(), slow)
      .toMatch(/^docker network create --subnet 172.20.0.0\/16 my_net: .*172\.20\.0\.1\/16/m)
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ host: 'node1', running: false })
    await aftermath()

    await type('ip link add veth-a type veth peer name veth-b; sleep 4\r')
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ text: /^ip link/, running: true })
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ running: false })
    expect(one.says()).toMatch(/^ip link add.*`veth-a`/m)
    await aftermath()

    await type('iptables -A INPUT -p tcp --dport 81 -j DROP\r')
    await expect.poll(() => one.says(), slow).toMatch(/^iptables -A INPUT.*: .*--dport 81/m)
    await aftermath()

    // Nothing that matters.
    const { length } = one.entries
    await type('ping -c 1 192.168.1.1 > /dev/null; ls; ip address\r')
    await aftermath()
    expect(one.entries).toHaveLength(length)

    // A shell in a container has no marks: its command is the one that runs there.
    await type('docker run -it --name box --network my_net busybox sh\r')
    await expect.poll(() => one.has(/node1\/container:box/), slow).toBe(true)
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ text: /^docker run -it/, running: true })
    await aftermath()

    // A cable is pulled from outside. A command runs meanwhile, so that it may be thought of.
    await racks.setLink(session.rack!, 'lan', 'laptop', 'cut')
    await expect.poll(() => one.map?.ties.find(({ id }) => /laptop/.test(id))?.state, slow).toBe('down')
    await aftermath()

    expect(two.entries).toEqual(one.entries)
    expect(two.map).toEqual(one.map)
    const late = await Onlooker.of(session)
    expect(late.entries).toEqual(one.entries)
    // One can look back.
    const hasBridge = ({ elements }: NetworkMap) => elements.some(({ id }) => id.includes('br-'))
    const maps = await Promise.all(late.entries.slice(0, 2).map(({ id }) => session.network.at(id)))
    expect(maps.map(hasBridge)).toEqual([false, true])
    await expect(session.network.at(999)).rejects.toMatchObject({ code: 'map.not-found' })
  })

  it('tells runs that are over in an instant, each once, and a default route that moves to another network', async () => {
    const session = await opened(await start())
    const one = await Onlooker.of(session)
    await one.seesFirst()
    const type = await typist(session)
    await type('for i in 1 2 3; do docker run --rm --name run$i busybox true; done\r')
    const told = () => one.entries.flatMap(({ changes }) => changes.map(({ text }) => text.en))
    const runs = () => told().filter((text) => /^Container `run[123]` \(`busybox`\) (ran|started)/.test(text))
    await expect.poll(() => one.entries.at(-1)?.command, slow).toMatchObject({ text: /^for i/, running: false })
    await aftermath()
    // However short a run is: it is told, by the state where that showed it, else by the Engine's events; and never as without network.
    for (const name of ['run1', 'run2', 'run3']) {
      expect(
        runs().filter((text) => text.includes(`\`${name}\``)),
        told().join('\n'),
      ).toHaveLength(1)
    }
    expect(told().join('\n')).not.toContain('no network but its loopback')
    expect(one.entries.at(-1)?.command?.text).toMatch(/^for i/)

    await type(
      'docker network create front; docker network create audit; docker run -d --name app --network front busybox sleep 600\r',
    )
    await expect.poll(() => one.has(/node1\/container:app/), slow).toBe(true)
    await aftermath()
    await type('docker network connect audit app; docker network disconnect front app\r')
    await expect
      .poll(() => one.says(), slow)
      .toMatch(
        /^docker network connect audit app.*: The default route in `app` on `node1` was replaced: now it is .* over network `audit`; before it was .* over network `front`/m,
      )
    await aftermath()
    expect(one.says()).not.toMatch(/default via [^;]* is gone/)
  })

  it('looks only while somebody does, and tells what a reset did without a command', async () => {
    const session = await opened(await start())
    let captures = 0
    const capture = racks.capture.bind(racks)
    racks.capture = (...asked) => {
      captures++
      return capture(...asked)
    }
    await racks.exec(session.rack!, 'laptop', ['ip', 'link', 'add', 'veth-a', 'type', 'veth'])
    await sleep(3_000)
    expect(captures).toBe(0)
    const page = await Onlooker.of(session)
    await page.seesFirst()
    await racks.exec(session.rack!, 'laptop', ['ip', 'link', 'add', 'veth-c', 'type', 'veth'])
    await expect.poll(() => page.says(), slow).toMatch(/^undefined: `veth-c`/m)
    const before = page.entries.length
    session.reset('laptop')
    await expect.poll(() => session.view().busy, slow).toBeUndefined()
    await expect.poll(() => page.says(), slow).toMatch(/^undefined: Host `laptop` was restarted/m)
    expect(page.entries.length).toBeGreaterThan(before)
    // The new host is listened to as well.
    await aftermath()
    await racks.exec(session.rack!, 'laptop', ['ip', 'link', 'add', 'veth-d', 'type', 'veth'])
    await expect.poll(() => page.says(), slow).toMatch(/^undefined: `veth-d`/m)
    await aftermath()
    page.end()
    const seen = captures
    await racks.exec(session.rack!, 'laptop', ['ip', 'link', 'add', 'veth-e', 'type', 'veth'])
    await sleep(3_000)
    expect(captures).toBe(seen)
    racks.capture = capture
  })

  it('keeps the timeline over a restart, and forgets it with the progress', async () => {
    const first = await start()
    const session = await opened(first)
    const page = await Onlooker.of(session)
    await page.seesFirst()
    const type = await typist(session)
    await type('docker network create app\r')
    await expect.poll(() => page.says(), slow).toMatch(/^docker network create app: .*`app`/m)
    await aftermath()
    await first.stop()
    running.splice(0)
    await racks.exec(session.rack ?? (await racks.list())[0]!.id, 'laptop', [
      'ip',
      'link',
      'add',
      'veth-a',
      'type',
      'veth',
    ])

    const again = (await (await start()).join(learner, 'exam', { open: true }))!
    const later = await Onlooker.of(again)
    expect(later.entries).toEqual(page.entries)
    expect(later.map!.elements).toEqual(page.map!.elements)
    await expect.poll(() => later.says(), slow).toMatch(/^undefined: `veth-a`/m)
    expect((await again.network.at(page.entries[1]!.id)).elements.some(({ id }) => id.includes('br-'))).toBe(true)

    await again.startOver()
    await expect.poll(() => again.view().busy, slow).toBeUndefined()
    await expect.poll(async () => (await Onlooker.of(again)).entries, slow).toMatchObject([{ changes: [] }])
    await aftermath()
    expect(await records.timeline(again.id)).toHaveLength(1)
  })

  it('traces and diagnoses, one question at a time, and leaves nothing running when nobody waits any more', async () => {
    const session = await opened(await start())
    const rack = session.rack!
    const never = new AbortController().signal
    await racks.exec(rack, 'node1', ['docker', 'run', '-d', '--name', 'box', 'busybox', 'sleep', '1000'])
    const { network } = session
    expect(await network.trace({ from: 'laptop', to: 'node1' }, never)).toMatchObject({ outcome: 'answered' })
    expect(await network.diagnose('box', never)).toMatchObject({ container: 'box' })

    // A check that has not failed is nothing to be traced.
    expect(() => network.traceCheck('web', 2, never)).toThrow(expect.objectContaining({ code: 'argument.invalid' }))
    await session.check('web')
    await expect
      .poll(() => session.view().steps[1]!.checks[2]?.traceable && !session.view().steps[1]!.checking, slow)
      .toBe(true)
    expect(await network.traceCheck('web', 2, never)).toMatchObject({
      from: 'laptop',
      to: 'node1',
      port: 8080,
      protocol: 'tcp',
      outcome: 'stopped',
      cause: { code: 'port-not-listening' },
    })

    // Where finding the cause is the task, it is kept back until somebody asks for it, and that is help.
    session.lab.explain = 'after-hint'
    const asked = { from: 'laptop', to: 'node1', port: 8080 }
    await expect(network.tell()).rejects.toMatchObject({ code: 'argument.invalid' })
    const kept = await network.trace(asked, never)
    expect(kept).toMatchObject({ outcome: 'stopped', withheld: true })
    expect(kept.cause).toBeUndefined()
    expect(kept.hops.length).toBeGreaterThan(0)
    expect((await network.traceSeries(asked, 2, never)).groups[0]).not.toHaveProperty('cause')
    await network.trace(asked, never)
    expect(await network.tell()).toMatchObject({ cause: { code: 'port-not-listening' } })
    expect((await records.session(session.id))!.help).toEqual({ network: { shown: false, done: false, told: true } })
    // From then on it is told as it is.
    expect(await network.trace(asked, never)).toMatchObject({ cause: { code: 'port-not-listening' } })
    session.lab.explain = 'at-once'

    // Nobody answers there, so that it takes its time.
    const away = { from: 'laptop', to: '192.168.1.99' }
    const first = network.trace(away, never)
    const gone = new AbortController()
    const second = network.trace(away, gone.signal)
    await expect(first).rejects.toMatchObject({ code: 'trace.cancelled' })
    setTimeout(() => gone.abort(), 500)
    await expect(second).rejects.toMatchObject({ code: 'trace.cancelled' })
    await expect.poll(() => watchers(), slow).toEqual([])
    const third = network.diagnose('box', never)
    network.cancelTrace()
    await expect(third).rejects.toMatchObject({ code: 'trace.cancelled' })
    const fourth = expect(network.trace(away, never)).rejects.toMatchObject({ code: 'trace.cancelled' })
    await session.leave()
    await fourth
    await expect.poll(() => watchers(), slow).toEqual([])
    expect(() => network.trace(away, never)).toThrow(expect.objectContaining({ code: 'session.not-open' }))
  })
})
