import { describe, expect, it } from 'vitest'
import { causeForeseen, causeOfName } from '../../server/cause/causes.js'
import type { LivePlace } from '../../server/place/place.js'
import { find } from '../../server/place/reference.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { diagnosed } from './three-views.js'

function offlineRack(): StateBuilder {
  const rack = standardRack()
  rack.state.offline = true
  rack.state.lans.push({ name: 'lan', subnet: '192.168.1.0/24', gateway: '192.168.1.1', mtu: 1500 })
  return rack
}

const placeOf = (rack: StateBuilder, name: string) => find(name, rack.state, 'node1') as LivePlace
const toAddress = (rack: StateBuilder, address: string, from = 'web') =>
  causeForeseen({ state: rack.state, home: 'node1', from: placeOf(rack, from), address, protocol: 'icmp' })
const toName = (rack: StateBuilder, name: string, from = 'web') =>
  causeOfName({ state: rack.state, home: 'node1', from: placeOf(rack, from), name })

describe('a goal in the internet, asked for in a rack without', () => {
  it('is told as out of reach by its address, as far as its packets come', () => {
    const cause = toAddress(offlineRack(), '8.8.8.8')!
    expect(cause.code).toBe('offline')
    expect(cause.what.en).toContain('come as far as `192.168.1.1`, the gateway of LAN `lan`')
    expect(cause.evidence).toEqual(['node1: default via 192.168.1.1 dev eth0', 'topology: internet: false'])
    expect(cause.tries.map(({ en }) => en)).toEqual([expect.stringMatching(/^ask for something within the lab/)])
  })

  it('is told where a host is on no LAN at all', () => {
    const rack = offlineRack()
    const own = rack.host('node1').namespaces[0]!
    own.links = own.links.filter(({ lan }) => lan === undefined)
    own.routes = own.routes.filter(({ device }) => device !== 'eth0')
    expect(toAddress(rack, '8.8.8.8')).toMatchObject({
      code: 'offline',
      evidence: [expect.stringContaining('on no LAN'), expect.anything()],
    })
  })

  it.each(['example.com', 'deb.debian.org', 'Registry-1.docker.io.'])('%s is told as a name out of reach', (name) => {
    for (const from of ['web', 'client', 'laptop']) expect(toName(offlineRack(), name, from).code).toBe('offline')
  })

  it.each([...['172.20.0.99', '192.168.1.99', '10.9.9.9', '169.254.1.1', '127.0.0.1', '224.0.0.1']])(
    '%s may be within',
    (address) => {
      expect(toAddress(offlineRack(), address)?.code).not.toBe('offline')
    },
  )

  it.each(['web2', 'web.my_net', 'db.local', 'intranet.corp', 'a.example', 'x.12'])('%s may be within', (name) => {
    expect(toName(offlineRack(), name).code).not.toBe('offline')
  })

  it('is nothing that a network of the rack has a range for', () => {
    const rack = offlineRack()
    rack.state.lans.push({ name: 'dmz', subnet: '8.8.8.0/24', gateway: '8.8.8.1', mtu: 1500 })
    expect(toAddress(rack, '8.8.8.8')?.code).not.toBe('offline')
  })

  it('is told by what stops it within the rack, where anything does', () => {
    const rack = offlineRack()
    rack.host('node1').namespaces[0]!.forwards.ip4 = false
    expect(toAddress(rack, '8.8.8.8')?.code).toBe('forwarding-off')
    rack.namespaceOf(rack.host('node1'), 'web').routes = []
    expect(toAddress(rack, '8.8.8.8')?.code).not.toBe('offline')
  })

  it('is not told by a name that a server within the rack is asked for', () => {
    const rack = offlineRack()
    const web = rack.find(rack.host('node1'), 'web')
    web.dns.forwardsTo = ['192.168.1.50']
    expect(toName(rack, 'shop.example.com').code).toBe('unknown-name')
    // A resolver of the host's own may know what it likes, and one that is not there knows nothing.
    web.dns.forwardsTo = []
    const client = rack.find(rack.host('node1'), 'client')
    client.dns = { ...client.dns, nameservers: ['8.8.8.8', '8.8.4.4'], usesDefaults: true }
    rack.host('node1').dns.nameservers = ['127.0.0.53']
    expect(toName(rack, 'example.com', 'client').code).toBe('offline')
    rack.host('node1').namespaces[0]!.sockets.push({ protocol: 'udp', address: '127.0.0.53', port: 53 })
    expect(toName(rack, 'example.com', 'client').code).toBe('default-nameservers')
  })
})

it('is not said of a rack that has a way to the internet', () => {
  const rack = offlineRack()
  delete rack.state.offline
  expect(toAddress(rack, '8.8.8.8')?.code).not.toBe('offline')
  expect(toName(rack, 'example.com').code).toBe('unknown-name')
})

it('is what a diagnosis says of a nameserver out there', async () => {
  const rack = offlineRack()
  rack.find(rack.host('node1'), 'client').dns.nameservers = ['8.8.8.8']
  const found = await diagnosed(rack, 'client', {
    'client dns vethlab.invalid': { outcome: 'no', cause: 'unroutable', detail: '' },
  })
  expect(found.find(({ cause }) => cause === 'offline')).toMatchObject({
    outcome: 'problem',
    text: { en: expect.stringContaining('`8.8.8.8` is an address in the internet') },
  })
})
