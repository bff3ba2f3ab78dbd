import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCheck, runCheck } from '../../server/check/checks.js'
import { evaluate } from '../../server/check/evaluate.js'
import type { Finding } from '../../server/check/verdict.js'
import type { NetworkState } from '../../server/network/state.js'
import type { Probe } from '../../server/place/ground.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { engineVersion } from '../docs/hosts-page.js'
import { testState } from './state.js'

/** Checks on real Engines and a real kernel: what passes, what fails and why, and that a no is proved. */

let racks: LocalRacks
let rack: RackInfo
let probe: RackGround
let state: NetworkState

async function sh(host: string, script: string): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

function read(value: unknown) {
  const parsed = parseCheck(value, [])
  if ('check' in parsed) return parsed.check
  throw new Error(JSON.stringify(parsed.issues))
}

async function look(value: unknown): Promise<Finding> {
  return runCheck(read(value), {
    state,
    probe,
    home: 'node1',
    answers: {},
    labDirectory: '/nonexistent',
    signal: AbortSignal.timeout(30_000),
  })
}

/** @param wanted `pass`, or the reason, with `error ` before that of an error */
async function expectOutcome(check: unknown, wanted: string): Promise<void> {
  const finding = await look(check)
  const is = finding.outcome === 'pass' ? 'pass' : `${finding.outcome === 'error' ? 'error ' : ''}${finding.reason}`
  expect(is, JSON.stringify(finding)).toBe(wanted)
}

async function becomes(check: unknown, within = 30): Promise<void> {
  const [verdict] = await evaluate([{ ...read(check), within }], probe, {
    home: 'node1',
    labDirectory: '/nonexistent',
  })
  expect(verdict!.finding, JSON.stringify(verdict)).toMatchObject({ outcome: 'pass' })
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
  })
  probe = new RackGround(racks, rack.id)
  await sh(
    'node1',
    `docker network create --subnet 172.20.0.0/16 my_net
     docker network create --internal inner
     docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 lan_net
     docker run -d --name web --network my_net --network-alias www -p 8080:80 -p 127.0.0.1:8081:80 nginx
     docker run -d --name api --network my_net busybox sleep infinity
     docker run -d --name db redis
     docker run -d --name client busybox sleep infinity
     docker run -d --name shut --network inner busybox sleep infinity
     docker run -d --name mac --network lan_net --ip 192.168.1.70 nginx
     docker run -d --name local --network my_net redis redis-server --bind 127.0.0.1
     docker run --name old busybox true`,
  )
  await becomes({ reach: { from: 'api', to: 'web', port: 80 } })
  await becomes({ reach: { from: 'client', to: 'db', port: 6379 } })
  await becomes({ reach: { from: 'local', to: '127.0.0.1', port: 6379 } })
  state = await probe.capture()
})
afterAll(async () => {
  await racks?.closeAll()
})

describe('a state of real hosts', () => {
  it('has no gaps, and no quarrel between Engine and kernel', () => {
    expect(state.hosts.flatMap(({ namespaces }) => namespaces.flatMap(({ faults }) => faults))).toEqual([])
    expect(state.hosts.flatMap(({ disagreements }) => disagreements)).toEqual([])
  })

  it.each([
    [{ network: { name: 'my_net', driver: 'bridge', subnet: '172.20.0.0/16', gateway: '172.20.0.1' } }, 'pass'],
    [{ network: { name: 'inner', internal: 'yes', containers: ['shut'], without: ['web'] } }, 'pass'],
    [{ container: { name: 'web', image: 'nginx', mode: 'my_net', networks: ['my_net'], only: 'yes' } }, 'pass'],
    [{ container: { name: 'web', aliases: { my_net: ['www'] }, unprivileged: true, restart: 'no' } }, 'pass'],
    [{ container: { name: 'db', mode: 'bridge' } }, 'pass'],
    [{ container: { name: 'old' } }, 'container.state'],
    [{ interfaces: { of: 'web', only: ['eth0'] } }, 'pass'],
    [{ address: { of: 'web', link: 'eth0', in: '172.20.0.0/16' } }, 'pass'],
    [{ route: { of: 'web', to: 'default', via: '172.20.0.1', device: 'eth0' } }, 'pass'],
    [{ route: { of: 'node1', to: '172.20.0.0/16', device: 'my_net' } }, 'pass'],
    [{ route: { of: 'shut', to: 'default', expect: 'no' } }, 'pass'],
    [{ link: { of: 'web', name: 'eth0', kind: 'veth', peer: 'node1', up: 'yes', mtu: 1500 } }, 'pass'],
    [{ link: { of: 'node1', kind: 'veth', peer: 'web', master: 'my_net' } }, 'pass'],
    [{ rule: { table: 'nat', chain: 'POSTROUTING', source: 'my_net', out: '!my_net', target: 'MASQUERADE' } }, 'pass'],
    [{ swarm: { state: 'inactive' } }, 'pass'],
  ])('%j: %s', async (check, reason) => {
    await expectOutcome(check, reason)
  })
})

