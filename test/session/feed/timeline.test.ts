import { describe, expect, it } from 'vitest'
import type { NetworkState } from '../../../server/network/state.js'
import type { TimelineEntry } from '../../../server/protocol/protocol.js'
import { mostEntries, Timeline } from '../../../server/session/feed/timeline.js'
import { StateBuilder } from '../../check/state-builder.js'

/** A host with these Docker networks. */
function stateWith(...networks: string[]): NetworkState {
  const builder = new StateBuilder()
  const host = builder.docker('node1', '192.168.1.11')
  for (const name of networks) {
    const n = 20 + name.charCodeAt(0) - 97
    builder.network(host, { name, subnet: `172.${n}.0.0/16`, bridge: `br-${name}` })
  }
  return builder.state
}

/** Time is a number that the test chooses, in milliseconds. */
function bench(before: { entries: TimelineEntry[]; state?: NetworkState } = { entries: [] }) {
  const told: { id: number; changes: number; running?: boolean; state: boolean }[] = []
  const timeline = new Timeline(
    {
      onEntry: ({ id, changes, command }, state) =>
        told.push({
          id,
          changes: changes.length,
          ...(command ? { running: command.running } : {}),
          state: state !== undefined,
        }),
    },
    before,
  )
  return { timeline, told }
}
const said = ({ changes }: TimelineEntry) => changes.map(({ text }) => text.en).join('\n')
const commands = (timeline: Timeline) => timeline.entries.map(({ command }) => command?.text)

it('begins with the network as it was found, and tells nothing where nothing that matters changed', () => {
  const { timeline, told } = bench()
  timeline.take(stateWith(), 0)
  expect(timeline.entries).toEqual([{ id: 1, at: '1970-01-01T00:00:00.000Z', changes: [] }])
  timeline.began('t', 'node1', 'ls', 100)
  timeline.ended('t', 'node1', { text: 'ls' }, 110)
  const later = { ...stateWith(), takenAt: '2027-01-01T00:00:00.000Z', durationMs: 7 }
  timeline.take(later, 200)
  expect(told).toEqual([{ id: 1, changes: 0, state: true }])
  expect(timeline.state).toBe(later)
})

it('gives a command what changed while it ran, from the first change on, and what follows soon', () => {
  const { timeline, told } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', 'docker compose up', 1_000)
  timeline.take(stateWith('a'), 1_200)
  expect(timeline.entries[1]).toMatchObject({ command: { host: 'node1', text: 'docker compose up', running: true } })
  expect(said(timeline.entries[1]!)).toContain('`a`')
  timeline.take(stateWith('a', 'b'), 1_500)
  timeline.ended('t', 'node1', { text: 'docker compose up' }, 1_600)
  expect(timeline.entries[1]).toMatchObject({ command: { running: false } })
  timeline.take(stateWith('a', 'b', 'c'), 3_000)
  expect(timeline.entries).toHaveLength(2)
  for (const name of ['`a`', '`b`', '`c`']) expect(said(timeline.entries[1]!)).toContain(name)
  expect(told.map(({ id, running }) => [id, running])).toEqual([
    [1, undefined],
    [2, true],
    [2, true],
    [2, false],
    [2, false],
  ])
  // Later on it is nobody's doing.
  timeline.take(stateWith('a', 'b', 'c', 'd'), 9_000)
  expect(commands(timeline)).toEqual([undefined, 'docker compose up', undefined])
})

it('says in the end what is different from before, without what came and went', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', 'make', 1_000)
  timeline.take(stateWith('a'), 1_100)
  timeline.take(stateWith('b'), 1_400)
  timeline.ended('t', 'node1', { text: 'make' }, 1_500)
  expect(said(timeline.entries[1]!)).toContain('`b`')
  expect(said(timeline.entries[1]!)).not.toContain('`a`')
})

it('tells both where all of it came and went', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', 'docker run --rm', 1_000)
  timeline.take(stateWith('a'), 1_100)
  timeline.take(stateWith(), 1_400)
  timeline.ended('t', 'node1', { text: 'docker run --rm' }, 1_500)
  timeline.take(stateWith(), 1_700)
  expect(timeline.entries).toHaveLength(2)
  expect(timeline.entries[1]!.changes.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['added', 'removed']))
})

