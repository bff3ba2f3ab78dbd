import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../server/rack/command.js'
import { eye } from '../../server/rack/eyes.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** Real Engines, real kernel: what a learner would type, and what an outsider sees of it. */

let racks: LocalRacks
let rack: RackInfo

async function sh(host: string, script: string, timeoutMs = 60_000): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

async function eventually(what: () => Promise<unknown>): Promise<void> {
  await expect.poll(what, { timeout: 60_000, interval: 200 }).toBeTruthy()
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: {
      lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', node2: '.12', laptop: '.50' } },
      back: {
        subnet: '10.9.0.0/24',
        at: { node1: { address: '.1', interface: 'data0' }, node2: '.2' },
        gateway: '.254',
      },
    },
  })
})
afterAll(async () => {
  await racks?.closeAll()
})

describe('a fresh rack', () => {
  it('has its names, addresses, routes and resolver', async () => {
    expect(await sh('node1', 'hostname')).toBe('node1\n')
    expect(await sh('node1', 'cat /etc/hostname')).toBe('node1\n')
    // The kernel's link watch tells of a carrier up to a second after it is there (net/core/link_watch.c).
    const bothUp = 'test "$(ip -brief link show up | grep -c " UP ")" = 2'
    const addresses = await sh(
      'node1',
      `for i in $(seq 50); do ${bothUp} && break; sleep 0.1; done; ip -brief address show`,
    )
    expect(addresses).toMatch(/^eth0@\S+\s+UP\s+192\.168\.1\.11\/24 fd00:1::b\/64/m)
    expect(addresses).toMatch(/^data0@\S+\s+UP\s+10\.9\.0\.1\/24/m)
    expect(await sh('node1', 'ip route show default')).toContain('via 192.168.1.1 dev eth0')
    expect(await sh('laptop', 'getent hosts node2')).toMatch(/192\.168\.1\.12|fd00:1::c/)
    await sh('laptop', 'ping -c1 -W2 192.168.1.1 && ping -c1 -W2 fd00:1::1 && ping -c1 -W2 node1')
    await sh('node2', 'ping -c1 -W2 10.9.0.254 && ping -c1 -W2 10.9.0.1')
  })

  it('refuses names and ways out at once instead of hanging', async () => {
    const started = performance.now()
    const lookup = await racks.exec(rack.id, 'laptop', ['getent', 'hosts', 'example.com'])
    expect(lookup.exitCode).not.toBe(0)
    const far = await racks.exec(rack.id, 'laptop', ['curl', '-sS', 'http://203.0.113.9/'])
    expect(far.stderr).toMatch(/No route to host|unreachable|connect/i)
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  it('says on a host without Docker which hosts have it', async () => {
    const says = 'laptop is a host without Docker; hosts with a Docker Engine: node1, node2'
    for (const command of ['docker ps', 'docker run --rm nginx', 'systemctl start docker', 'service docker start']) {
      const said = await racks.exec(rack.id, 'laptop', ['sh', '-c', command])
      expect(said.exitCode, command).toBe(1)
      expect(said.stderr.split('\n'), command).toEqual([says, expect.stringContaining('没有 Docker'), ''])
    }
    expect((await racks.exec(rack.id, 'laptop', ['sh', '-c', 'LANG=zh_CN.UTF-8 docker ps'])).stderr).not.toContain(says)
    // Who asks another host's Engine, or for what needs none, gets the program itself.
    const elsewhere = await racks.exec(rack.id, 'laptop', ['sh', '-c', 'DOCKER_HOST=tcp://node1:2375 docker ps'])
    expect(elsewhere.stderr).toContain('tcp://node1:2375')
    expect(await sh('laptop', 'docker --version')).toMatch(/^Docker version/)
    expect(await sh('node1', 'command -v docker')).toBe('/usr/bin/docker\n')
    expect(await sh('node1', 'service docker status')).toContain('Active: active (running)')
  })

  it('has limits that hold', async () => {
    const limits = await sh(
      'node1',
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; docker info --format "{{.CgroupVersion}} {{.Driver}}"',
    )
    expect(limits).toMatch(/overlay2/)
    const bomb = await racks.exec(rack.id, 'laptop', ['sh', '-c', 'head -c 1g /dev/zero | tail | wc -c'], {
      timeoutMs: 60_000,
    })
    expect(bomb.stdout.trim()).not.toBe(`${1024 ** 3}`)
    const full = await racks.exec(rack.id, 'laptop', ['dd', 'if=/dev/zero', 'of=/big', 'bs=1M', 'count=2000'], {
      timeoutMs: 60_000,
    })
    expect(full.stderr).toMatch(/quota exceeded|No space left/i)
    await sh('laptop', 'rm -f /big')
  })
})

it('what runs in a host, or looks into one, ends as usual programs do when memory runs out, whatever its starter has', async () => {
  const adjustment = '/proc/self/oom_score_adj'
  const print = `open(my $file, '<', '${adjustment}'); print <$file>`
  // The server is below 0, which not every machine's root may be; above shows the same.
  writeFileSync(adjustment, '300')
  try {
    expect((await run('perl', ['-e', print])).stdout).toBe('300\n')
    const library = eye('wait-for-program')[1]!
    expect((await run('perl', [library, '-MKernel', '-e', print])).stdout).toBe('0\n')
    const other = await racks.open({ hosts: { a: 'plain' } })
    const asked = await racks.exec(other.id, 'a', ['cat', adjustment, '/proc/1/oom_score_adj'])
    expect(asked.stdout).toBe('0\n0\n')
    await racks.close(other.id)
  } finally {
    writeFileSync(adjustment, '0')
  }
})

describe('images are what their names say', () => {
  it('redis, mariadb and nginx answer as themselves', async () => {
    await sh('node2', 'docker network create data')
    await sh('node2', 'docker run -d --name cache --network data redis')
    await sh(
      'node2',
      `docker run -d --name db --network data -e MARIADB_ROOT_PASSWORD="it's" -e MARIADB_DATABASE=shop -e MARIADB_USER=u -e MARIADB_PASSWORD=p mariadb`,
    )
    expect(await sh('node2', 'docker run --rm --network data redis redis-cli -h cache ping')).toBe('PONG\n')
    // Mounts of the host's root file system that a container gets read-only.
    expect(await sh('node2', 'docker run --rm --init -v /etc:/x:ro --read-only busybox ps -o args')).toMatch(
      /docker-init/,
    )
    await eventually(() => sh('node2', 'docker exec db mariadb -hdb -uu -pp shop -e "select 1"').catch(() => false))
    expect(await sh('node2', `docker exec db mariadb -hdb -uroot "-pit's" -Ne "select user()"`)).toContain('root@')
    await sh('node2', 'docker rm -f cache db && docker network rm data')
  })
})

describe('exec', () => {
  it('answers in one shape for success, failure and time-out', async () => {
    const ok = await racks.exec(rack.id, 'laptop', ['sh', '-c', 'cat; echo "$X" >&2'], {
      stdin: 'in\u0000\n',
      env: { X: 'é 中' },
    })
    expect(ok).toMatchObject({
      exitCode: 0,
      signal: null,
      timedOut: false,
      failed: false,
      stdout: 'in\u0000\n',
      stderr: 'é 中\n',
    })
    const bad = await racks.exec(rack.id, 'laptop', ['sh', '-c', 'echo no; exit 7'])
    expect(bad).toMatchObject({ exitCode: 7, failed: true, timedOut: false, stdout: 'no\n' })
    const none = await racks.exec(rack.id, 'laptop', ['no-such-program'])
    expect(none.failed).toBe(true)
    expect(none.stderr).toContain('no-such-program')
    const slow = await racks.exec(rack.id, 'laptop', ['sh', '-c', 'echo begun; sleep 312 & sleep 313'], {
      timeoutMs: 500,
    })
    expect(slow).toMatchObject({ timedOut: true, failed: true, stdout: 'begun\n' })
    expect(Object.keys(slow).toSorted()).toEqual(Object.keys(ok).toSorted())
    expect(await sh('laptop', 'pgrep -f "sleep 31[23]" || echo none')).toBe('none\n')
  })

  it('ends with its program, and not with a daemon that keeps the pipe', async () => {
    const started = performance.now()
    const result = await racks.exec(rack.id, 'laptop', ['sh', '-c', 'sleep 47 & echo $!'], { timeoutMs: 30_000 })
    expect(result.exitCode).toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
    await sh('laptop', `kill ${result.stdout.trim()}`)
  })

  it('cuts a flood, and ends who floods', async () => {
    const flood = await racks.exec(rack.id, 'laptop', ['yes', 'flood-of-words'], { timeoutMs: 30_000 })
    expect(flood).toMatchObject({ truncated: true, failed: true, timedOut: false })
    expect(flood.stdout.length).toBeLessThan(1.1 * 1024 ** 2)
    expect(await sh('laptop', 'pgrep -x yes || echo none')).toBe('none\n')
  })
})

describe('networks', () => {
  it('resolves names on a user-defined bridge, and only there', async () => {
    await sh('node1', 'docker network create front && docker run -d --name web --network front nginx')
    await eventually(() =>
      sh('node1', 'docker run --rm --network front busybox wget -qO- http://web').catch(() => false),
    )
    const lost = await racks.exec(rack.id, 'node1', [
      'docker',
      'run',
      '--rm',
      'busybox',
      'wget',
      '-qO-',
      '-T2',
      'http://web',
    ])
    expect(lost.failed).toBe(true)
    await sh('node1', 'docker rm -f web && docker network rm front')
  })

  it('publishes TCP and UDP ports to the LAN', async () => {
    await sh('node1', 'docker run -d --name web -p 8080:80 nginx')
    await sh('node1', `docker run -d --name echo -p 9000:9000/udp netshoot socat UDP-LISTEN:9000,fork EXEC:cat`)
    await eventually(() => sh('laptop', 'curl -fs http://node1:8080').catch(() => false))
    expect(await sh('laptop', 'curl -s http://192.168.1.11:8080')).toContain('Welcome to nginx!')
    await eventually(async () => (await sh('laptop', 'echo hello | socat -t2 - UDP:192.168.1.11:9000')) === 'hello\n')
    await sh('node1', 'docker rm -f web echo')
  })

  it('lets macvlan children and their MAC addresses pass', async () => {
    await sh(
      'node1',
      'docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 phys',
    )
    await sh('node1', 'docker run -d --name child --network phys --ip 192.168.1.77 nginx')
    await eventually(() => sh('laptop', 'curl -fs http://192.168.1.77').catch(() => false))
    const mac = (await sh('node1', "docker inspect -f '{{.NetworkSettings.Networks.phys.MacAddress}}' child")).trim()
    expect(await sh('laptop', 'ip neighbour show 192.168.1.77')).toContain(mac)
    // As on any machine, a parent and its own child do not hear each other.
    const own = await racks.exec(rack.id, 'node1', ['ping', '-c1', '-W1', '192.168.1.77'])
    expect(own.failed).toBe(true)
    await sh('node1', 'docker rm -f child && docker network rm phys')
  })

  it('carries a swarm and an attachable overlay over two hosts', async () => {
    const token = (
      await sh(
        'node1',
        'docker swarm init --advertise-addr 192.168.1.11 > /dev/null && docker swarm join-token -q worker',
      )
    ).trim()
    await sh('node2', `docker swarm join --token ${token} 192.168.1.11:2377`)
    await sh('node1', 'docker network create -d overlay --attachable over')
    await sh('node1', 'docker run -d --name left --network over nginx')
    await eventually(() => sh('node2', 'docker run --rm --network over netshoot ping -c1 -W2 left').catch(() => false))
    expect(await sh('node2', 'docker run --rm --network over netshoot curl -s http://left')).toContain(
      'Welcome to nginx!',
    )
    expect(await sh('node1', 'docker node ls')).toMatch(/node1[\s\S]*node2/)
    await sh('node1', 'docker rm -f left')
    await sh('node2', 'docker swarm leave')
    await sh('node1', 'docker swarm leave --force')
  })

  it('cuts a link and mends it', async () => {
    await sh('laptop', 'ping -c1 -W2 192.168.1.12')
    await racks.setLink(rack.id, 'lan', 'node2', 'cut')
    expect(await sh('node2', 'cat /sys/class/net/eth0/carrier 2>/dev/null || echo 0')).toBe('0\n')
    expect((await racks.exec(rack.id, 'laptop', ['ping', '-c1', '-W1', '192.168.1.12'])).failed).toBe(true)
    expect((await racks.list())[0]!.hosts[1]!.interfaces[0]).toMatchObject({ lan: 'lan', cut: true })
    // The other LAN is another cable.
    await sh('node1', 'ping -c1 -W2 10.9.0.2')
    await racks.setLink(rack.id, 'lan', 'node2', 'mended')
    await eventually(() => sh('laptop', 'ping -c1 -W2 192.168.1.12').catch(() => false))
    await expect(racks.setLink(rack.id, 'back', 'laptop', 'cut')).rejects.toMatchObject({ code: 'lan.not-found' })
  })
})

describe('hooks for checks', () => {
  it('reads the Engine, and only reads', async () => {
    const networks = (await racks.engine(rack.id, 'node1', '/networks')) as { Name: string }[]
    expect(networks.map((network) => network.Name)).toEqual(expect.arrayContaining(['bridge', 'host', 'none']))
    expect(await racks.engine(rack.id, 'node1', '/networks/no-such')).toBeUndefined()
    await expect(racks.engine(rack.id, 'laptop', '/networks')).rejects.toMatchObject({ code: 'host.no-engine' })
    await expect(racks.engine(rack.id, 'node1', '/a b\r\n')).rejects.toMatchObject({ code: 'argument.invalid' })
  })

  it("captures every network namespace with the machine's tools, whatever the learner did to the host's own", async () => {
    await sh('node1', 'docker run -d --name seen --network none busybox sleep 600')
    await sh(
      'node1',
      'mv /usr/sbin/ip /usr/sbin/ip.true; printf "#!/bin/sh\\necho []" > /usr/sbin/ip; chmod +x /usr/sbin/ip',
    )
    const capture = await racks.capture(rack.id, 'node1')
    await sh('node1', 'mv /usr/sbin/ip.true /usr/sbin/ip; docker rm -f seen')
    const links = capture.namespaces.map((namespace) =>
      (JSON.parse(namespace.answers.links.text) as { ifname: string }[]).map((link) => link.ifname),
    )
    expect(links[0]).toEqual(expect.arrayContaining(['lo', 'eth0', 'data0', 'docker0']))
    expect(links).toContainEqual(['lo'])
    for (const namespace of capture.namespaces) {
      for (const answer of Object.values(namespace.answers)) expect(answer).toMatchObject({ failed: false })
    }
  })

  it('probes from a host and from a container, and tells "no" from "could not ask"', async () => {
    await sh('node1', 'docker network create probed && docker run -d --name web -p 8080:80 --network probed nginx')
    const web = (await racks.engine(rack.id, 'node1', '/containers/web/json')) as {
      NetworkSettings: { SandboxKey: string }
    }
    const sandbox = web.NetworkSettings.SandboxKey.split('/').at(-1)!
    const { inode } = (await racks.capture(rack.id, 'node1')).namespaces.find(({ names }) => names.includes(sandbox))!
    const tcp = (port: number, namespace?: string) =>
      racks.probe(rack.id, namespace ? 'node1' : 'laptop', {
        kind: 'tcp',
        address: namespace ? '127.0.0.1' : '192.168.1.11',
        port,
        ...(namespace ? { namespace } : {}),
      })
    await eventually(async () => (await tcp(8080)).outcome === 'yes')
    expect(await tcp(8081)).toMatchObject({ outcome: 'no' })
    expect(await tcp(80, inode)).toMatchObject({ outcome: 'yes' })
    expect(await tcp(80, '1')).toMatchObject({ outcome: 'error' })
    const dns = (name: string) =>
      racks.probe(rack.id, 'node1', { kind: 'dns', server: '127.0.0.11', name, namespace: inode })
    expect(await dns('web')).toMatchObject({ outcome: 'yes' })
    expect(await dns('nobody')).toMatchObject({ outcome: 'no' })
    const ping = (address: string) => racks.probe(rack.id, 'laptop', { kind: 'ping', address, timeoutMs: 500 })
    expect(await ping('192.168.1.11')).toMatchObject({ outcome: 'yes' })
    expect(await ping('192.168.1.99')).toMatchObject({ outcome: 'no' })
    await sh('node1', 'docker rm -f web && docker network rm probed')
  })
})

describe('reset', () => {
  it('puts one host back to the start, and leaves the others', async () => {
    await sh('node1', 'docker network create mine; touch /root/mine; ip link add br-mine type bridge')
    await sh('node2', 'touch /root/theirs')
    await racks.setLink(rack.id, 'lan', 'node1', 'cut')
    const before = rack.hosts[0]!.id
    rack = await racks.reset(rack.id, 'node1')
    expect(rack.hosts[0]!.id).not.toBe(before)
    expect(rack.hosts[0]!.interfaces.every((leg) => !leg.cut)).toBe(true)
    expect(
      await sh('node1', 'ls -A /root; docker network ls -q -f name=mine; ip -br link show type bridge'),
    ).not.toContain('mine')
    await sh('node2', 'test -e /root/theirs && ping -c1 -W2 192.168.1.11 && ping -c1 -W2 10.9.0.1')
  })

  it('puts all of them back', async () => {
    const gateway = () =>
      sh('laptop', "ping -c1 -W2 192.168.1.1 > /dev/null && ip -o neigh show 192.168.1.1 | cut -d' ' -f1-5")
    const before = await gateway()
    rack = await racks.reset(rack.id)
    expect(await gateway()).toBe(before)
    await expect(sh('node2', 'test -e /root/theirs')).rejects.toThrow()
    await sh('laptop', 'ping -c1 -W2 node1 && ping -c1 -W2 node2')
  })
})