describe('a verdict is of one moment', () => {
  it('a wall that falls while somebody knocks at it is not there any more', async () => {
    await sh('node1', 'iptables -I DOCKER-USER -i eth0 -j DROP')
    let knocked = false
    // The question goes out while the wall stands, and its second packet when it has fallen.
    const falling: Probe = {
      capture: () => probe.capture(),
      runScript: (directory, file, options) => probe.runScript(directory, file, options),
      runCommand: (host, text, signal) => probe.runCommand(host, text, signal),
      async ask(host, question) {
        const asked = probe.ask(host, question)
        if (!knocked) {
          knocked = true
          await sleep(500)
          await sh('node1', 'iptables -D DOCKER-USER -i eth0 -j DROP')
        }
        return asked
      },
    }
    const checks = [
      read({ rule: { chain: 'DOCKER-USER', target: 'DROP', in: 'eth0' }, within: 1 }),
      read({ reach: { from: 'laptop', to: 'node1', port: 8080 }, within: 1 }),
    ]
    const verdicts = await evaluate(checks, falling, { home: 'node1', labDirectory: '/nonexistent' })
    expect(knocked).toBe(true)
    expect(verdicts).toMatchObject([{ finding: { reason: 'rule.missing' } }, { finding: { outcome: 'pass' } }])
  })
})

describe('the firewall is judged by what it does', () => {
  it.each([
    ['as iptables', 'iptables -I INPUT -p udp --dport 4789 ! -s 192.168.1.12 -j DROP', 'iptables -D INPUT 1'],
    [
      'as a chain of its own',
      'iptables -N VXLAN; iptables -A VXLAN -s 192.168.1.12 -j RETURN; iptables -A VXLAN -j DROP; iptables -I INPUT -p udp --dport 4789 -j VXLAN',
      'iptables -D INPUT 1; iptables -F VXLAN; iptables -X VXLAN',
    ],
    [
      'as nft',
      "nft add table inet guard; nft add chain inet guard in '{ type filter hook input priority 0; }'; nft add rule inet guard in udp dport 4789 ip saddr != 192.168.1.12 drop",
      'nft delete table inet guard',
    ],
  ])('%s', async (_, rules, undone) => {
    await sh('node1', rules)
    state = await probe.capture()
    await expectOutcome({ firewall: { from: '192.168.1.12', protocol: 'udp', port: 4789 } }, 'pass')
    await expectOutcome({ firewall: { from: 'laptop', protocol: 'udp', port: 4789, expect: 'no' } }, 'pass')
    await sh('node1', undone)
    state = await probe.capture()
    await expectOutcome(
      { firewall: { from: 'laptop', protocol: 'udp', port: 4789, expect: 'no' } },
      'firewall.accepted',
    )
  })
})

describe('an image is known by its id', () => {
  it('whatever it is called on the host', async () => {
    await sh(
      'node1',
      'docker tag busybox shop; docker tag busybox redis:7; docker run -d --name shop shop sleep infinity; docker run -d --name fake redis:7 sleep infinity',
    )
    await sh(
      'node1',
      'docker rmi -f mariadb; docker tag busybox mariadb; docker run -d --name maria mariadb sleep infinity',
    )
    state = await probe.capture()
    await expectOutcome({ container: { name: 'shop', image: 'busybox' } }, 'pass')
    await expectOutcome({ container: { name: 'fake', image: 'redis:7' } }, 'container.image')
    await expectOutcome({ container: { name: 'maria', image: 'mariadb' } }, 'container.image')
    await expectOutcome({ container: { name: 'maria', image: 'busybox' } }, 'pass')
    await sh('node1', 'docker rm -f shop fake maria')
    state = await probe.capture()
  })
})