it('gives each of two commands its own, though one look saw the end of both', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.ended('t', 'node1', { text: 'first' }, 1_000)
  timeline.take(stateWith('a'), 1_100)
  timeline.ended('t', 'node1', { text: 'second' }, 1_300)
  timeline.take(stateWith('a', 'b'), 1_400)
  expect(commands(timeline)).toEqual([undefined, 'first', 'second'])
  expect(said(timeline.entries[2]!)).not.toContain('`a`')
})

it('takes a command that was told after the look began rather than none', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.ended('t', 'node1', { text: 'ip link add' }, 1_030)
  timeline.take(stateWith('a'), 1_010)
  expect(commands(timeline)).toEqual([undefined, 'ip link add'])
})

it('takes it rather than one whose end was looked at already', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.ended('t', 'node1', { text: 'first' }, 1_000)
  timeline.take(stateWith('a'), 1_100)
  timeline.ended('t', 'node1', { text: 'second' }, 1_500)
  timeline.take(stateWith('a', 'b'), 1_400)
  expect(commands(timeline)).toEqual([undefined, 'first', 'second'])
})

it('chooses the command that began last, beside one that runs all the time', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('one', 'node1', 'docker exec -it web sh', 1_000)
  timeline.ended('two', 'laptop', { text: 'ip link add' }, 5_000)
  timeline.take(stateWith('a'), 5_200)
  timeline.take(stateWith('a', 'b'), 20_000)
  timeline.take(stateWith('a', 'b', 'c'), 21_000)
  // After a long pause there is another entry, of the same command.
  timeline.take(stateWith('a', 'b', 'c', 'd'), 90_000)
  expect(timeline.entries.map(({ command }) => command && [command.host, command.text, command.running])).toEqual([
    undefined,
    ['laptop', 'ip link add', false],
    ['node1', 'docker exec -it web sh', true],
    ['node1', 'docker exec -it web sh', true],
  ])
  timeline.closed('one', 91_000)
  expect(timeline.entries.some(({ command }) => command?.running)).toBe(false)
})

it('names no command where the shell told none, nor where the server did it', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', undefined, 1_000)
  timeline.take(stateWith('a'), 1_100)
  timeline.ended('t', 'node1', {}, 1_200)
  timeline.began('t', 'node1', 'sleep 100', 10_000)
  timeline.setOwn('resetting')
  timeline.take(stateWith(), 11_000)
  timeline.take(stateWith('b'), 16_000)
  timeline.setOwn(undefined)
  expect(commands(timeline)).toEqual([undefined, undefined, undefined])
  // From before the reset to after it, though in between there was nothing.
  expect(said(timeline.entries[2]!)).toContain('`br-b`')
})

it('tells a reset apart from what came by itself just before', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.take(stateWith('a'), 1_000)
  timeline.setOwn('resetting')
  timeline.take(stateWith(), 1_500)
  timeline.setOwn(undefined)
  timeline.take(stateWith('b'), 2_000)
  expect(timeline.entries).toHaveLength(3)
  expect(said(timeline.entries[1]!)).toContain('`a`')
  expect(said(timeline.entries[2]!)).toContain('br-b')
  expect(timeline.entries.map(({ by }) => by)).toEqual([undefined, undefined, 'resetting'])
})

it('says what was done for the learner, with what follows soon, and not that it came by itself', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.setOwn('doing')
  timeline.take(stateWith('a'), 1_000)
  timeline.setOwn(undefined)
  timeline.take(stateWith('a', 'b'), 2_000)
  timeline.take(stateWith('a'), 20_000)
  expect(timeline.entries.map(({ by, command }) => [by, command])).toEqual([
    [undefined, undefined],
    ['doing', undefined],
    [undefined, undefined],
  ])
})

it('knows a command that is told again as the same, and the one before it as ended', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', 'one', 1_000)
  timeline.take(stateWith('a'), 1_100)
  timeline.began('t', 'node1', 'one', 1_200)
  timeline.take(stateWith('a', 'b'), 1_300)
  timeline.began('t', 'node1', 'two', 1_400)
  timeline.take(stateWith('a', 'b', 'c'), 1_500)
  expect(timeline.entries.map(({ command }) => command && [command.text, command.running])).toEqual([
    undefined,
    ['one', false],
    ['two', true],
  ])
})

