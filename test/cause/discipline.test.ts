import { describe, expect, it } from 'vitest'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { Journey } from '../trace/journey.js'
import { traced } from './three-views.js'

/** `api` (172.20.0.3) asks `web` (172.20.0.2) on the same bridge, and the laptop asks node1:8080, which leads to `web`. */

const node1 = (rack: StateBuilder) => rack.host('node1')
const own = (rack: StateBuilder) => node1(rack).namespaces[0]!
const veth = (rack: StateBuilder, name: string) => rack.find(node1(rack), name).endpoints[0]!.hostLink!
const set = (rack: StateBuilder, where: string, link: string, share: number) => {
  const namespace = where === 'node1' ? own(rack) : rack.namespaceOf(node1(rack), where)
  namespace.links.find(({ name }) => name === link)!.loses = { share, by: `netem loss ${share * 100}%` }
}
const tcp = { protocol: 'tcp', sourcePort: 40_000, destinationPort: 80 } as const
const request = (rack: StateBuilder) => new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.2', ...tcp })
const sent = (rack: StateBuilder) => request(rack).by('node1/api', 'eth0', 'out').by('node1', veth(rack, 'api'), 'in')
const arrived = (rack: StateBuilder) => sent(rack).by('node1', veth(rack, 'web'), 'out').by('node1/web', 'eth0', 'in')
const answering = (rack: StateBuilder) =>
  arrived(rack)
    .becomes({ source: '172.20.0.2', sourcePort: 80, destination: '172.20.0.3', destinationPort: 40_000 })
    .by('node1/web', 'eth0', 'out', { role: 'reply' })
    .by('node1', veth(rack, 'web'), 'in', { role: 'reply' })

async function told(rack: StateBuilder, journey: Journey, outcome: 'silent' | 'unroutable' = 'silent') {
  const { cause } = await traced(rack, { from: 'api', to: '172.20.0.2', port: 80, protocol: 'tcp' }, [
    journey.ends(outcome),
  ])
  return cause
}

describe('a discipline that drops all is the cause', () => {
  it.each<[string, string, (rack: StateBuilder) => string, (rack: StateBuilder) => Journey]>([
    ['of what the sender never sent', 'api', () => 'eth0', request],
    ['of what did not go into the other one', 'node1', (rack) => veth(rack, 'web'), sent],
    ['of an answer that was not sent', 'web', () => 'eth0', arrived],
    ['of an answer that did not come back', 'node1', (rack) => veth(rack, 'api'), answering],
    [
      'of a MAC address that is not told',
      'web',
      () => 'eth0',
      (rack) => request(rack).asks('node1/api', 'eth0', '172.20.0.2'),
    ],
  ])('%s', async (_what, where, link, journey) => {
    const rack = standardRack()
    set(rack, where, link(rack), 1)
    const cause = await told(rack, journey(rack))
    expect(cause).toMatchObject({ code: 'discipline' })
    expect(cause!.what.en).toContain('which drops all')
    expect(cause!.tries[0]!.en).toContain(`tc qdisc del dev ${link(rack)} root`)
  })
})

describe('one that drops some by chance', () => {
  it.each<[string, string, (rack: StateBuilder) => string, (rack: StateBuilder) => Journey, string]>([
    ['of what the sender never sent', 'api', () => 'eth0', request, 'this packet'],
    ['of what came to the bridge and did not leave it', 'node1', (rack) => veth(rack, 'web'), sent, 'this packet'],
    [
      'of an answer that came to the bridge and did not leave it',
      'node1',
      (rack) => veth(rack, 'api'),
      answering,
      'the answer',
    ],
  ])('is the cause %s', async (_what, where, link, journey, lost) => {
    const rack = standardRack()
    set(rack, where, link(rack), 0.3)
    const cause = await told(rack, journey(rack))
    expect(cause).toMatchObject({ code: 'discipline' })
    expect(cause!.what.en).toContain(`30 % of what it should send by \`${link(rack)}\`, by chance`)
    expect(cause!.what.en).toContain(`${lost} did not leave by it`)
  })

  it.each<[string, string, (rack: StateBuilder) => string, (rack: StateBuilder) => Journey]>([
    ['where the answer was never seen', 'web', () => 'eth0', arrived],
    ['on a link that the packet did leave by', 'api', () => 'eth0', sent],
    ['on the way of an answer, for a packet that was lost before', 'node1', (rack) => veth(rack, 'api'), sent],
    [
      'where the packet was not sent, for a MAC address that nobody told',
      'api',
      () => 'eth0',
      (rack) => request(rack).asks('node1/api', 'eth0', '172.20.0.2'),
    ],
    [
      'where something kept the watchers from seeing',
      'node1',
      (rack) => veth(rack, 'web'),
      (rack) => sent(rack).fault('a flood'),
    ],
  ])('is not called the cause %s', async (_what, where, link, journey) => {
    const rack = standardRack()
    set(rack, where, link(rack), 0.3)
    expect((await told(rack, journey(rack)))?.code).toBe('unknown')
  })

  it('is not called the cause where the kernel itself said no', async () => {
    const rack = standardRack()
    set(rack, 'api', 'eth0', 0.3)
    expect((await told(rack, request(rack), 'unroutable'))?.code).toBe('unknown')
  })
})
