import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { networkNamespaces } from './footprint.js'
import { testState } from './state.js'

/** Whether every kind of change in a host's network is told, and nothing else. */

let racks: LocalRacks
let rack: RackInfo
let watch: Watch

async function sh(script: string, host = 'node1'): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

interface Watch {
  calls: number
  ended: Promise<void>
  stop(): Promise<void>
  /** Waits until nothing was told for a while. */
  quiet(): Promise<number>
}

async function startWatch(host = 'node1'): Promise<Watch> {
  const abort = new AbortController()
  const watch: Watch = {
    calls: 0,
    ended: racks.watchNetwork(rack.id, host, () => watch.calls++, abort.signal),
    async stop() {
      abort.abort()
      await watch.ended
    },
    async quiet() {
      for (let before = -1; before !== watch.calls; ) {
        before = watch.calls
        await sleep(300)
      }
      return watch.calls
    },
  }
  watch.ended.catch(() => {})
  const deadline = Date.now() + 10_000
  while (watch.calls === 0 && Date.now() < deadline) await sleep(10)
  return watch
}

/** Listening processes of this process, with the time each has spent on processors, in hundredths of a second. */
function listeners(): { pid: number; ticks: number }[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      if (stat[1] !== `${process.pid}` || !command.includes('watch-namespaces.pl')) return []
      return [{ pid: Number(pid), ticks: Number(stat[11]) + Number(stat[12]) }]
    } catch {
      return []
    }
  })
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', laptop: '.50' } } },
  })
  await sh('docker run -d --name old --cap-add NET_ADMIN busybox sleep 9999')
  await sh('ip neigh add 192.168.1.98 lladdr 02:00:00:00:00:98 dev eth0')
  watch = await startWatch()
})
afterAll(async () => {
  await watch?.stop()
  await racks?.closeAll()
})

describe('a change is told', () => {
  const changes: [what: string, script: string][] = [
    ['a link that is made', 'ip link add one type veth peer name two'],
    ['a link that goes up', 'ip link set one up'],
    ['a link that is renamed', 'ip link set two name three'],
    ['an MTU', 'ip link set one mtu 1400'],
    ['an address', 'ip address add 10.9.0.1/24 dev one'],
    ['an address that goes', 'ip address del 10.9.0.1/24 dev one'],
    ['an address of IPv6', 'ip address add fd00:9::1/64 dev eth0 nodad'],
    ['a route', 'ip route add 10.99.0.0/24 via 192.168.1.50'],
    ['a route of IPv6', 'ip -6 route add fd00:99::/64 via fd00:1::50'],
    ['a routing rule', 'ip rule add from 10.99.0.0/24 table 100'],
    ['a rule of iptables', 'iptables -A FORWARD -s 10.99.0.1 -j DROP'],
    ['a rule of iptables that goes', 'iptables -D FORWARD -s 10.99.0.1 -j DROP'],
    ['a policy', 'iptables -P INPUT ACCEPT; iptables -P OUTPUT DROP; iptables -P OUTPUT ACCEPT'],
    ['a table of nftables', 'nft add table inet mine'],
    ['a rule of nftables', 'nft "add chain inet mine in; add rule inet mine in tcp dport 99 drop"'],
    ['a permanent neighbour', 'ip neigh add 192.168.1.99 lladdr 02:00:00:00:00:99 dev eth0'],
    ['a permanent neighbour that goes', 'ip neigh del 192.168.1.99 dev eth0'],
    ['a permanent neighbour of before that goes', 'ip neigh del 192.168.1.98 dev eth0'],
    [
      'a static forwarding entry',
      'bridge fdb add 02:00:00:00:00:77 dev $(ip -o link show master docker0 | cut -d: -f2 | cut -d@ -f1 | head -1) master static',
    ],
    ['forwarding that is off', 'sysctl -w net.ipv4.ip_forward=0'],
    ['forwarding that is on again', 'sysctl -w net.ipv4.ip_forward=1'],
    ['forwarding of IPv6', 'sysctl -w net.ipv6.conf.all.forwarding=1'],
    ['a link that goes', 'ip link del one'],
    ['a container that starts', 'docker run -d --name new --cap-add NET_ADMIN busybox sleep 9999'],
    ['a change in a container of before', 'docker exec old ip route add 10.98.0.0/24 via 172.17.0.1'],
    ['a change in a container that started since', 'docker exec new ip route add 10.98.0.0/24 via 172.17.0.1'],
    ['a container that stops', 'docker rm -f new'],
    [
      'a container without a network',
      'docker run -d --name none --network none --cap-add NET_ADMIN busybox sleep 9999',
    ],
    ['a change in it', 'docker exec none ip address add 10.1.1.1/32 dev lo'],
    ['a namespace that goes', 'docker rm -f none'],
    ['a network', 'docker network create mine'],
  ]
  for (const [what, script] of changes) {
    it(what, async () => {
      const before = await watch.quiet()
      await sh(script)
      await expect.poll(() => watch.calls, { timeout: 5000, interval: 20 }).toBeGreaterThan(before)
    })
  }

  it('a cable that is pulled', async () => {
    const before = await watch.quiet()
    await racks.setLink(rack.id, 'lan', 'node1', 'cut')
    await expect.poll(() => watch.calls, { timeout: 5000 }).toBeGreaterThan(before)
    const cut = await watch.quiet()
    await racks.setLink(rack.id, 'lan', 'node1', 'mended')
    await expect.poll(() => watch.calls, { timeout: 5000 }).toBeGreaterThan(cut)
  })
})

