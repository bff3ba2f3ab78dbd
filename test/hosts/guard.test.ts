import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreSharedTables } from '../../server/rack/guard/shared-tables.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** One host takes what all share; it is ended, and whoever stands beside it notices nothing. */

let racks: LocalRacks
let rack: RackInfo

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { taker: { kind: 'plain', memory: '512m', pids: 512 }, beside: 'plain' },
    lans: { lan: { subnet: '192.168.0.0/16', at: { taker: '.0.11', beside: '.0.12' } } },
  })
}, 120_000)
afterAll(async () => {
  await racks?.closeAll()
})

/** Perl, as every host has it. Each holds what it has got until it is ended. */
const takers = {
  'rings of packet sockets': {
    why: 'kernel-memory',
    program: `for (1 .. 4) {
      socket(my $s, 17, 3, 0) or die "socket: $!";
      setsockopt($s, 263, 5, pack 'I4', 1 << 20, 256, 2048, 131072) or die "ring: $!";
      push @held, $s;
    }`,
  },
  'rings whose maker has left the namespace': {
    why: 'kernel-memory',
    program: `open(my $home, '<', '/proc/self/ns/net');
    my ($unshare, $setns) = -e '/lib64' ? (272, 308) : (97, 268);
    syscall($unshare, 0x40000000) == 0 or die "unshare: $!";
    for (1 .. 4) {
      socket(my $s, 17, 3, 0) or die "socket: $!";
      setsockopt($s, 263, 5, pack 'I4', 1 << 20, 256, 2048, 131072) or die "ring: $!";
      push @held, $s;
    }
    syscall($setns, fileno $home, 0) == 0 or die "setns: $!";`,
  },
  'rings behind more sockets than are looked at': {
    // While it is made, its maker is seen in that namespace.
    why: ['kernel-memory', 'uncountable'],
    program: `for (1 .. 17_000) { socket(my $s, 2, 2, 0) or die "socket: $!"; push @held, $s }
    open(my $home, '<', '/proc/self/ns/net');
    my ($unshare, $setns) = -e '/lib64' ? (272, 308) : (97, 268);
    syscall($unshare, 0x40000000) == 0 or die "unshare: $!";
    for (1 .. 4) {
      socket(my $s, 17, 3, 0) or die "socket: $!";
      setsockopt($s, 263, 5, pack 'I4', 1 << 20, 256, 2048, 131072) or die "ring: $!";
      push @held, $s;
    }
    syscall($setns, fileno $home, 0) == 0 or die "setns: $!";`,
  },
  'datagrams that nobody reads': {
    why: 'kernel-memory',
    program: `for (1 .. 160) {
      socket(my $s, 2, 2, 0) or die "socket: $!";
      setsockopt($s, 1, 8, pack 'i', 1 << 30);
      bind($s, pack 'S n C4 x8', 2, 0, 127, 0, 0, 1) or die "bind: $!";
      my $own = getsockname $s;
      for (1 .. 150) { send $s, 'x' x 60000, 0x40, $own }
      push @held, $s;
    }`,
  },
  'pseudo-terminals': {
    why: 'terminals',
    program: `for (1 .. 8500) { open(my $master, '+<', '/dev/ptmx') or die "ptmx: $!"; push @held, $master }`,
  },
  neighbours: {
    why: 'neighbours',
    program: `open(my $ip, '|-', 'ip -force -batch -') or die;
    for my $n (256 .. 14000) {
      printf $ip "neigh replace 192.168.%d.%d lladdr 02:00:00:00:00:01 nud reachable dev eth0\\n", $n >> 8, $n & 255;
    }
    close $ip;`,
  },
} as const

async function isWell(): Promise<void> {
  const { hosts } = await racks.info(rack.id)
  expect(hosts.find(({ name }) => name === 'beside')).toMatchObject({ alive: true })
  const ping = await racks.exec(rack.id, 'beside', ['ping', '-c', '1', '-W', '2', '192.168.0.1'])
  expect(ping.failed, ping.stdout).toBe(false)
}

describe('what all of the machine share', () => {
  it.each(Object.entries(takers))(
    '%s: who takes too much is ended, and nobody else',
    { timeout: 240_000 },
    async (_, { why, program }) => {
      const held = `my @held; ${program} print "held\\n"; sleep 120`
      const taking = racks.exec(rack.id, 'taker', ['perl', '-e', `$| = 1; ${held}`], { timeoutMs: 120_000 })
      const taker = async () => (await racks.info(rack.id)).hosts.find(({ name }) => name === 'taker')!
      await expect.poll(async () => (await taker()).alive, { timeout: 90_000, interval: 100 }).toBe(false)
      expect((await taking).stderr).toBe('')
      expect([why].flat()).toContain((await taker()).ended)
      await isWell()
      const { hosts } = await racks.reset(rack.id, 'taker')
      expect(hosts.find(({ name }) => name === 'taker')).toMatchObject({ alive: true })
      expect(hosts.find(({ name }) => name === 'taker')).not.toHaveProperty('ended')
      await isWell()
    },
  )

  it('leaves a packet capture alone', async () => {
    const capture = racks.exec(rack.id, 'taker', [
      'timeout',
      '3',
      'tcpdump',
      '-i',
      'any',
      '-B',
      '8192',
      '-w',
      '/dev/null',
    ])
    await isWell()
    await capture
    expect((await racks.info(rack.id)).hosts).toMatchObject([{ alive: true }, { alive: true }])
  })

  it('gets larger tables while there are racks, and the values of before when they are put back', async () => {
    const size = () => Number(readFileSync('/proc/sys/net/ipv4/neigh/default/gc_thresh3', 'utf8'))
    expect(size()).toBeGreaterThanOrEqual(16_384)
    const raised = JSON.parse(readFileSync(testState.raisedTables, 'utf8')) as Record<string, { from: number }>
    const before = raised['net/ipv4/neigh/default/gc_thresh3']?.from
    await racks.closeAll()
    await restoreSharedTables(testState)
    if (before !== undefined) expect(size()).toBe(before)
  })
})
