import { expect, it } from 'vitest'
import { parseCheck, runCheck } from '../../server/check/checks.js'
import { cases, contextOf, read, unverified } from './cases.js'
import { standardRack, swarmRack } from './state-builder.js'

const ask = { en: 'Which one?', zh: '哪一个？' }
const value = (spec: object) => ({ id: 'q', ask, value: spec })
const address = value({ container: 'web', fact: 'address' })
const words = { id: 'q', ask, equals: ['two words', 7] }
const hostLink = value({ container: 'web', fact: 'hostLink' })
const subnet = value({ network: 'my_net', fact: 'subnet' })
const mac = value({ container: 'web', fact: 'mac' })
const why = { en: 'that is what stands beside it', zh: '那是旁边的另一个值' }

const standard = standardRack().state.hosts[0]!
const endpointOf = (name: string) => standard.engine!.containers.find((one) => one.name === name)!.endpoints[0]!
const macOf = (name: string) => endpointOf(name).mac!
const hostIndexOf = (name: string) =>
  standard.namespaces[0]!.links.find((link) => link.name === endpointOf(name).hostLink)!.index

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
  { gives: 'pass', spec: address, answers: { q: 'inet 172.20.0.2/16 brd 172.20.255.255 scope global eth0' } },
  { gives: 'pass', spec: address, answers: { q: '-A DOCKER -d 172.20.0.2/32 ! -i br-1 -o br-1 -p tcp -j ACCEPT' } },
  { gives: 'pass', spec: hostLink, answers: { q: `12: ${endpointOf('web').hostLink}@if2: <UP> mtu 1500` } },
  { gives: 'pass', spec: { id: 'q', ask, equals: ['172.20.0.2', '10.0.0.1'] }, answers: { q: '10.0.0.1, 172.20.0.2' } },
  { gives: 'pass', spec: { id: 'q', ask, equals: ['0', 'none'] }, answers: { q: '0 routes' } },
  { gives: 'answer.several', spec: address, answers: { q: '172.20.0.2 or 172.20.0.3' } },
  { gives: 'answer.length', spec: address, answers: { q: '172.20.0.2/24' }, says: '`172.20.0.2` is right' },
  { gives: 'answer.length', spec: subnet, answers: { q: '172.20.0.0' }, says: 'length is missing' },
  { gives: 'answer.length', spec: subnet, answers: { q: '172.20.0.0/24' }, says: '`/24`' },
  { gives: 'answer.other', spec: subnet, answers: { q: '172.21.0.0/16' }, says: 'the subnet of network `inner`' },
  { gives: 'answer.other', spec: address, answers: { q: '172.20.0.3/16' }, says: 'address of `eth0` in `api`' },
  { gives: 'answer.other', spec: address, answers: { q: '172.20.0.1' }, says: 'gateway of network `my_net`' },
  { gives: 'answer.other', spec: address, answers: { q: '192.168.1.50' }, says: '`eth0` on `laptop`' },
  { gives: 'answer.other', spec: address, answers: { q: '127.0.0.1' }, says: 'loopback' },
  {
    gives: 'answer.other',
    spec: hostLink,
    answers: { q: `${endpointOf('api').hostLink}@if4` },
    says: 'the other end of `eth0` of `api`',
  },
  { gives: 'answer.other', spec: hostLink, answers: { q: 'docker0' }, says: 'the bridge of network `bridge`' },
  { gives: 'answer.other', spec: mac, answers: { q: macOf('api') }, says: 'the MAC address of `eth0` in `api`' },
  {
    gives: 'answer.other',
    spec: hostLink,
    answers: { q: `${hostIndexOf('web')}` },
    says: 'the index of the link in question',
  },
  {
    gives: 'answer.other',
    spec: { ...address, instead: [{ value: { container: 'web', fact: 'gateway' }, why }] },
    answers: { q: '172.20.0.1' },
    says: why.zh,
  },
  {
    gives: 'answer.other',
    spec: { ...words, instead: [{ equals: ['three', 3], why }] },
    answers: { q: ' three. ' },
    says: why.en,
  },
  {
    gives: 'answer.wrong',
    spec: { ...words, instead: [{ value: { container: 'web', fact: 'address' }, why }] },
    answers: { q: '172.20.0.2' },
    given: unverified,
  },
  // Where nothing is known of it, nothing is said of it.
  { gives: 'answer.wrong', spec: address, answers: { q: '10.9.8.7' }, says: 'that is not it: `docker inspect web`' },
  {
    gives: 'answer.wrong',
    spec: { ...address, look: { run: 'docker logs web' } },
    answers: { q: '10.9.8.7' },
    says: '`docker logs web` on `node1` shows it',
    never: 'inspect',
  },
  { gives: 'answer.wrong', spec: address, answers: { q: 'web' }, says: 'an IP address is asked for' },
  { gives: 'answer.none', spec: address },
  { gives: 'answer.none', spec: address, answers: { q: ' \n ' } },
  { gives: 'answer.none', spec: { ...address, id: 'constructor' } },
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

it('names its question where a step asks several', async () => {
  const finding = (q: string, questions: number) =>
    runCheck(read({ answer: address }), { ...contextOf(standardRack(), { answers: { q } }), questions })
  expect(await finding('172.20.0.2', 1)).toMatchObject({ observed: { en: '`172.20.0.2` is right' } })
  expect(await finding('172.20.0.2', 2)).toMatchObject({
    observed: { en: 'Which one? `172.20.0.2` is right', zh: '哪一个？`172.20.0.2` 正确' },
  })
  expect(await finding('172.20.0.9', 2)).toMatchObject({ why: { en: expect.stringMatching(/^Which one\? /) } })
  expect(await finding('', 2)).toMatchObject({ why: { zh: expect.stringMatching(/^哪一个？/) } })
})

it('does not take as wrong what is right', () => {
  const instead = [{ equals: 'TWO words.', why }]
  expect(parseCheck({ answer: { ...words, instead } }, [])).toMatchObject({
    issues: [{ path: ['answer', 'instead', 0, 'equals'], what: expect.stringContaining('right as well') }],
  })
})
