import { expect, it } from 'vitest'
import { families, runCheck } from '../../server/check/checks.js'
import { contextOf, expectReadable, read, textsOf } from './cases.js'
import { swarmRack } from './state-builder.js'

/** Whatever a learner writes into names, labels, rules and images arrives as one harmless line. */
const evil = '`\u001b]0;x\u0007\n<script>$(id)\u202e\u200b$& `'.repeat(40)

it('cleans what comes from a rack', async () => {
  const rack = swarmRack()
  const spoil = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((item) => spoil(item))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, spoil(item, name)]))
    }
    const kept = ['id', 'namespace', 'name', 'kind', 'networkId', 'state']
    return typeof value === 'string' && !kept.includes(key) ? evil : value
  }
  const state = spoil(rack.state) as typeof rack.state
  for (const host of state.hosts) for (const one of host.engine?.containers ?? []) one.name ||= evil
  const checks = [
    { network: { name: 'my_net', driver: 'overlay' } },
    { network: { name: 'my_net', labels: { course: 'x' } } },
    { container: { name: 'web', image: 'redis' } },
    { container: { name: 'web', mode: 'host' } },
    { container: { name: 'web', aliases: { my_net: ['x'] } } },
    { interfaces: { of: 'web', only: [] } },
    { address: { of: 'web', address: '1.2.3.4' } },
    { route: { of: 'web', to: 'default' } },
    { link: { of: 'web', name: 'eth0', kind: 'dummy' } },
    { rule: { chain: 'DOCKER-USER' } },
    { port: { container: 'web', port: 80, published: 1 } },
    { reach: { from: 'api', to: 'web', port: 80 } },
    { resolve: { from: 'api', name: 'web' } },
    { swarm: { role: 'worker' } },
    { node: { name: 'node2' } },
    { service: { name: 'shop', image: 'x' } },
    { vxlan: { network: 'app_net' } },
    { macvlan: { container: 'mac', parent: 'x' } },
    { firewall: { from: 'laptop', to: 'web', port: 80 } },
    { answer: { id: 'q', ask: { en: 'x', zh: '某' }, equals: 'x' } },
  ]
  expect(checks.map((check) => Object.keys(check)[0])).toEqual(
    expect.arrayContaining(families.slice(0, 17).map(({ key }) => key)),
  )
  for (const check of checks) {
    const finding = await runCheck(read(check), contextOf(rack, { state, answers: { q: evil } }))
    for (const text of textsOf(finding)) {
      expectReadable(text)
      expect(text.en.length).toBeLessThanOrEqual(500)
    }
  }
})
