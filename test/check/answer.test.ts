import { expect, it } from 'vitest'
import { runCheck } from '../../server/check/checks.js'
import { cases, contextOf, read, unverified } from './cases.js'
import { standardRack, swarmRack } from './state-builder.js'

const ask = { en: 'Which one?', zh: '哪一个？' }
const value = (spec: object) => ({ id: 'q', ask, value: spec })
const address = value({ container: 'web', fact: 'address' })
const words = { id: 'q', ask, equals: ['two words', 7] }

cases('answer', [
  { gives: 'pass', spec: address, answers: { q: ' 172.20.0.2 ' } },
  { gives: 'pass', spec: words, answers: { q: '  Two   WORDS\n' } },
  { gives: 'pass', spec: words, answers: { q: '7' } },
  { gives: 'pass', spec: { id: 'q', ask, equals: 'fd00::1' }, answers: { q: 'FD00:0:0::1' } },
  { gives: 'pass', spec: value({ network: 'my_net', fact: 'subnet' }), answers: { q: '172.20.0.0/16' } },
  { gives: 'pass', spec: value({ link: 'eth0', of: 'web', fact: 'mtu' }), answers: { q: '1500' } },
  { gives: 'pass', spec: value({ container: 'web', fact: 'link', network: 'my_net' }), answers: { q: 'eth0' } },
  {
    gives: 'pass',
    spec: value({ network: 'app_net', host: 'node2', fact: 'vxlanId' }),
    rack: swarmRack,
    answers: { q: '4097' },
  },
  {
    gives: 'pass',
    spec: value({ swarm: 'node1', fact: 'nodeAddress' }),
    rack: swarmRack,
    answers: { q: '192.168.1.11' },
  },
  { gives: 'answer.none', spec: address },
  { gives: 'answer.none', spec: address, answers: { q: ' \n ' } },
  { gives: 'answer.none', spec: { ...address, id: 'constructor' } },
  { gives: 'answer.wrong', spec: address, answers: { q: '172.20.0.3' } },
  { gives: 'answer.wrong', spec: words, answers: { q: `two words${' '.repeat(600)}x`.replace('words', 'swords') } },
  { gives: 'answer.wrong', spec: words, answers: { q: '`\u001b[31m\u202e`' } },
  { gives: 'error answer.unknowable', spec: value({ container: 'nobody', fact: 'mac' }), answers: { q: 'x' } },
  { gives: 'error engine.unverified', spec: address, answers: { q: 'x' }, given: unverified },
])

it('never gives the right answer away', async () => {
  for (const typed of [undefined, '172.20.0.99']) {
    const answers: Record<string, string> = typed === undefined ? {} : { q: typed }
    const finding = await runCheck(read({ answer: address }), contextOf(standardRack(), { answers }))
    expect(finding.outcome).toBe('fail')
    expect(JSON.stringify(finding)).not.toMatch(/172\.20\.0\.2\b/)
  }
})