it('goes on after a restart: ids, and what changed meanwhile', () => {
  const { timeline: first } = bench()
  first.take(stateWith(), 0)
  first.ended('t', 'node1', { text: 'docker network create a' }, 1_000)
  first.take(stateWith('a'), 1_100)
  const { timeline } = bench({ entries: [...first.entries], state: first.state! })
  timeline.take(stateWith('a'), 60_000)
  timeline.take(stateWith('a', 'b'), 61_000)
  expect(timeline.entries.map(({ id }) => id)).toEqual([1, 2, 3])
  expect(said(timeline.entries[2]!)).not.toContain('`a`')
  timeline.forget()
  timeline.take(stateWith('a', 'b'), 62_000)
  expect(timeline.entries).toMatchObject([{ id: 4, changes: [] }])
})

it('keeps the newest entries alone', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  for (let n = 0; n < mostEntries + 20; n++) {
    timeline.ended('t', 'node1', { text: `command ${n}` }, 1_000 * n)
    timeline.take(n % 2 === 0 ? stateWith('a') : stateWith(), 1_000 * n + 100)
  }
  expect(timeline.entries).toHaveLength(mostEntries)
  expect(timeline.entries.at(-1)).toMatchObject({
    id: mostEntries + 21,
    command: { text: `command ${mostEntries + 19}` },
  })
})

/** As an Engine tells them (Docker Engine API, "Monitor events"). */
function run(timeline: Timeline, name: string, [start, end]: [number, number | undefined], exitCode = '0') {
  const actor = { ID: `id-${name}`, Attributes: { name, image: 'busybox' } }
  const network = { ID: 'n', Attributes: { name: 'bridge', container: actor.ID, type: 'bridge' } }
  timeline.engineEvent('node1', { Type: 'network', Action: 'connect', Actor: network }, start - 10)
  timeline.engineEvent('node1', { Type: 'container', Action: 'start', Actor: actor }, start)
  const dies = { ...actor, Attributes: { ...actor.Attributes, exitCode } }
  if (end !== undefined) timeline.engineEvent('node1', { Type: 'container', Action: 'die', Actor: dies }, end)
}

it('tells runs of containers that were over before the network was looked at, each with its own command', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  for (const [at, name] of ['one', 'two', 'three'].entries()) {
    const began = 1_000 * (at + 1)
    timeline.began('t', 'node1', `docker run --rm --name ${name} busybox true`, began)
    run(timeline, name, [began + 200, began + 300], `${at}`)
    timeline.ended('t', 'node1', { text: `docker run --rm --name ${name} busybox true` }, began + 400)
  }
  timeline.take(stateWith(), 4_500)
  expect(commands(timeline).slice(1)).toEqual(
    ['one', 'two', 'three'].map((name) => `docker run --rm --name ${name} busybox true`),
  )
  expect(timeline.entries.slice(1).map(said)).toEqual(
    ['one', 'two', 'three'].map(
      (name, at) =>
        `Container \`${name}\` (\`busybox\`) ran on \`node1\`, on \`bridge\`, and ended with exit code ${at}, before anybody could look: only its Engine tells of it`,
    ),
  )
  // Once.
  timeline.take(stateWith(), 5_000)
  expect(timeline.entries).toHaveLength(4)
})

it('counts the runs of one container, and waits for the end of one that goes on', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  run(timeline, 'again', [1_000, 1_100])
  run(timeline, 'again', [1_200, 1_300], '7')
  run(timeline, 'again', [1_400, undefined])
  timeline.take(stateWith(), 1_500)
  expect(timeline.entries.slice(1).map(said)).toEqual([
    'Container `again` (`busybox`) ran two times on `node1`, on `bridge`, and ended the last time with exit code 7, before anybody could look: only its Engine tells of it',
  ])
  expect(timeline.entries[1]!.changes[0]!.text.zh).toContain('运行了 2 次')
})

