import { expect, it } from 'vitest'
import { findingOf } from '../../server/check/checks.js'
import { VethlabError } from '../../server/error/vethlab-error.js'
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

it('calls a host that is down by its name in the rack', async () => {
  const down = async () => {
    throw new VethlabError('host.unreachable', 'the host is down', { place: 'h53bd7e7167', cure: 'Reset the host.' })
  }
  const ground = new RackGround({ ...racks, capture: down, probe: down } as unknown as Racks, 'r1')
  const question = { kind: 'ping', address: '10.0.0.1', count: 1, timeoutMs: 100 } as const
  for (const [asked, host] of [
    [ground.capture(), 'node1'],
    [ground.ask('node2', question), 'node2'],
  ] as const) {
    const finding = findingOf(await asked.catch((error: unknown) => error))
    expect(finding).toMatchObject({
      outcome: 'error',
      reason: 'host.unreachable',
      why: {
        en: `the check could not be made: ${host}: the host is down. Reset the host.`,
        zh: `无法完成检查：${host}：主机已停止运行。请重置这台主机。`,
      },
    })
  }
})
