import { expect, it } from 'vitest'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { Racks } from '../../server/racks/racks.js'
import { fixture, rackShape } from '../network/fixtures.js'

const racks = {
  info: async (rack: string) => ({ id: rack, ...rackShape() }),
  capture: async (_rack: string, host: 'node1' | 'node2' | 'laptop') => fixture(host),
  probe: async (rack: string, host: string, question: unknown) => ({ outcome: 'yes', rack, host, question }),
} as unknown as Racks

it('captures all hosts of a rack at once', async () => {
  const { hosts } = await new RackGround(racks, 'r1').capture()
  expect(hosts.map(({ name }) => name)).toEqual(['node1', 'node2', 'laptop'])
})

it('hands questions on', async () => {
  const question = { kind: 'ping', address: '10.0.0.1' } as const
  expect(await new RackGround(racks, 'r1').ask('node2', question)).toMatchObject({
    rack: 'r1',
    host: 'node2',
    question,
  })
})
