import { expect, it } from 'vitest'
import { hostFiles } from '../../server/rack/host-files.js'
import { resolveTopology } from '../../server/racks/topology.js'

const plan = resolveTopology({
  hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
  lans: {
    lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', node2: '.12', laptop: '.50' } },
  },
})
const filesOf = (name: string) => hostFiles(plan, plan.hosts.find((host) => host.name === name)!)

it('tell a host without an Engine which hosts have one, and nobody else', () => {
  const lines = filesOf('laptop').hosts.split('\n')
  expect(lines).toContain('192.168.1.11 node1 # Docker Engine')
  expect(lines).toContain('192.168.1.12 node2 # Docker Engine')
  expect(lines).toContain('192.168.1.50 laptop')
  expect(filesOf('node1').hosts).not.toContain('#')
})
