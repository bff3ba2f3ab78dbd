import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { labFoldersNamed } from '../../server/lab/catalogue.js'
import type { ProbeRequest } from '../../server/network/question.js'
import type { HostState, NetworkState } from '../../server/network/state.js'
import { fromPackage } from '../../server/package-root.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { run } from '../../server/rack/command.js'
import { type HostRecord, recordPath } from '../../server/rack/host/host.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { walkNamespaces } from '../../server/rack/namespace-walk.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { captureLabStates } from '../map/capture-lab-states.js'
import { captureFixtures } from '../network/capture-fixtures.js'
import { testState } from './state.js'

/** What is captured against facts that were made, and whether an Engine that is not golden's is ever believed. */

let racks: LocalRacks
let rack: RackInfo
let probe: RackGround

async function sh(host: string, script: string, timeoutMs = 60_000): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

async function eventually(what: () => Promise<unknown>): Promise<void> {
  await expect.poll(() => what().catch(() => undefined), { timeout: 60_000, interval: 200 }).toBeTruthy()
}

async function stateOf(host: string): Promise<HostState> {
  return (await probe.capture()).hosts.find(({ name }) => name === host)!
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: {
      lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', node2: '.12', laptop: '.50' } },
    },
  })
  probe = new RackGround(racks, rack.id)
})
afterAll(async () => {
  await racks?.closeAll()
})

describe.runIf(process.env.VETHLAB_WRITE_FIXTURES)('fixtures', () => {
  it('are written', () => captureFixtures(racks), 300_000)
})

const labsToWrite = process.env.VETHLAB_WRITE_LAB_STATES
describe.runIf(labsToWrite)('states of labs', async () => {
  const folders = await labFoldersNamed(
    { bundled: fromPackage('labs') },
    labsToWrite === undefined || labsToWrite === '1' ? [] : labsToWrite.split(','),
  )
  it.each(folders)('are written: %s', (folder) => captureLabStates(racks, folder), 900_000)
})

