import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { causeOf, causeOfName } from '../../server/cause/causes.js'
import { networkOwnerOf, networkRestartOf, restartOf, restartText } from '../../server/cause/restart.js'
import { isLive, placeOf } from '../../server/place/place.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { diagnosed } from './three-views.js'

/** In the standard rack, `tools` is a guest in the network namespace of `web`. */

const node1 = (rack: StateBuilder) => rack.host('node1')
const both = ['docker restart web', 'docker restart tools']

function place(rack: StateBuilder, name: string) {
  const one = placeOf(node1(rack), rack.find(node1(rack), name))
  if (!isLive(one)) throw new Error(name)
  return one
}

function guest(rack: StateBuilder, name: string, of: string) {
  const mother = rack.find(node1(rack), of)
  const one = rack.container(node1(rack), name, { on: {}, networkMode: `container:${mother.id}`, sharesWith: of })
  one.namespace = mother.namespace!
  return one
}

describe('a restart', () => {
  it('of a container is followed by that of its guests, and of theirs', () => {
    const rack = standardRack()
    expect(restartOf(node1(rack), 'web')).toEqual(both)
    guest(rack, 'spy', 'tools')
    guest(rack, 'log', 'web')
    expect(restartOf(node1(rack), 'web')).toEqual([
      'docker restart web',
      'docker restart tools log',
      'docker restart spy',
    ])
  })

  it('of a guest alone is no matter of the others, but its network is that of its host', () => {
    const rack = standardRack()
    expect(restartOf(node1(rack), 'tools')).toEqual(['docker restart tools'])
    expect(networkOwnerOf(node1(rack), 'tools')).toBe('web')
    expect(networkRestartOf(node1(rack), 'tools')).toEqual(both)
    expect(networkRestartOf(node1(rack), 'api')).toEqual(['docker restart api'])
  })

  it('leaves alone who has ended, and who was left behind before', () => {
    const rack = standardRack()
    const left = guest(rack, 'left', 'web')
    left.namespace = 'another'
    delete guest(rack, 'ended', 'web').namespace
    expect(restartOf(node1(rack), 'web')).toEqual(both)
  })

  it('ends where containers are said to be guests of each other', () => {
    const rack = standardRack()
    rack.find(node1(rack), 'web').networkMode = 'container:tools'
    expect(restartOf(node1(rack), 'web')).toEqual(both)
    expect(networkRestartOf(node1(rack), 'web').length).toBe(2)
  })

  it('is told with the reason for the others', () => {
    expect(restartText(['docker restart web']).en).toBe('`docker restart web`')
    expect(restartText(both).en).toMatch(/^`docker restart web`, then `docker restart tools` \(.*old one\)$/)
    expect(restartText(both).zh).toMatch(/^`docker restart web`，然后 `docker restart tools`/)
  })
})

describe('guests are named in the cure of', () => {
  const attempt = (rack: StateBuilder, from: string, address: string) => ({
    ...{ state: rack.state, home: 'node1', from: place(rack, from), address, protocol: 'tcp' as const, port: 80 },
  })
  const link = (rack: StateBuilder) => rack.namespaceOf(node1(rack), 'web').links.find(({ name }) => name === 'eth0')!
  const lost = (rack: StateBuilder, engine: string) =>
    node1(rack).disagreements.push({ about: 'container web on my_net', engine, kernel: 'no such address' })

  it('ipv6-off', () => {
    const rack = standardRack()
    link(rack).ipv6Off = true
    rack.namespaceOf(node1(rack), 'api').routes.push({
      ...{ family: 6, destination: 'fd00:20::/64', device: 'eth0', table: 'main', type: 'unicast' },
    })
    lost(rack, 'fd00:20::2')
    const { code, tries } = causeOf(attempt(rack, 'api', 'fd00:20::2'), 'unroutable')
    expect([code, tries[0]!.en]).toEqual(['ipv6-off', expect.stringContaining(restartText(both).en)])
  })

  it('no-such-address', () => {
    const rack = standardRack()
    link(rack).addresses = []
    lost(rack, '172.20.0.2')
    const { code, tries } = causeOf(attempt(rack, 'api', '172.20.0.2'), 'unroutable')
    expect([code, tries[0]!.en]).toEqual(['no-such-address', expect.stringContaining(restartText(both).en)])
  })

  it('unknown-name, where a guest asks and the rules of its namespace are gone', () => {
    const rack = standardRack()
    rack.namespaceOf(node1(rack), 'web').sockets.push({ protocol: 'udp', address: '127.0.0.11', port: 40_000 })
    const from = place(rack, 'tools')
    from.dns.nameservers = ['127.0.0.11']
    const { code, tries } = causeOfName({ state: rack.state, home: 'node1', from, name: 'shop' })
    expect([code, tries[0]!.en]).toEqual(['unknown-name', expect.stringContaining(restartText(both).en)])
  })

  it('a diagnosis of one whose links are gone', async () => {
    const rack = standardRack()
    const namespace = rack.namespaceOf(node1(rack), 'web')
    namespace.links = namespace.links.filter(({ kind }) => kind === 'loopback')
    for (const container of ['web', 'tools']) {
      const findings = await diagnosed(rack, container)
      const tries = findings.flatMap((one) => one.tries ?? []).map(({ en }) => en)
      expect(tries).toContain(`Let the Engine set it up anew: ${restartText(both).en}`)
    }
  })
})

it('is written nowhere else, so that guests are always thought of', () => {
  const server = join(import.meta.dirname, '../../server')
  for (const room of ['cause', 'diagnosis', 'trace', 'check', 'place']) {
    const files = readdirSync(join(server, room), { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('.ts'),
    )
    const advising = files.filter((file) =>
      readFileSync(join(server, room, file), 'utf8').includes('docker restart ${'),
    )
    expect(advising).toEqual(room === 'cause' ? ['restart.ts'] : [])
  }
})