it('tells no run twice: neither one that a state showed, nor one that is told as an ended container', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  const builder = new StateBuilder()
  const host = builder.docker('node1', '192.168.1.11')
  const container = builder.container(host, 'web', { id: 'id-web' })
  run(timeline, 'web', [1_000, undefined])
  timeline.take(structuredClone(builder.state), 1_500)
  run(timeline, 'shown', [1_600, 1_650])
  Object.assign(container, { state: 'exited', exitCode: 3 })
  delete container.namespace
  host.namespaces.pop()
  const die = { ID: 'id-web', Attributes: { name: 'web', image: 'busybox', exitCode: '3' } }
  timeline.engineEvent('node1', { Type: 'container', Action: 'die', Actor: die }, 1_700)
  builder.container(host, 'shown', { id: 'id-shown' })
  const shown = builder.find(host, 'shown')
  Object.assign(shown, { state: 'exited', exitCode: 0 })
  delete shown.namespace
  host.namespaces.pop()
  timeline.take(structuredClone(builder.state), 2_000)
  const all = timeline.entries.map(said).join('\n')
  expect(all).toContain('Container `shown` (`busybox`) ran on `node1` and has ended with exit code 0')
  expect(all).not.toContain('before anybody could look')
})

it('tells no run twice where the look that shows it began before its start was heard of', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  const builder = new StateBuilder()
  const host = builder.docker('node1', '192.168.1.11')
  builder.container(host, 'web', { id: 'id-web' })
  run(timeline, 'web', [1_100, undefined])
  timeline.take(structuredClone(builder.state), 1_000)
  const die = { ID: 'id-web', Attributes: { name: 'web', image: 'busybox', exitCode: '0' } }
  timeline.engineEvent('node1', { Type: 'container', Action: 'die', Actor: die }, 1_300)
  timeline.take(stateWith(), 2_000)
  expect(timeline.entries.map(said).join('\n')).not.toContain('before anybody could look')
})

it('keeps the network of a command as it was, when the next one ends what it started', () => {
  const builder = new StateBuilder()
  const host = builder.docker('node1', '192.168.1.11')
  builder.container(host, 'web', { id: 'id-web' })
  const running = structuredClone(builder.state)
  const states = new Map<number, NetworkState>()
  const timeline = new Timeline({ onEntry: ({ id }, state) => void (state && states.set(id, state)) }, { entries: [] })
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', 'docker run -d --name web nginx', 1_000)
  run(timeline, 'web', [1_100, undefined])
  timeline.ended('t', 'node1', { text: 'docker run -d --name web nginx' }, 1_200)
  timeline.take(running, 1_300)
  const told = said(timeline.entries[1]!)
  expect(told).toContain('`web`')
  timeline.began('t', 'node1', 'docker rm -f web', 3_000)
  const die = { ID: 'id-web', Attributes: { name: 'web', image: 'nginx', exitCode: '137' } }
  timeline.engineEvent('node1', { Type: 'container', Action: 'die', Actor: die }, 3_100)
  timeline.ended('t', 'node1', { text: 'docker rm -f web' }, 3_150)
  timeline.take(stateWith(), 3_200)
  expect(commands(timeline)).toEqual([undefined, 'docker run -d --name web nginx', 'docker rm -f web'])
  expect(said(timeline.entries[1]!)).toBe(told)
  expect(states.get(2)).toBe(running)
})

it('does not take a comment for a command', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  timeline.began('t', 'node1', '# vethlab: docker network create a', 1_000)
  timeline.ended('t', 'node1', { text: '# vethlab: docker network create a', exitCode: 0 }, 1_010)
  timeline.take(stateWith('a'), 1_500)
  expect(commands(timeline)).toEqual([undefined, undefined])
})

it('is not led astray by what an Engine of a learner may say', () => {
  const { timeline } = bench()
  timeline.take(stateWith(), 0)
  for (const strange of [
    null,
    7,
    {},
    { Type: 'container', Action: 'start' },
    { Type: 'container', Actor: { ID: 3 } },
  ]) {
    timeline.engineEvent('node1', strange, 10)
  }
  for (let at = 0; at < 500; at++) run(timeline, `c${at}\u001b[31m\n`, [100 + at, 101 + at])
  timeline.take(stateWith(), 1_000)
  expect(timeline.entries[1]!.changes.length).toBeLessThanOrEqual(40)
  expect(said(timeline.entries[1]!)).not.toContain('\u001b')
})

/** Its Engine does not answer. */
function away(state: NetworkState): NetworkState {
  const copy = structuredClone(state)
  for (const host of copy.hosts) {
    delete host.engine
    host.engineFault = { kind: 'silent', detail: 'no answer' }
  }
  return copy
}