it('traffic, and what is learnt from it, tells nothing', async () => {
  await sh(
    'docker run -d --name web -p 8080:80 nginx; ip route show default | grep . || ip route add default via 192.168.1.1',
  )
  // Until IPv6 has made sure that its addresses are unique, and the bridge's timer of 15 s for a new port has run out, of which
  // the kernel tells though nothing changes (br_forward_delay_timer_expired()).
  await sh('ip neigh flush all; sleep 18')
  const before = await watch.quiet()
  await sh('curl -sf http://192.168.1.11:8080 >/dev/null; ping -c 2 192.168.1.11', 'laptop')
  await sh('docker exec old wget -qO- http://$(docker inspect -f "{{.NetworkSettings.IPAddress}}" web) >/dev/null')
  await sh('ping -c 1 -W 1 192.168.1.77 || true; ip neigh show dev eth0')
  expect(await watch.quiet()).toBe(before)
})

it('a namespace goes with its links though it is watched', async () => {
  await sh('ip netns add gone; ip link add left type veth peer name right netns gone')
  // Long enough for a look for new namespaces.
  await sleep(2500)
  await sh('ip netns del gone')
  await expect.poll(() => sh('ip -o link show left 2>/dev/null || true'), { timeout: 5000 }).toBe('')
})

it('costs nothing while nothing changes, and little in a flood', async () => {
  await watch.quiet()
  const ticks = () => listeners().reduce((sum, { ticks }) => sum + ticks, 0)
  const ours = process.cpuUsage()
  const before = ticks()
  await sleep(5000)
  expect(ticks() - before).toBe(0)
  const { user, system } = process.cpuUsage(ours)
  console.log(`watching costs this process ${((user + system) / 50_000).toFixed(2)}% of a processor while idle`)
  const calls = watch.calls
  const flooded = ticks()
  await sh(
    'timeout 4 sh -c "while :; do echo address add 10.8.0.1/32 dev lo; echo address del 10.8.0.1/32 dev lo; done | ip -batch -" || true',
  )
  console.log(`a flood of 4 s: ${watch.calls - calls} calls, ${(ticks() - flooded) / 4}% of a processor`)
  expect(watch.calls - calls).toBeLessThanOrEqual(20 * 8)
  expect(watch.calls - calls).toBeGreaterThan(0)
})

it('leaves nothing when it ends, and ends with the host', async () => {
  const descriptors = () => readdirSync('/proc/self/fd').length
  const alone = { processes: listeners().length, descriptors: descriptors() }
  const other = await startWatch()
  expect(listeners()).toHaveLength(alone.processes + 1)
  const newest = Math.max(...listeners().map(({ pid }) => pid))
  const listening = readlinkSync(`/proc/${newest}/ns/net`).replace(/\D/g, '')
  expect(networkNamespaces()).toContain(listening)
  await other.stop()
  expect(listeners()).toHaveLength(alone.processes)
  await expect.poll(descriptors).toBeLessThanOrEqual(alone.descriptors)
  await expect.poll(networkNamespaces, { timeout: 5000 }).not.toContain(listening)

  await expect(racks.watchNetwork(rack.id, 'nobody', () => {}, AbortSignal.abort())).rejects.toMatchObject({
    code: 'host.not-found',
  })
  const laptop = await startWatch('laptop')
  await racks.reset(rack.id, 'laptop')
  await expect(laptop.ended).rejects.toMatchObject({ code: 'host.unreachable' })
  expect(listeners()).toHaveLength(alone.processes)
})

it('says so when its process is killed', async () => {
  const other = await startWatch()
  const newest = Math.max(...listeners().map(({ pid }) => pid))
  execFileSync('kill', ['-KILL', `${newest}`])
  await expect(other.ended).rejects.toMatchObject({ code: 'command.failed' })
})