describe('port and macvlan', () => {
  it.each([
    [{ port: { container: 'web', port: 80, published: 8080, address: '0.0.0.0' } }, 'pass'],
    [{ port: { container: 'web', port: 80, published: 8081, address: '127.0.0.1' } }, 'pass'],
    [{ port: { container: 'db', port: 6379, expect: 'no' } }, 'pass'],
    [{ port: { container: 'db', port: 6379 } }, 'port.missing'],
    [{ port: { container: 'web', port: 80, published: 9999 } }, 'port.published'],
    [{ macvlan: { container: 'mac', parent: 'eth0' } }, 'pass'],
    [{ macvlan: { container: 'web' } }, 'macvlan.kind'],
    [{ macvlan: { container: 'mac', parent: 'eth1' } }, 'macvlan.parent'],
  ])('%j: %s', async (check, reason) => {
    await expectOutcome(check, reason)
  })
})

it('the Engine is that of which docs/hosts.md tells', () => {
  expect(state.hosts.find(({ name }) => name === 'node1')?.engine?.version).toContain(engineVersion)
})

describe('reach', () => {
  it.each([
    [{ from: 'api', to: 'web' }, 'pass'],
    [{ from: 'api', to: 'web', by: 'name', with: 'http', status: 200, body: 'nginx' }, 'pass'],
    [{ from: 'api', to: 'www', by: 'name', port: 80 }, 'pass'],
    [{ from: 'laptop', to: 'node1', port: 8080, with: 'http' }, 'pass'],
    [{ from: 'laptop', to: 'mac', port: 80 }, 'pass'],
    [{ from: 'laptop', to: 'node2', by: 'name' }, 'pass'],
    [{ from: 'client', to: 'laptop' }, 'pass'],
    [{ from: 'api', to: 'web', with: 'http', body: 'no such text' }, 'reach.body'],
    [{ from: 'api', to: 'web', with: 'http', path: '/nothing', status: 200 }, 'reach.status'],
    [{ from: 'api', to: 'web', port: 81 }, 'reach.refused'],
    [{ from: 'api', to: 'local', port: 6379 }, 'reach.refused'],
    [{ from: 'client', to: 'db', port: 6379, by: 'name' }, 'reach.default-bridge'],
    [{ from: 'client', to: 'web', port: 80 }, 'reach.no-common-network'],
    [{ from: 'client', to: 'web', port: 80, by: 'name' }, 'reach.no-common-network'],
    [{ from: 'api', to: 'nobody', by: 'name', port: 80 }, 'reach.unresolved'],
    [{ from: 'shut', to: 'laptop' }, 'reach.unroutable'],
    [{ from: 'api', to: 'old' }, 'reach.no-target'],
    [{ from: 'old', to: 'api' }, 'reach.no-from'],
  ])('%j: %s', async (spec, reason) => {
    await expectOutcome({ reach: spec }, reason)
  })

  it.each([
    [{ from: 'client', to: 'web', port: 80 }, 'pass'],
    [{ from: 'client', to: 'web', port: 80, control: { from: 'api' } }, 'pass'],
    [{ from: 'client', to: 'web' }, 'pass'],
    [{ from: 'api', to: 'local', port: 6379 }, 'pass'],
    [{ from: 'laptop', to: 'node1', port: 8081 }, 'pass'],
    [{ from: 'client', to: 'db', port: 6379, by: 'name' }, 'pass'],
    [{ from: 'api', to: 'web', port: 80 }, 'reach.reached'],
    [{ from: 'client', to: 'web', port: 81 }, 'reach.control'],
    [{ from: 'client', to: 'web', port: 80, control: { from: 'shut' } }, 'reach.control'],
    [{ from: 'api', to: 'nobody', by: 'name', port: 80 }, 'reach.control'],
    [{ from: 'client', to: '203.0.113.9', port: 80 }, 'error reach.no-control'],
  ])('not %j: %s', async (spec, reason) => {
    const check = { reach: { ...spec, expect: 'no' } }
    await expectOutcome(check, reason)
  })

  it('sees what was opened besides, also where nobody stands to ask, and what was stopped', async () => {
    const served = { from: 'api', to: 'web', port: 80 }
    const way = (verb: string, from: string, to: string) => `iptables ${verb} DOCKER-USER -s ${from} -d ${to} -j ACCEPT`
    const opened = async (verb: string, from: string) => {
      await sh('node1', `${way(verb, from, '172.20.0.0/16')}; ${way(verb, '172.20.0.0/16', from)}`)
      state = await probe.capture()
    }
    // This Engine (26) lets neighbours on the LAN in to a published port's container, as the lab of published ports shows.
    const known = { ...served, only: ['node1', 'local', 'lan'] }
    await expectOutcome({ reach: known }, 'pass')
    expect(await look({ reach: { ...served, only: ['node1', 'local'] } })).toMatchObject({
      reason: 'reach.others',
      observed: { en: expect.stringContaining('`lan`') },
    })
    expect(await look({ reach: { ...served, only: ['local', 'lan'] } })).toMatchObject({
      reason: 'reach.others',
      observed: { en: expect.stringMatching(/^`node1` reaches it as well/) },
    })
    await opened('-I', '172.17.0.0/16')
    expect(await look({ reach: known })).toMatchObject({
      reason: 'reach.others',
      observed: { en: expect.stringMatching(/^`node1\/(client|db)` reaches it as well/) },
    })
    await opened('-D', '172.17.0.0/16')
    await sh('node1', 'docker network create --subnet 172.29.0.0/16 empty')
    await opened('-I', '172.29.0.0/16')
    expect(await look({ reach: known })).toMatchObject({
      reason: 'reach.others',
      observed: { en: expect.stringContaining('the network `empty`') },
    })
    await opened('-D', '172.29.0.0/16')
    await expectOutcome({ reach: known }, 'pass')
    await expectOutcome({ reach: { ...served, still: [{ from: 'client', to: 'db', port: 6379 }] } }, 'pass')
    await expectOutcome({ reach: { ...served, still: ['client'] } }, 'reach.still')
    await sh('node1', 'docker network rm empty')
    state = await probe.capture()
  })

  it('tells which rule is in the way', async () => {
    await sh('node1', 'iptables -I DOCKER-USER -s 192.168.1.50 -j DROP')
    state = await probe.capture()
    const finding = await look({ reach: { from: 'laptop', to: 'node1', port: 8080 } })
    expect(finding).toMatchObject({ outcome: 'fail', reason: 'reach.silent' })
    expect(JSON.stringify(finding)).toContain('DOCKER-USER')
    await expectOutcome({ rule: { chain: 'DOCKER-USER', source: '192.168.1.50', target: 'DROP' } }, 'pass')
    await sh(
      'node1',
      'iptables -D DOCKER-USER -s 192.168.1.50 -j DROP; iptables -A DOCKER-USER -s 192.168.1.50 -j DROP',
    )
    state = await probe.capture()
    await expectOutcome({ rule: { chain: 'DOCKER-USER', source: '192.168.1.50', target: 'DROP' } }, 'rule.shadowed')
    await expectOutcome({ reach: { from: 'laptop', to: 'node1', port: 8080 } }, 'pass')
  })

  const ask = { en: 'Who reaches whom?', zh: '谁能访问谁？' }
  const prediction = {
    id: 'q',
    ask,
    from: ['api', 'client', 'shut', 'laptop', 'node1'],
    to: [
      { to: 'web', port: 80 },
      { to: 'db', port: 6379 },
      { to: 'local', port: 6379 },
      { to: 'mac' },
      { to: 'node1', port: 8080, network: 'lan' },
    ],
  }
  const foreseen = `api: yes no no no yes; client: no yes no no yes; shut: no no no no no
                    laptop: no no no yes yes; node1: yes yes no no -`
  const measured = async (q: string): Promise<Finding> => {
    const [verdict] = await evaluate([{ ...read({ prediction }), within: 1 }], probe, {
      home: 'node1',
      answers: { q },
      labDirectory: '/nonexistent',
    })
    return verdict!.finding
  }

  it('measures who reaches whom as a table, and tells of each cell that differs why, by its cause', async () => {
    expect(await measured(foreseen)).toMatchObject({ outcome: 'pass' })
    const wrong = `api: no yes yes no yes; client: no yes no no no; shut: yes no no no no
                   laptop: no no no yes yes; node1: yes yes no yes -`
    const finding = await measured(wrong)
    expect(finding).toMatchObject({ reason: 'prediction.differs', observed: { en: '18 of 24 cells are as predicted' } })
    const cells = finding.outcome === 'fail' ? finding.cells! : []
    expect(cells.map(({ row, column, measured: is, why }) => [row, column, is, why?.en])).toEqual([
      [0, 0, true, expect.stringContaining('`api` and `web` are both on the network `my_net`')],
      [0, 1, false, expect.stringContaining('`api` is on `my_net` and `db` on `bridge`')],
      [0, 2, false, expect.stringContaining('in `local`, port 6379 is open only on `127.0.0.1`')],
      [1, 4, true, expect.stringContaining('`node1` publishes its port 8080 for `node1/web`')],
      [2, 0, false, expect.stringContaining('`inner`')],
      [4, 3, false, expect.stringContaining('macvlan')],
    ])
    expect(await measured(foreseen.replace('api: yes', 'api: ?'))).toMatchObject({ reason: 'prediction.incomplete' })
  })

  it('does not take a probe that could not be made for a no', async () => {
    const gone = structuredClone(state)
    const client = gone.hosts[0]!.engine!.containers.find(({ name }) => name === 'client')!
    const namespace = gone.hosts[0]!.namespaces.find(({ id }) => id === client.namespace)!
    client.namespace = namespace.id = '1'
    const spec = { from: 'client', to: 'web', port: 80, expect: 'no' }
    const kept = state
    state = gone
    await expectOutcome({ reach: spec }, 'error probe.failed')
    state = kept
  })
})

