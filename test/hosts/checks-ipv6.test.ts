import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseCheck, runCheck } from '../../server/check/checks.js'
import { evaluate } from '../../server/check/evaluate.js'
import type { Check } from '../../server/check/family.js'
import type { Finding } from '../../server/check/verdict.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** `resolve` and `reach` ask for one family of addresses, on a real Engine and a LAN of both. */

let racks: LocalRacks
let rack: RackInfo
let probe: RackGround

async function sh(host: string, script: string): Promise<void> {
  const result = await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
}

function read(value: unknown): Check {
  const parsed = parseCheck(value, [])
  if ('check' in parsed) return parsed.check
  throw new Error(JSON.stringify(parsed.issues))
}

async function look(value: unknown): Promise<Finding> {
  const state = await probe.capture()
  const signal = AbortSignal.timeout(30_000)
  return runCheck(read(value), { state, probe, home: 'node1', answers: {}, labDirectory: '/nonexistent', signal })
}

async function expectOutcome(check: unknown, wanted: string): Promise<Finding> {
  const finding = await look(check)
  expect(finding.outcome === 'pass' ? 'pass' : finding.reason, JSON.stringify(finding)).toBe(wanted)
  return finding
}

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', laptop: '.50' } } },
  })
  probe = new RackGround(racks, rack.id)
  await sh(
    'node1',
    `docker network create --ipv6 --subnet 172.21.0.0/16 --subnet fd00:21::/64 both
     docker network create old
     docker run -d --name one --network both busybox sleep infinity
     docker run -d --name two --network both busybox sleep infinity
     docker run -d --name three --network old busybox sleep infinity
     docker run -d --name four --network old busybox sleep infinity
     setsid -f socat TCP6-LISTEN:7000,fork,reuseaddr,ipv6only=0 EXEC:cat >/dev/null 2>&1 </dev/null`,
  )
  // An address of IPv6 is not used before nobody else was found to have it (RFC 4862, 5.4).
  const [ready] = await evaluate(
    [{ ...read({ reach: { from: 'laptop', to: 'node1', port: 7000, family: 'both' } }), within: 30 }],
    probe,
    {
      home: 'node1',
      labDirectory: '/nonexistent',
    },
  )
  expect(ready!.finding, JSON.stringify(ready)).toMatchObject({ outcome: 'pass' })
})
afterAll(() => racks.closeAll())

it.each<[unknown, string]>([
  [{ resolve: { from: 'one', name: 'two', type: 'A', to: 'two' } }, 'pass'],
  [{ resolve: { from: 'one', name: 'two', type: 'AAAA', to: 'two' } }, 'pass'],
  [{ resolve: { from: 'one', name: 'two', to: 'fd00:21::3' } }, 'pass'],
  [{ resolve: { from: 'one', name: 'two', to: 'fd00:21::99' } }, 'resolve.elsewhere'],
  [{ resolve: { from: 'three', name: 'four', type: 'AAAA' } }, 'resolve.family'],
  [{ resolve: { from: 'three', name: 'four', type: 'AAAA', expect: 'no' } }, 'pass'],
  [{ resolve: { from: 'one', name: 'two', type: 'AAAA', expect: 'no' } }, 'resolve.resolved'],
  [{ reach: { from: 'one', to: 'two', family: 'ipv6' } }, 'pass'],
  [{ reach: { from: 'one', to: 'two', family: 'both' } }, 'pass'],
  [{ reach: { from: 'one', to: 'two', by: 'name', family: 'ipv6' } }, 'pass'],
  [{ reach: { from: 'one', to: 'two', network: 'both', family: 'ipv6' } }, 'pass'],
  [{ reach: { from: 'three', to: 'four', family: 'ipv6' } }, 'reach.family'],
  [{ reach: { from: 'three', to: 'four', by: 'name', family: 'both' } }, 'reach.family'],
  [{ reach: { from: 'one', to: 'two', family: 'ipv6', expect: 'no' } }, 'reach.reached'],
])('%j: %s', async (check, wanted) => {
  await expectOutcome(check, wanted)
})

it('a wall of IPv6 alone fails IPv6 alone, and is named', async () => {
  const asked = { from: 'laptop', to: 'node1', port: 7000 }
  await sh('node1', 'ip6tables -A INPUT -s fd00:1::32 -j DROP')
  await expectOutcome({ reach: { ...asked, family: 'ipv4' } }, 'pass')
  const finding = await expectOutcome({ reach: { ...asked, family: 'both' } }, 'reach.silent')
  expect(finding).toMatchObject({ why: { en: expect.stringContaining('INPUT') } })
  await sh('node1', 'ip6tables -D INPUT -s fd00:1::32 -j DROP; iptables -A INPUT -s 192.168.1.50 -j DROP')
  await expectOutcome({ reach: { ...asked, family: 'ipv6' } }, 'pass')
  await expectOutcome({ reach: { ...asked, family: 'ipv4' } }, 'reach.silent')
})
