import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { sameMoment } from '../../server/network/moment.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import type { TopologyInput } from '../../server/racks/topology.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

/** Hosts that are held still while they are looked at. */

const two: TopologyInput = {
  hosts: { node1: 'docker', laptop: 'plain' },
  lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', laptop: '.50' } } },
}
const noPool = ['--pool-docker', '0', '--pool-plain', '0']
let rackd: RackdProcess
afterEach(async () => {
  for (const { id } of (await rackd.racks.list().catch(() => [])) ?? []) await rackd.racks.close(id)
  await rackd.end('SIGTERM')
})

const idOf = (rack: RackInfo, host = 'node1') => rack.hosts.find(({ name }) => name === host)!.id

async function sh(rack: RackInfo, text: string, host = 'node1'): Promise<string> {
  const { failed, stdout, stderr } = await rackd.racks.exec(rack.id, host, ['bash', '-c', text])
  if (failed) throw new Error(`${text}: ${stderr}`)
  return stdout
}

/** How a host is by the kernel, on either version of control groups. */
function isFrozen(host: string): boolean {
  try {
    return readFileSync(`/sys/fs/cgroup/freezer/${state.mark}/${host}/freezer.state`, 'utf8').startsWith('FROZEN')
  } catch {
    return /^frozen 1$/m.test(readFileSync(`/sys/fs/cgroup/${state.mark}/${host}/cgroup.events`, 'utf8'))
  }
}

/** Loops that go on by themselves, each in a place where a learner may put one; the names of what they write. */
async function ticking(rack: RackInfo): Promise<string[]> {
  const loop = (file: string) => `while :; do echo x >> /root/${file}; sleep 0.01; done`
  const group = '/sys/fs/cgroup/freezer/mine'
  await sh(
    rack,
    `setsid bash -c '${loop('shell')}' < /dev/null > /dev/null 2>&1 &
     setsid bash -c '[ -d ${group} ] || mkdir ${group} && echo $$ > ${group}/tasks; ${loop('group')}' < /dev/null > /dev/null 2>&1 &
     setsid bash -c 'kill -STOP $$; true' < /dev/null > /dev/null 2>&1 &
     docker run -d --name loop -v /root:/root nginx sh -c '${loop('container')}'`,
  )
  return ['shell', 'group', 'container']
}

async function sizes(rack: RackInfo, files: readonly string[]): Promise<number[]> {
  return (await sh(rack, `stat -c %s ${files.map((file) => `/root/${file}`).join(' ')}`)).trim().split('\n').map(Number)
}

describe('A still picture', () => {
  it('is taken while nothing runs in a host, wherever it has put itself, and all goes on behind it', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(two)
    const files = await ticking(rack)
    const { init } = JSON.parse(readFileSync(`${state.hosts}/${idOf(rack)}/host.json`, 'utf8'))
    const root = `/proc/${init.pid}/root`
    const lengths = () => files.map((file) => readFileSync(`${root}/root/${file}`).length)
    await expect.poll(() => lengths().every((length) => length > 10), { timeout: 20_000 }).toBe(true)
    const cgroups = await Cgroups.open(state.mark)
    await cgroups.whileFrozen([idOf(rack)], async () => {
      expect(isFrozen(idOf(rack))).toBe(true)
      const before = lengths()
      await sleep(500)
      expect(lengths()).toEqual(before)
      expect(isFrozen(idOf(rack, 'laptop'))).toBe(false)
    })
    // Where one can't be frozen nothing is done, and the others are let go of.
    const half = cgroups.whileFrozen([idOf(rack), 'h0000000000'], async () => expect.fail('was done'))
    await expect(half).rejects.toMatchObject({ code: 'rack.not-still' })
    expect(isFrozen(idOf(rack))).toBe(false)
    const after = await sizes(rack, files)
    await sleep(300)
    expect((await sizes(rack, files)).every((size, at) => size > after[at]!)).toBe(true)

    const still = await rackd.racks.captureStill(rack.id)
    expect(still.hosts.map(({ host }) => host)).toEqual(['node1', 'laptop'])
    expect(Object.keys(still.engines)).toEqual(['node1'])
    const looks = [{ isStill: true }, {}].map((options) => new RackGround(rackd.racks, rack.id, options).capture())
    const [one, other] = await Promise.all(looks)
    expect(sameMoment(one!, other!)).toBe(true)
    expect(one!.hosts[0]!.engine?.containers.map(({ name }) => name)).toEqual(['loop'])
    expect(isFrozen(idOf(rack))).toBe(false)
  })

  it('can be judged, however fast something flips, and comes back each time', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(two)
    const there = (state: Awaited<ReturnType<RackGround['capture']>>) =>
      state.hosts.flatMap(({ name, namespaces }) =>
        namespaces[0]!.links.some(({ addresses }) => addresses.some(({ address }) => address.startsWith('10.9.9.9')))
          ? [name]
          : [],
      )
    await sh(
      rack,
      `setsid bash -c 'while :; do ip addr add 10.9.9.9/32 dev lo; ip addr del 10.9.9.9/32 dev lo; done' < /dev/null > /dev/null 2>&1 &`,
    )
    const ground = new RackGround(rackd.racks, rack.id, { isStill: true })
    const seen = new Set<string>()
    for (let n = 0; n < 12; n++) seen.add(there(await ground.capture()).join())
    // It flips all the while; each picture has it or has it not, and is one that can be judged.
    expect([...seen].every((one) => one === '' || one === 'node1')).toBe(true)
    expect((await sh(rack, 'echo on')).trim()).toBe('on')
  })

  it('lets hosts go on when whoever captured them was killed', async () => {
    rackd = await RackdProcess.start(state, ...noPool)
    const rack = await rackd.racks.open(two)
    let wasFrozen = false
    for (let tries = 0; tries < 50 && !wasFrozen; tries++) {
      const asked = rackd.racks.captureStill(rack.id).then(
        () => 'answered',
        () => 'killed',
      )
      let done = false
      void asked.then(() => {
        done = true
      })
      while (!done && !isFrozen(idOf(rack))) await sleep(0)
      if (done) continue
      process.kill(rackd.child.pid!, 'SIGKILL')
      await asked
      wasFrozen = isFrozen(idOf(rack))
      rackd = await RackdProcess.start(state, ...noPool)
    }
    expect(wasFrozen).toBe(true)
    expect([isFrozen(idOf(rack)), isFrozen(idOf(rack, 'laptop'))]).toEqual([false, false])
    expect((await sh(rack, 'docker ps -q; echo on')).trim()).toBe('on')
  })
})