describe('resolve', () => {
  it.each([
    [{ from: 'api', name: 'web', to: 'web' }, 'pass'],
    [{ from: 'api', name: 'www', to: 'web' }, 'pass'],
    [{ from: 'laptop', name: 'node1', to: 'node1' }, 'pass'],
    [{ from: 'client', name: 'db', expect: 'no' }, 'pass'],
    [{ from: 'client', name: 'db', to: 'db' }, 'resolve.default-bridge'],
    [{ from: 'api', name: 'db', to: 'db' }, 'resolve.no-common-network'],
    [{ from: 'api', name: 'nobody' }, 'resolve.unresolved'],
    [{ from: 'api', name: 'web', to: 'local' }, 'resolve.elsewhere'],
    [{ from: 'api', name: 'web', expect: 'no' }, 'resolve.resolved'],
    [{ from: 'old', name: 'web' }, 'resolve.no-from'],
  ])('%j: %s', async (spec, reason) => {
    await expectOutcome({ resolve: spec }, reason)
  })
})

describe('an overlay', () => {
  it('has tunnels that know each other', async () => {
    await sh('node1', 'docker swarm init --advertise-addr 192.168.1.11')
    const token = (await sh('node1', 'docker swarm join-token -q worker')).trim()
    await sh('node2', `docker swarm join --token ${token} 192.168.1.11:2377`)
    await becomes({ node: { name: 'node2', role: 'worker' } })
    await sh('node1', 'docker network create -d overlay --attachable --subnet 10.10.0.0/24 app_net')
    await sh('node1', 'docker run -d --name app1 --network app_net nginx')
    state = await probe.capture()
    await expectOutcome({ vxlan: { network: 'app_net', hosts: ['node1'] } }, 'pass')
    await expectOutcome({ vxlan: { network: 'app_net' } }, 'vxlan.missing')
    await expectOutcome({ vxlan: { network: 'my_net' } }, 'vxlan.no-network')
    await sh('node2', 'docker run -d --name app2 --network app_net busybox sleep infinity')
    await becomes({ vxlan: { network: 'app_net', hosts: ['node1', 'node2'], peers: 'yes' } })
    await becomes({ resolve: { from: 'node2/app2', name: 'app1', to: 'node1/app1' } })
    await becomes({ reach: { from: 'node2/app2', to: 'node1/app1', by: 'name', port: 80 } })
    state = await probe.capture()
    await expectOutcome({ swarm: { host: 'node2', role: 'worker', nodes: 2 } }, 'pass')
    await expectOutcome({ vxlan: { network: 'app_net', id: 9 } }, 'vxlan.id')
    const wall = { reach: { from: 'client', to: 'node2/app2', expect: 'no' } }
    await expectOutcome(wall, 'pass')
  })
})

describe('an Engine that cannot be trusted', () => {
  it('makes an error, not a fail', async () => {
    await sh('node2', 'pkill -STOP dockerd || kill -STOP $(pidof dockerd)')
    const [verdict] = await evaluate([read({ network: { name: 'app_net', host: 'node2', expect: 'no' } })], probe, {
      home: 'node1',
      labDirectory: '/nonexistent',
      once: true,
    })
    expect(verdict!.finding).toMatchObject({ outcome: 'error', reason: 'engine.unverified' })
  })
})