describe('an Engine that restarts', () => {
  it('is one entry of the command that it went away with, whatever is typed meanwhile', () => {
    const { timeline } = bench()
    timeline.take(stateWith('a'), 0)
    timeline.began('t', 'node1', 'systemctl restart docker', 1_000)
    timeline.take(away(stateWith('a')), 1_500)
    timeline.ended('t', 'node1', { text: 'systemctl restart docker' }, 2_000)
    timeline.began('t', 'node1', 'dokcer ps', 10_900)
    timeline.ended('t', 'node1', { text: 'dokcer ps' }, 10_950)
    timeline.take(stateWith('a'), 11_000)
    // And what it does then.
    timeline.take(stateWith('a', 'b'), 16_000)
    expect(commands(timeline)).toEqual([undefined, 'systemctl restart docker'])
    const words = said(timeline.entries[1]!)
    expect(words).toMatch(/did not answer for a while, and answers again/)
    expect(words).toContain('`b`')
    // Later on it is over.
    timeline.take(stateWith('a', 'b', 'c'), 30_000)
    expect(commands(timeline)).toEqual([undefined, 'systemctl restart docker', undefined])
  })

  it('is not the doing of a command that no program has, while it starts containers again', () => {
    const { timeline } = bench()
    timeline.take(stateWith('a'), 0)
    timeline.began('t', 'node1', 'systemctl restart docker', 1_000)
    timeline.take(away(stateWith('a')), 1_500)
    timeline.ended('t', 'node1', { text: 'systemctl restart docker', exitCode: 0 }, 2_000)
    timeline.take(stateWith('a'), 7_000)
    timeline.began('t', 'node1', 'dokcer ps', 8_000)
    timeline.ended('t', 'node1', { text: 'dokcer ps', exitCode: 127 }, 8_010)
    timeline.take(stateWith('a', 'b'), 9_000)
    expect(commands(timeline)).toEqual([undefined, 'systemctl restart docker'])
    timeline.began('t', 'node1', 'docker network create c', 9_500)
    timeline.ended('t', 'node1', { text: 'docker network create c', exitCode: 0 }, 9_800)
    timeline.take(stateWith('a', 'b', 'c'), 9_900)
    expect(commands(timeline).at(-1)).toBe('docker network create c')
  })

  it('leaves to another command what that one did, while the Engine was away', () => {
    const { timeline } = bench()
    timeline.take(stateWith('a'), 0)
    timeline.began('t', 'node1', 'systemctl restart docker', 1_000)
    timeline.take(away(stateWith('a')), 1_500)
    timeline.ended('t', 'node1', { text: 'systemctl restart docker' }, 2_000)
    timeline.began('t', 'node1', 'ip route del default', 6_000)
    const without = (state: NetworkState) => {
      for (const { namespaces } of state.hosts) namespaces[0]!.routes.length = 0
      return state
    }
    timeline.take(without(away(stateWith('a'))), 6_100)
    timeline.ended('t', 'node1', { text: 'ip route del default' }, 6_200)
    timeline.take(without(stateWith('a')), 8_000)
    expect(commands(timeline)).toEqual([undefined, 'systemctl restart docker', 'ip route del default'])
    expect(said(timeline.entries[1]!)).toMatch(/does not answer any more\n.*answers again/)
    expect(said(timeline.entries[2]!)).not.toMatch(/Engine/)
  })

  it('is still told once a short run of the same command is heard of, after the next one began', () => {
    const { timeline } = bench()
    timeline.take(stateWith('a'), 0)
    const first = 'systemctl restart docker && docker run --rm --name one busybox true'
    timeline.began('t', 'node1', first, 1_000)
    timeline.take(away(stateWith('a')), 1_500)
    timeline.take(stateWith('a', 'b'), 5_000)
    expect(said(timeline.entries[1]!)).toMatch(/did not answer for a while, and answers again/)
    run(timeline, 'one', [5_500, 5_600])
    timeline.ended('t', 'node1', { text: first }, 6_000)
    timeline.began('t', 'node1', 'docker network create c', 6_100)
    timeline.take(stateWith('a', 'b', 'c'), 7_000)
    expect(commands(timeline)).toEqual([undefined, first, 'docker network create c'])
    expect(said(timeline.entries[1]!)).toMatch(/did not answer for a while, and answers again.*`one`/s)
  })
})
