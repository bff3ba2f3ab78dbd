import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { residentBytes } from '../../server/bench/server-process.js'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { requests } from '../../server/node/protocol.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { dial } from '../../server/rpc/channel.js'
import { fuzz } from '../fuzz/fuzz.js'
import { anyJson, spoiled } from '../fuzz/mutations.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

/** rackd, which is root, is asked for anything over both of its sockets: typed answers, and it goes on, no larger than before. */

let rackd: RackdProcess
let rack: RackInfo
let sizeBefore: number

beforeAll(async () => {
  rackd = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
  rack = await rackd.racks.open({
    hosts: { a: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { a: '.11' } } },
  })
  // What it has read once it keeps.
  for (let n = 0; n < 5; n++) await rackd.racks.capture(rack.id, 'a')
  sizeBefore = residentBytes(rackd.child.pid!)
})
afterAll(async () => {
  for (const { id } of (await rackd?.racks.list().catch(() => [])) ?? []) await rackd.racks.close(id)
  if (rackd?.child.exitCode === null) await rackd.end('SIGTERM')
})

/** In place of the rack's id, which is not known yet when inputs are made. */
const theRack = 'r'.repeat(10)
const of = { rack: theRack, host: 'a' }
const packet = { from: 'x', source: '192.168.1.11', destination: '192.168.1.1', protocol: 'icmp' }
const right: Partial<Record<string, object>> = {
  open: { topology: { hosts: { a: 'plain' }, lans: {} }, label: 'x', owner: 'y', token: 't' },
  list: { owner: 'x' },
  info: { rack: theRack },
  exec: { ...of, argv: ['true'], stdin: 'x', env: { A: 'b' }, timeoutMs: 1000, maxOutputBytes: 1000 },
  terminals: { rack: theRack },
  setLink: { ...of, lan: 'lan', state: 'mended' },
  engine: { ...of, path: '/networks' },
  capture: of,
  probe: { ...of, probe: { kind: 'ping', address: '192.168.1.1' } },
  runScript: { rack: theRack, directory: '/nonexistent', file: 'x', stdin: '' },
  observe: { ...of, packet },
}
const paramsOf = (method: string): object => (Object.hasOwn(right, method) ? right[method]! : of)
/** These would end what the others are asked about. */
const ending = ['close', 'reset', 'takeOver']
const asked = fc
  .oneof(
    { weight: 8, arbitrary: fc.constantFrom(...Object.keys(requests)) },
    fc.constantFrom('__proto__', 'toString', ''),
  )
  .chain((method) =>
    fc
      .record({ params: fc.oneof({ weight: 5, arbitrary: spoiled(paramsOf(method), 3) }, anyJson), web: fc.boolean() })
      .map((rest) => ({ method, ...rest })),
  )

function named(method: string, params: unknown): object {
  if (typeof params !== 'object' || params === null) return { params }
  const isOurs = 'rack' in params && params.rack === theRack && !ending.includes(method)
  return isOurs ? { ...params, rack: rack.id } : params
}

describe('rackd', () => {
  fuzz('is asked for anything', 300, fc.array(asked, { minLength: 1, maxLength: 8 }), async (questions) => {
    const channels = [await dial(state.rackdSocket), await dial(state.webRackdSocket)] as const
    try {
      await Promise.all(
        questions.map(async ({ method, params, web }) => {
          const channel = channels[web ? 1 : 0]
          try {
            const answer = await channel.request(method, named(method, params), { timeoutMs: 60_000 })
            if (method === 'open') await rackd.racks.close((answer as RackInfo).id)
          } catch (error) {
            // Anything else is a bug of ours that was told in one line.
            if (!(error instanceof VethlabError)) expect((error as Error).message).toMatch(/^no method "/)
            else expect(error.code).not.toBe('rackd.unreachable')
          }
        }),
      )
    } finally {
      for (const channel of channels) channel.close()
      // One that was opened while its opener gave up would be the next input's trouble.
      for (const { id } of await rackd.racks.list()) if (id !== rack.id) await rackd.racks.close(id)
    }
    expect(rackd.child.exitCode).toBeNull()
    expect((await rackd.racks.list()).map(({ id }) => id)).toEqual([rack.id])
    expect(residentBytes(rackd.child.pid!) - sizeBefore).toBeLessThan(128 * 1024 ** 2)
  })
})
