import { expect, it } from 'vitest'
import type { ProbeAnswer } from '../../server/network/question.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { whyOfCheck } from './three-views.js'

/** Somebody who says no was reached: what drops packets silently is not why. */

const refused: Partial<ProbeAnswer> = { outcome: 'no', cause: 'refused', detail: 'refused' }
const silent: Partial<ProbeAnswer> = { outcome: 'no', cause: 'silent', detail: 'timed out' }
const node1 = (rack: StateBuilder) => rack.host('node1')

/** The rule by which Docker keeps two of its networks apart. */
function apart(): StateBuilder {
  const rack = standardRack()
  const { bridge } = node1(rack).engine!.networks.find(({ name }) => name === 'my_net')!
  rack.rule(node1(rack), {
    ...{ table: 'filter', chain: 'FORWARD', in: bridge!, out: 'docker0', target: 'DROP' },
    text: `-A FORWARD -i ${bridge} -o docker0 -j DROP`,
  })
  return rack
}

it('is not blamed on networks that are kept apart', async () => {
  const ask = (answer: Partial<ProbeAnswer>) =>
    whyOfCheck(apart(), { from: 'api', to: 'db', port: 6379 }, { 'api tcp 172.17.0.2:6379': answer })
  expect(await ask(silent)).toContain('drop')
  expect(await ask(refused)).not.toContain('drop')
})

it('never counts the DNS server of the Engine among the programs of a container', async () => {
  const rack = standardRack()
  const { sockets } = rack.namespaceOf(node1(rack), 'web')
  sockets.push({ protocol: 'tcp', address: '127.0.0.11', port: 39_999 })
  const why = await whyOfCheck(rack, { from: 'api', to: 'web', port: 81 }, { 'api tcp 172.20.0.2:81': refused })
  expect(why).toContain('80')
  expect(why).not.toContain('39999')
})