describe('the state of a rack', () => {
  let state: NetworkState
  const host = (name: string) => state.hosts.find((candidate) => candidate.name === name)!
  const container = (name: string) => host('node1').engine!.containers.find((candidate) => candidate.name === name)!
  const namespace = (id: string | undefined) => host('node1').namespaces.find((candidate) => candidate.id === id)!

  beforeAll(async () => {
    await sh('node1', 'docker network create --subnet 172.25.0.0/24 shop')
    await sh('node1', 'docker run -d --name web --network shop --ip 172.25.0.9 -p 8080:80 nginx')
    await sh('node1', 'docker run -d --name side --network container:web busybox sleep 9999')
    await sh('node1', 'docker run -d --name own --network host busybox sleep 9999')
    await sh('node1', 'docker run -d --name alone --network none busybox sleep 9999')
    const argv = ['docker', 'run', '-d', '--name', 'odd', '--label', 'a\u001b[31m=b\nc', '--hostname', 'x\u0007y']
    await racks.exec(rack.id, 'node1', [...argv, '--network', 'shop', 'busybox', 'sleep', '9999'])
    await sh('node1', 'docker stop -t 0 $(docker run -d --name gone --network shop busybox sleep 9999)')
    await sh('node2', 'ip route add 172.25.0.0/24 via 192.168.1.11')
    state = await probe.capture()
  })

  it('has links, addresses and LANs as the hosts have them', async () => {
    expect(state.hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'laptop'])
    for (const { name } of rack.hosts) {
      const eth0 = host(name).namespaces[0]!.links.find((link) => link.name === 'eth0')!
      expect(eth0).toMatchObject({ kind: 'veth', lan: 'lan', up: true, carrier: true, mtu: 1500 })
      expect(eth0.mac).toBe(await sh(name, 'cat /sys/class/net/eth0/address'))
      expect(host(name).dns.nameservers).toEqual(['192.168.1.1'])
      expect(host(name).namespaces.flatMap(({ faults }) => faults)).toEqual([])
      expect(host(name).disagreements).toEqual([])
    }
    expect(host('laptop').engine).toBeUndefined()
    expect(host('laptop').engineFault).toBeUndefined()
    expect(host('node2').namespaces[0]!.routes).toContainEqual(
      expect.objectContaining({ destination: '172.25.0.0/24', gateway: '192.168.1.11', device: 'eth0', table: 'main' }),
    )
  })

  it('ties containers to namespaces, endpoints to links, networks to bridges', async () => {
    const inode = async (name: string) =>
      (await sh('node1', `readlink /proc/$(docker inspect -f '{{.State.Pid}}' ${name})/ns/net`)).replace(/\D/g, '')
    for (const name of ['web', 'side', 'own', 'alone', 'odd']) {
      expect(container(name).namespace, name).toBe(await inode(name))
    }
    expect(namespace(container('web').namespace).owner).toEqual({ kind: 'container', containers: ['web', 'side'] })
    expect(namespace(container('own').namespace).owner).toEqual({ kind: 'host' })
    expect(container('side').sharesWith).toBe('web')
    expect(container('gone')).toMatchObject({ state: 'exited', exitCode: 137 })
    expect(container('gone').namespace).toBeUndefined()
    const bridge = host('node1').engine!.networks.find(({ name }) => name === 'shop')!.bridge
    expect(bridge).toBe(`br-${(await sh('node1', "docker network inspect -f '{{.Id}}' shop")).slice(0, 12)}`)
    const [endpoint] = container('web').endpoints
    expect(endpoint).toMatchObject({ address: '172.25.0.9', prefix: 24, gateway: '172.25.0.1', link: 'eth0' })
    const hostLink = namespace(host('node1').namespaces[0]!.id).links.find(({ name }) => name === endpoint!.hostLink)
    expect(hostLink).toMatchObject({ master: bridge, peer: { namespace: container('web').namespace, name: 'eth0' } })
    expect(`${hostLink!.index}`).toBe(await sh('node1', 'docker exec web cat /sys/class/net/eth0/iflink'))
    expect(container('web').dns.nameservers).toEqual(['127.0.0.11'])
    expect(namespace(container('alone').namespace).links.map(({ name }) => name)).toEqual(['lo'])
  })

  it('has the published port as a socket and as a rule with its address', () => {
    expect(container('web').ports).toContainEqual({
      ...{ protocol: 'tcp', containerPort: 80, hostAddress: '0.0.0.0', hostPort: 8080 },
    })
    const home = host('node1').namespaces[0]!
    expect(home.sockets).toContainEqual({ protocol: 'tcp', address: '0.0.0.0', port: 8080 })
    expect(home.rules).toContainEqual(
      expect.objectContaining({
        ...{ family: 'ip', table: 'nat', chain: 'DOCKER', target: 'DNAT', protocol: 'tcp' },
        ...{ destinationPort: '8080', to: '172.25.0.9:80' },
      }),
    )
    expect(home.chains).toContainEqual({
      ...{ family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward', policy: 'DROP' },
    })
    expect(home.forwards.ip4).toBe(true)
    expect(namespace(container('web').namespace).sockets).toContainEqual(expect.objectContaining({ port: 80 }))
  })

  it('has no control characters, whatever a learner names things', () => {
    expect(container('odd').labels).toMatchObject({ 'a [31m': 'b c' })
    expect(JSON.stringify(state)).not.toMatch(/\\u00|\\[bfnrt]/)
  })

  it('keeps the kernel’s word where the Engine’s differs', async () => {
    const enter = "nsenter -t $(docker inspect -f '{{.State.Pid}}' odd) -n"
    const before = container('odd').endpoints[0]!.address
    await sh('node1', `${enter} ip address del ${before}/24 dev eth0; ${enter} ip address add 172.25.0.77/24 dev eth0`)
    const changed = await stateOf('node1')
    const odd = changed.engine!.containers.find(({ name }) => name === 'odd')!
    expect(odd.endpoints[0]).toMatchObject({ address: '172.25.0.77', link: 'eth0' })
    expect(changed.disagreements).toEqual([{ about: 'container odd on shop', engine: before, kernel: '172.25.0.77' }])
    await sh('node1', `${enter} ip link delete eth0`)
    const cut = await stateOf('node1')
    expect(cut.disagreements).toEqual([{ about: 'container odd on shop', engine: before, kernel: 'no such link' }])
    expect(cut.engine!.containers.find(({ name }) => name === 'odd')!.endpoints[0]!.address).toBeUndefined()
    await sh('node1', 'docker rm -f odd')
  })

  it('follows no link of a learner out of the host, nor to what only the machine’s root may read', async () => {
    const resolvers = async () => {
      const { files } = await racks.capture(rack.id, 'node2')
      return files['']!.resolvConf
    }
    await sh('node2', 'cp /etc/resolv.conf /root/resolv.conf')
    const secret = '/etc/machine-id'
    for (const target of [
      secret,
      `../../../../../..${secret}`,
      '/proc/1/root/etc/hostname',
      '/proc/kmsg',
      '/sys/kernel/notes',
    ]) {
      await sh('node2', `rm -f ${secret}; ln -sf ${target} /etc/resolv.conf`)
      expect(await resolvers(), target).toBe('')
    }
    await sh('node2', 'rm /etc/resolv.conf; mkfifo /etc/resolv.conf')
    expect(await resolvers()).toBe('')
    await sh('node2', 'rm /etc/resolv.conf; head -c 1000000 /dev/zero | tr "\\0" x > /etc/resolv.conf')
    expect(await resolvers()).toBe('')
    // A link that stays inside is what a learner's own programs would follow too.
    await sh('node2', 'ln -sf /root/resolv.conf /etc/resolv.conf')
    expect(await resolvers()).toContain('nameserver 192.168.1.1')
    await sh('node2', 'rm /etc/resolv.conf; cp /root/resolv.conf /etc/resolv.conf')
  })

  it('sees each change of rules, also where the ones before were known', async () => {
    const seen = async () => JSON.stringify((await stateOf('node2')).namespaces.map(({ rules }) => rules))
    await sh(
      'node2',
      'nft add table inet probe; nft add chain inet probe first; nft add rule inet probe first tcp dport 4320 drop',
    )
    expect(await seen()).toContain('4320')
    await sh('node2', 'nft add chain inet probe second; nft add rule inet probe second tcp dport 4321 drop')
    expect(await seen()).toContain('4321')
    expect(await seen()).toContain('4321')
    await sh('node2', 'iptables -t raw -A PREROUTING -p udp --dport 5432 -m comment --comment third -j DROP')
    expect(await seen()).toContain('third')
    await sh('node2', 'iptables -t raw -F; nft delete table inet probe')
    expect(await seen()).not.toMatch(/4320|4321|third/)
  })

  it('has the sockets that ss lists', async () => {
    const listening = `perl -MIO::Socket::IP -e 'my @s = map { IO::Socket::IP->new(@$_) or die "$@" }
      [LocalHost => "::", LocalPort => 81, Listen => 1, V6Only => 1], [LocalHost => "::", LocalPort => 82, Listen => 1, V6Only => 0],
      [LocalHost => "::1", LocalPort => 83, Proto => "udp"], [LocalHost => "127.0.0.9", LocalPort => 84, Proto => "udp"];
      $| = 1; print "up\\n"; sleep 999' > /run/listening & echo $! > /run/listener`
    await sh('node2', listening)
    await eventually(() => sh('node2', 'grep up /run/listening'))
    const lines = (await sh('node2', 'ss --no-header --numeric --listening --tcp --udp')).split('\n')
    const own = (await stateOf('node2')).namespaces[0]!
    expect(own.sockets.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`).toSorted()).toEqual(
      lines
        .map((line) => {
          const [protocol, , , , local = ''] = line.split(/\s+/)
          const [, address = '', port] = /^\[?(.*?)\]?(?:%\w+)?:(\d+)$/.exec(local) ?? []
          return `${protocol} ${address} ${port}`
        })
        .toSorted(),
    )
    expect(own.sockets).toContainEqual({ protocol: 'tcp', address: '::', port: 81 })
    expect(own.sockets).toContainEqual({ protocol: 'tcp', address: '*', port: 82 })
    await sh('node2', 'kill $(cat /run/listener)')
  })

  it('goes on behind a namespace that does not answer in time, or says too much', async () => {
    const { id } = rack.hosts.find(({ name }) => name === 'laptop')!
    const { init: first } = JSON.parse(readFileSync(recordPath(testState, id), 'utf8')) as HostRecord
    const init = first!.pid
    const own = { path: `/proc/${init}/ns/net`, rulesGeneration: '' }
    const maxBytes = 1024 ** 2
    const limits = [
      { timeoutMs: 1, maxBytes },
      { timeoutMs: 10_000, maxBytes: 10 },
      { timeoutMs: 10_000, maxBytes },
      { fault: 'enough' },
    ]
    const faults: (string | undefined)[] = []
    await walkNamespaces(
      `/proc/${init}/ns/user`,
      [own, own, own, own, own],
      () => limits.shift() ?? { fault: 'enough' },
      (index, { fault, answers }) => {
        faults[index] = fault
        expect(answers.has('links') || answers.has('sysctls')).toBe(fault === undefined)
      },
    )
    expect(faults).toEqual([
      ...['no answer within 1 ms', 'the answers are larger than 10 bytes', undefined, 'enough', 'enough'],
    ])
  })

  it('says what it has not read of a host with more rules than one capture takes, and reads the rest', async () => {
    // Some 3 MiB of JSON. nft of a slow machine may not have it within the deadline of a capture, which is no matter for all else.
    const rules = 'seq 12000 | sed "s/.*/add rule ip many long ip daddr 10.0.0.1 meta mark & drop/"'
    await sh(
      'node2',
      `nft 'add table ip many; add chain ip many long'; mkdir /run/rules; cd /run/rules; ${rules} | split --lines 2000
      for part in *; do nft -f $part || exit 1; done`,
      120_000,
    )
    onTestFinished(async () => void (await sh('node2', 'nft delete table ip many 2> /dev/null || true')))
    const [home] = (await stateOf('node2')).namespaces
    expect(home!.faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^rules: (the answers are larger than \d+ bytes|no answer within .*)$/),
      ]),
    )
    expect(home!.faults.filter((fault) => !/^(rules|ip6?tables)/.test(fault))).toEqual([])
    expect(home!.forwards.ip4).toBe(true)
    await sh('node2', 'nft delete table ip many')
    expect((await stateOf('node2')).namespaces[0]!.faults).toEqual([])
  })

  it('asks about containers that run before all others, and says how many it has not asked about', async () => {
    await sh('node2', 'docker create --name idle-0 busybox true; docker run --detach --name works busybox sleep 9999')
    expect(await freshIn('node2')).not.toHaveProperty('unasked')
    await sh(
      'node2',
      'seq 205 | xargs -n 1 -P 4 -I {} docker create --name idle-{} --network none busybox true',
      200_000,
    )
    const { engine } = await stateOf('node2')
    expect(engine!.unasked).toBe(7)
    expect(engine!.containers).toHaveLength(200)
    expect(engine!.containers.map(({ name }) => name)).toContain('works')
    await sh('node2', 'docker rm --force works; docker container prune --force', 200_000)
    expect((await stateOf('node2')).engine).not.toHaveProperty('unasked')
  }, 300_000)

  it('gives a fault, not a hang, for a namespace that floods', async () => {
    const routes = 'for n in $(seq 40000); do echo route add blackhole 10.$((n / 250)).$((n % 250)).1; done'
    await sh(
      'node2',
      `unshare -n sh -c '${routes} | ip -batch -; exec sleep 999' > /dev/null 2>&1 & echo $! > /run/flood`,
    )
    await eventually(() => sh('node2', 'grep sleep /proc/$(cat /run/flood)/comm'))
    const started = performance.now()
    const { namespaces, engine } = await stateOf('node2')
    expect(performance.now() - started).toBeLessThan(12_000)
    const flooded = namespaces.find(({ owner }) => owner.kind === 'unknown')
    expect(flooded?.faults.join()).toMatch(/larger than \d+ bytes|no answer within/)
    expect(namespaces.filter(({ faults }) => faults.length > 0)).toEqual([flooded])
    expect(engine).toBeDefined()
    await sh('node2', 'kill -9 $(cat /run/flood)')
  })
})

const freshIn = async (host: string) => (await racks.capture(rack.id, host)).engine
const fault = (kind: string) => ({ fault: { kind } })

/** Stops the Engine and keeps init from starting it again, as a learner who is root can. */
const stopEngine = `
touch /run/docker.stopped
pkill -x dockerd
while pgrep -x dockerd > /dev/null; do sleep 0.1; done
rm -f /run/docker.sock
`
const startGoldens = 'rm -f /run/docker.sock /run/docker.stopped'
/** Speaks HTTP on a socket: whatever is asked, the answer is `{}`. */
const fakeDaemon = `
use IO::Socket::UNIX;
unlink '/run/docker.sock';
my $s = IO::Socket::UNIX->new(Local => '/run/docker.sock', Listen => 20) or die;
while (my $c = $s->accept) {
  while (my $line = <$c>) {
    next if $line ne "\\r\\n";
    print $c "HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{}";
    $c->flush;
  }
}
`
/** Hands every connection on to the real Engine. */
const forwarder = `
use IO::Socket::UNIX; use IO::Select;
unlink '/run/docker.sock';
my $s = IO::Socket::UNIX->new(Local => '/run/docker.sock', Listen => 20) or die;
$SIG{CHLD} = 'IGNORE';
while (my $c = $s->accept) {
  next if fork;
  my $e = IO::Socket::UNIX->new(Peer => '/run/real.sock') or die;
  my $both = IO::Select->new($c, $e);
  while (1) { for my $from ($both->can_read) {
    sysread($from, my $data, 65536) or exit;
    syswrite($from == $c ? $e : $c, $data);
  } }
}
`
/** Listens, leaves a child that answers, and then becomes golden's own dockerd, whose process number is on the socket. */
const changeling = `
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Local => '/run/docker.sock', Listen => 20) or die;
if (!fork) {
  while (my $c = $s->accept) {
    while (my $line = <$c>) {
      next if $line ne "\\r\\n";
      print $c "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}";
      $c->flush;
    }
  }
  exit;
}
exec '/usr/sbin/dockerd', '--host', 'unix:///run/elsewhere.sock', '--containerd=/run/containerd/containerd.sock';
`

/**
 * Stops the Engine as soon as it has a new connection, takes that out of it, answers whatever is asked, and lets it go on: with a
 * network that there is not. It says each time that it has answered.
 */
const thief = `
use strict;
use Socket;
my $pid = shift() + 0;
my $body = '[{"Name":"forged","Id":"' . 'a' x 64 . '","Driver":"bridge","Scope":"local"}]';
sub sockets { opendir(my $all, "/proc/$pid/fd") or exit; return grep { (readlink("/proc/$pid/fd/$_") // '') =~ /^socket/ } readdir $all }
my %known = map { $_ => 1 } sockets();
$| = 1; print "ready\n";
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { kill 'CONT', $pid; exit };
while (1) {
  my @new = grep { !$known{$_} } sockets() or next;
  kill 'STOP', $pid;
  my $process = syscall(434, $pid, 0);
  my %mine;
  for (grep { !$known{$_} } sockets()) {
    my $fd = syscall(438, $process, $_ + 0, 0);
    open($mine{$fd}, '+<&=', $fd) if $fd >= 0;
  }
  for (1 .. 200) {
    my $ready = '';
    vec($ready, $_, 1) = 1 for keys %mine;
    select($ready, undef, undef, 0.002);
    for my $fd (keys %mine) {
      next unless vec($ready, $fd, 1);
      recv($mine{$fd}, my $asked, 65536, 0x40);
      delete $mine{$fd}, next unless length $asked;
      my $said = $asked =~ m{/networks} ? $body : $asked =~ m{/containers} ? '[]' : '{}';
      send($mine{$fd}, "HTTP/1.1 200 OK\\r\\nServer: Docker/26\\r\\nSwarm: inactive\\r\\nContent-Length: " . length($said) . "\\r\\n\\r\\n$said", 0x40) && print "answered\n";
    }
  }
  kill 'CONT', $pid;
  %known = map { $_ => 1 } sockets();
}
`

describe('the Engine is golden’s own, or nothing that it says is taken', () => {
  const script = (host: string, perl: string) =>
    racks.exec(
      rack.id,
      host,
      ['sh', '-c', 'cat > /run/attack.pl; setsid perl /run/attack.pl > /run/attack.log 2>&1 &'],
      {
        stdin: perl,
      },
    )
  const listens = (host: string) => eventually(() => sh(host, 'test -S /run/docker.sock && echo yes'))
  const isVerified = () => eventually(async () => 'version' in ((await freshIn('node2')) ?? {}))

  it('is verified when it is itself, also after a restart, a reset, and from the pool', async () => {
    expect(await freshIn('node2')).toHaveProperty('version')
    await sh('node2', 'systemctl restart docker')
    await isVerified()
    await racks.reset(rack.id, 'node2')
    expect(await freshIn('node2')).toHaveProperty('version')
    const pooled = await LocalRacks.start(testState, { pool: { docker: 1, plain: 0 } })
    try {
      await pooled.poolSettled()
      const other = await pooled.open({ hosts: { node1: 'docker' } })
      expect((await pooled.capture(other.id, 'node1')).engine).toHaveProperty('version')
    } finally {
      await pooled.closeAll()
    }
  })

  it('a daemon that somebody wrote is not', async () => {
    await sh('node2', stopEngine)
    expect(await freshIn('node2')).toMatchObject(fault('silent'))
    await script('node2', fakeDaemon)
    await listens('node2')
    expect(await freshIn('node2')).toMatchObject(fault('unverified'))
    await expect(racks.engine(rack.id, 'node2', '/networks')).rejects.toMatchObject({ code: 'host.unverified' })
    expect((await stateOf('node2')).engineFault?.detail).toMatch(/could not verify the Engine: .*perl.*Reset the host/)
    await sh('node2', `pkill -x perl; ${startGoldens}`)
    await isVerified()
  })

  it('one that hands all on to the real Engine is not', async () => {
    await sh('node2', stopEngine)
    await sh(
      'node2',
      'setsid dockerd -H unix:///run/real.sock --containerd=/run/containerd/containerd.sock > /dev/null 2>&1 &',
    )
    await eventually(() => sh('node2', 'docker -H unix:///run/real.sock version'))
    await script('node2', forwarder)
    await listens('node2')
    expect(await sh('node2', 'docker version')).toContain('Server')
    expect(await freshIn('node2')).toMatchObject(fault('unverified'))
    await sh('node2', 'pkill -x perl')
    await sh('node2', stopEngine)
  })

  it('one that leaves another to answer in its name is not', async () => {
    await script('node2', changeling)
    await eventually(() => sh('node2', 'docker -H unix:///run/elsewhere.sock version'))
    expect(await freshIn('node2')).toMatchObject(fault('unverified'))
    await sh('node2', 'pkill -x perl; pkill -x attack.pl; true')
    await sh('node2', `${stopEngine} ${startGoldens}`)
    await isVerified()
  })

  it('one whose connections are taken out of it and answered by another is not', async () => {
    // Nobody in a host can take them, so the machine's root does.
    const take = `
      use strict;
      my $process = syscall(434, $$ + 0, 0);
      print $process >= 0 && syscall(438, $process, 0, 0) < 0 && $!{EPERM} ? "denied" : "taken";
      my $bytes = "x"; my $vector = pack 'P Q', $bytes, 1;
      print syscall(${process.arch === 'x64' ? 311 : 271}, $$ + 0, $vector, 1, $vector, 1, 0) < 0 && $!{EPERM} ? " denied" : " written";`
    const denied = await racks.exec(rack.id, 'node2', ['perl', '-MErrno', '-e', take])
    expect(denied.stdout).toBe('denied denied')
    expect((await run('perl', ['-MErrno', '-e', take])).stdout).toBe('taken written')

    const groups = await Cgroups.open(testState.mark)
    // It may have been reset since.
    const { hosts } = await racks.info(rack.id)
    const pids = await groups.processes(hosts.find(({ name }) => name === 'node2')!.id)
    const inHost = await sh('node2', 'cat /run/docker.pid')
    const engine = pids.find((pid) => readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\t${inHost}\n`))!
    const attack = spawn('perl', ['-e', thief, `${engine}`], { stdio: ['ignore', 'pipe', 'inherit'] })
    attack.stdout.setEncoding('utf8')
    try {
      await once(attack.stdout, 'data')
      let answered = 0
      attack.stdout.on('data', () => answered++)
      // Whether it comes between is chance: once it has, some more.
      for (let after = 0, until = Date.now() + 60_000; after < 4 && Date.now() < until; after += answered > 0 ? 1 : 0) {
        const seen = (await freshIn('node2')) as { networks?: { Name: string }[] }
        expect((seen.networks ?? []).map(({ Name }) => Name)).not.toContain('forged')
        // It lets the Engine go on after 0.4 s.
        await sleep(450)
      }
      expect(answered).toBeGreaterThan(0)
      attack.kill('SIGTERM')
    } finally {
      attack.kill('SIGKILL')
      process.kill(engine, 'SIGCONT')
    }
    await isVerified()
  })

  it('one that has been stopped, whichever of its threads is traced, is not', async () => {
    await sh('node2', 'pkill -STOP -x dockerd')
    expect(await freshIn('node2')).toMatchObject({
      fault: { kind: 'unverified', detail: expect.stringContaining('stopped') },
    })
    await sh('node2', 'pkill -CONT -x dockerd')
    await isVerified()
    await script(
      'node2',
      `my $pid = \`pgrep -x dockerd\` + 0;
      my ($thread) = grep { $_ != $pid } map { m{(\\d+)$} } glob "/proc/$pid/task/*";
      syscall(${process.arch === 'x64' ? 101 : 117}, 0x4206, $thread, 0, 0) == 0 or die "seize: $!";
      sleep 30;`,
    )
    await eventually(() => sh('node2', 'grep -hE "TracerPid:.[1-9]" /proc/$(pgrep -x dockerd)/task/*/status'))
    expect(await freshIn('node2')).toMatchObject({
      fault: { kind: 'unverified', detail: expect.stringContaining('traced') },
    })
    await sh('node2', 'pkill -x perl')
    await isVerified()
  })

  it('one with a library of somebody else is not', async () => {
    await sh('node2', stopEngine)
    // Any library will do: a copy has another inode.
    await sh(
      'node2',
      'cp /lib/x86_64-linux-gnu/libm.so.6 /root/mine.so || cp /lib/aarch64-linux-gnu/libm.so.6 /root/mine.so',
    )
    const environment = 'LD_PRELOAD=/root/mine.so'
    await sh('node2', `${environment} setsid dockerd --containerd=/run/containerd/containerd.sock > /dev/null 2>&1 &`)
    await eventually(() => sh('node2', 'docker version'))
    expect(await freshIn('node2')).toMatchObject({
      fault: { kind: 'unverified', detail: expect.stringContaining('mine.so') },
    })
    await sh('node2', `${stopEngine} ${startGoldens}`)
    await isVerified()
  })

  it('one that is traced, or whose code was changed in memory, is not', async () => {
    const attach = `
      my $pid = \`pgrep -x dockerd\` + 0;
      syscall(${process.arch === 'x64' ? 101 : 117}, 0x4206, $pid, 0, 0) == 0 or die "seize: $!";
      sleep 30;
    `
    await script('node2', attach)
    await eventually(() => sh('node2', 'grep -E "TracerPid:.[1-9]" /proc/$(pgrep -x dockerd)/status'))
    expect(await freshIn('node2')).toMatchObject({
      fault: { kind: 'unverified', detail: expect.stringContaining('traced') },
    })
    await sh('node2', 'pkill -x perl')
    await isVerified()
    const poke = `
      my $pid = \`pgrep -x dockerd\` + 0;
      open my $maps, '<', "/proc/$pid/maps"; my ($at) = map { /^(\\w+)-\\w+ r-xp .*dockerd/ ? hex $1 : () } <$maps>;
      open my $mem, '+<', "/proc/$pid/mem" or die; sysseek $mem, $at, 0; sysread $mem, my $byte, 1;
      sysseek $mem, $at, 0; syswrite $mem, $byte; print "done";
    `
    await script('node2', poke)
    await eventually(() => sh('node2', 'grep done /run/attack.log'))
    expect(await freshIn('node2')).toMatchObject({
      fault: { kind: 'unverified', detail: expect.stringContaining('memory') },
    })
    await sh('node2', 'systemctl restart docker')
    await isVerified()
  })

  it('a copy of its program is not, nor its file with other bytes in it', async () => {
    await sh('node2', stopEngine)
    await sh('node2', 'cp -a /usr/sbin/dockerd /root/dockerd && mount --bind /root/dockerd /usr/sbin/dockerd')
    await sh('node2', startGoldens)
    await eventually(() => sh('node2', 'docker version'))
    expect(await freshIn('node2')).toMatchObject(fault('unverified'))
    await sh('node2', `${stopEngine} umount /usr/sbin/dockerd; ${startGoldens}`)
    await isVerified()
    await sh('node2', stopEngine)
    // In place: the inode stays. The last byte is changed and changed back, and the times are set as they were.
    const edit = `
      my @was = stat '/usr/sbin/dockerd'; open my $f, '+<', '/usr/sbin/dockerd' or die $!;
      seek $f, -1, 2; read $f, my $byte, 1; seek $f, -1, 2; print $f chr(ord($byte) ^ 1); close $f;
      utime $was[8], $was[9], '/usr/sbin/dockerd'; print "done";
    `
    await script('node2', edit)
    await eventually(() => sh('node2', 'grep done /run/attack.log'))
    await sh('node2', startGoldens)
    await eventually(() => sh('node2', 'docker version'))
    expect(await freshIn('node2')).toMatchObject(fault('unverified'))
    await racks.reset(rack.id, 'node2')
    expect(await freshIn('node2')).toHaveProperty('version')
  })
})

describe('questions', () => {
  const ask = (host: string, question: ProbeRequest) => probe.ask(host, question)
  let web: string

  beforeAll(async () => {
    web = (await stateOf('node1')).engine!.containers.find(({ name }) => name === 'web')!.namespace!
    const echo =
      'my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 7000); while ($s->recv(my $d, 512)) { $s->send($d) }'
    await sh('node1', `perl -MIO::Socket::INET -e '${echo}' > /dev/null 2>&1 &`)
    await sh('node1', 'docker network create quiet && docker run -d --name db --network quiet redis')
    await sh('node1', 'iptables -I DOCKER-USER -p tcp --dport 6379 -j DROP')
    await sh('node1', 'iptables -I INPUT -p tcp --dport 4444 -j DROP; iptables -I INPUT -p udp --dport 4444 -j DROP')
  })

  it('tcp: open, refused, silent and unroutable are told apart', async () => {
    const tcp = (port: number, address = '192.168.1.11') =>
      ask('laptop', { kind: 'tcp', address, port, timeoutMs: 1000 })
    expect(await tcp(8080)).toMatchObject({ outcome: 'yes' })
    expect(await tcp(81)).toMatchObject({ outcome: 'no', cause: 'refused' })
    expect(await tcp(4444)).toMatchObject({ outcome: 'no', cause: 'silent' })
    expect(await tcp(80, '203.0.113.9')).toMatchObject({ outcome: 'no', cause: 'unroutable' })
    expect(await tcp(80, '2001:db8::1')).toMatchObject({ outcome: 'no', cause: 'unroutable' })
    expect(await tcp(80, 'fd00:1::b')).toMatchObject({ outcome: 'no', cause: 'refused' })
    expect(await ask('laptop', { kind: 'tcp', address: '192.168.1.11', port: 80, namespace: '1' })).toMatchObject({
      outcome: 'error',
    })
  })

  it('ping: an answer, silence, no way', async () => {
    const ping = (address: string) => ask('laptop', { kind: 'ping', address, timeoutMs: 500 })
    expect(await ping('192.168.1.12')).toMatchObject({ outcome: 'yes' })
    expect(await ping('192.168.1.99')).toMatchObject({ outcome: 'no' })
    expect(await ping('203.0.113.9')).toMatchObject({ outcome: 'no', cause: 'unroutable' })
    expect(await ping('2001:db8::1')).toMatchObject({ outcome: 'no', cause: 'unroutable' })
    const size = { kind: 'ping', address: '192.168.1.12', size: 3000, timeoutMs: 500 } as const
    expect(await ask('laptop', size)).toMatchObject({ outcome: 'no' })
  })

  it('udp: an answer, a refusal, silence', async () => {
    const udp = (port: number, address = '192.168.1.11') =>
      ask('laptop', { kind: 'udp', address, port, payload: 'hello', timeoutMs: 1000 })
    const answer = await udp(7000)
    expect(answer).toMatchObject({ outcome: 'yes', detail: 'answer: hello' })
    expect(answer.durationMs).toBeLessThan(900)
    expect(await udp(7001)).toMatchObject({ outcome: 'no', cause: 'refused' })
    expect(await udp(7001, 'fd00:1::b')).toMatchObject({ outcome: 'no', cause: 'refused' })
    expect(await udp(4444)).toMatchObject({ outcome: 'no', cause: 'silent' })
    expect(await udp(53, '203.0.113.9')).toMatchObject({ outcome: 'no', cause: 'unroutable' })
  })

  it('http: status and body, whatever the status; what is not HTTP is no', async () => {
    const http = (port: number, path = '/') =>
      ask('laptop', { kind: 'http', address: '192.168.1.11', port, path, timeoutMs: 1000 })
    const page = await http(8080)
    expect(page).toMatchObject({ outcome: 'yes', http: { status: 200 } })
    expect(page.http!.body).toContain('nginx')
    expect(await http(8080, '/none')).toMatchObject({ outcome: 'yes', http: { status: 404 } })
    expect(await http(81)).toMatchObject({ outcome: 'no', cause: 'refused' })
    expect(await http(4444)).toMatchObject({ outcome: 'no', cause: 'silent' })
    const inside = { kind: 'http', address: '172.25.0.9', port: 80, namespace: web } as const
    expect(await ask('node1', inside)).toMatchObject({ outcome: 'yes', http: { status: 200 } })
    await sh('node1', 'sh -c "while :; do echo SSH-2.0-x | nc -l -p 2222; done" > /dev/null 2>&1 &')
    await expect.poll(() => http(2222), { timeout: 10_000 }).toMatchObject({ outcome: 'no', detail: /not HTTP/ })
  })

  it('dns: records as a container gets them', async () => {
    const dns = (name: string, type: 'A' | 'AAAA' | 'PTR' = 'A', server = '127.0.0.11') =>
      ask('node1', { kind: 'dns', namespace: web, server, name, type, timeoutMs: 1000 })
    expect(await dns('web')).toMatchObject({ outcome: 'yes', records: ['172.25.0.9'] })
    expect(await dns('172.25.0.9', 'PTR')).toMatchObject({ outcome: 'yes', records: ['web.shop.'] })
    expect(await dns('9.0.25.172.in-addr.arpa', 'PTR')).toMatchObject({ outcome: 'yes', records: ['web.shop.'] })
    expect(await dns('web', 'AAAA')).toMatchObject({ outcome: 'no', records: [] })
    expect(await dns('db')).toMatchObject({ outcome: 'no', records: [] })
    expect(await dns('web', 'A', '172.25.0.9')).toMatchObject({ outcome: 'no', cause: 'refused' })
  })
})
