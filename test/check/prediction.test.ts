import { expect, it } from 'vitest'
import { parseCheck, runCheck } from '../../server/check/checks.js'
import type { Finding } from '../../server/check/verdict.js'
import { questionOf } from '../../server/lab/lab.js'
import { cases, contextOf, read, refused, type Script, ScriptedProbe, unasked, yes } from './cases.js'
import { type StateBuilder, standardRack } from './state-builder.js'

const ask = { en: 'Who reaches whom?', zh: '谁能访问谁？' }
/** `api` and `client` share no network; `web` is on that of `api`, `db` on that of `client`. */
const spec = {
  id: 'q',
  ask,
  from: ['api', 'client'],
  to: [{ to: 'web', port: 80 }, { to: 'db', port: 6379 }, { to: 'client' }],
}
const right = 'api: yes no no; client: no yes -'
/** As the network of these is: each reaches its own side, and every target answers itself. */
const network: Script = {
  'api tcp 172.20.0.2:80': yes,
  'web tcp 172.20.0.2:80': yes,
  'client tcp 172.17.0.2:6379': yes,
  'db tcp 172.17.0.2:6379': yes,
  'client ping 172.17.0.3': yes,
}
const given = (answer: string) => ({ spec, network, answers: { q: answer } })

cases('prediction', [
  { gives: 'pass', ...given(right), says: 'all 5 cells' },
  { gives: 'pass', ...given('client: no yes -\napi: YES, no, no'), says: '5 格的测量结果都与预测一致' },
  { gives: 'prediction.none', spec, network },
  { gives: 'prediction.none', ...given('  ') },
  { gives: 'prediction.unknown', ...given('api yes'), says: 'such as `api: yes yes yes`' },
  { gives: 'prediction.unknown', ...given('api: yes; client: no yes -'), says: 'has one word' },
  { gives: 'prediction.unknown', ...given('api: yes no `rm`; client: no yes -'), says: "says `'rm'`" },
  { gives: 'prediction.unknown', ...given('api: yes no no; api: yes no no') },
  { gives: 'prediction.incomplete', ...given('api: yes no no'), says: '3 of 5 cells' },
  { gives: 'prediction.incomplete', ...given('api: yes ? no; client: no yes -'), says: '`api` → `db` (TCP 6379)' },
  // A row about oneself asks nothing, whatever is said there.
  { gives: 'pass', ...given('api: yes no no; client: no yes yes') },
  {
    gives: 'prediction.differs',
    ...given('api: yes no no; client: no no -'),
    says: '`client` → `db` (TCP 6379) was measured to answer, since `client` and `db` are both on the network `bridge`',
    never: '`api`',
  },
  {
    gives: 'prediction.differs',
    ...given('api: yes yes no; client: no yes -'),
    says: '`api` is on `my_net` and `db` on `bridge`',
    never: '`web`',
  },
  { gives: 'prediction.differs', ...given('api: no no no; client: yes yes -'), says: '5 格中有 3 格与预测一致' },
  // By TCP a port that nobody serves is no wall: it is as with `reach`.
  {
    gives: 'prediction.unproved',
    spec,
    network: { ...network, 'web tcp 172.20.0.2:80': refused, 'api tcp 172.20.0.2:80': refused },
    answers: { q: right },
    says: "`api` → `web` (TCP 80) can't be told",
  },
  { gives: 'prediction.no-such', spec: { ...spec, from: ['ghost'] }, network, answers: { q: 'ghost: no no no' } },
  {
    gives: 'prediction.no-such',
    spec: { ...spec, to: [{ to: 'old' }] },
    network,
    answers: { q: 'api: no; client: no' },
  },
  {
    gives: 'error probe.failed',
    spec,
    network: { ...network, 'api tcp 172.20.0.2:80': unasked },
    answers: { q: right },
  },
  // By name, and to an alias that is no container's name.
  {
    gives: 'pass',
    spec: { ...spec, to: [{ to: 'www', port: 80, by: 'name' }] },
    network: { ...network, 'api dns www': ['172.20.0.2'] },
    answers: { q: 'api: yes; client: no' },
  },
  {
    gives: 'prediction.differs',
    spec: { ...spec, to: [{ to: 'www', port: 80, by: 'name' }] },
    network: { ...network, 'api dns www': ['172.20.0.2'] },
    answers: { q: 'api: no; client: yes' },
    says: '`api` and `www` are both on the network `my_net`',
  },
  // From a LAN, through a published port, and from a container out through its host.
  {
    gives: 'prediction.differs',
    spec: { ...spec, from: ['laptop'], to: [{ to: 'node1', port: 8080 }] },
    network: { 'laptop tcp 192.168.1.11:8080': yes, 'node1 tcp 192.168.1.11:8080': yes },
    answers: { q: 'laptop: no' },
    says: '`node1` publishes its port 8080 for `node1/web`',
  },
  {
    gives: 'prediction.differs',
    spec: { ...spec, from: ['api'], to: [{ to: 'laptop' }] },
    network: { 'api ping 192.168.1.50': yes, 'laptop ping 192.168.1.50': yes },
    answers: { q: 'api: no' },
    says: 'leads to `node1` (`172.20.0.1`) by `eth0`, which passes it on',
  },
  {
    gives: 'prediction.differs',
    spec: { ...spec, from: ['api'], to: [{ to: 'node1', network: 'lan' }] },
    network: { 'api ping 192.168.1.11': yes, 'node1 ping 192.168.1.11': yes },
    answers: { q: 'api: no' },
    says: 'which has that address itself',
  },
  // Who shares a namespace reaches what is there, and nothing else of it.
  {
    gives: 'pass',
    spec: {
      ...spec,
      from: ['tools'],
      to: [
        { to: 'web', port: 80 },
        { to: 'web', port: 81 },
      ],
    },
    network: { 'web tcp 172.20.0.2:80': yes, 'web tcp 172.20.0.2:81': refused },
    answers: { q: 'tools: yes no' },
  },
  // What a rule of the asking side leads elsewhere is no answer of the target.
  {
    gives: 'prediction.unproved',
    spec: { ...spec, from: ['laptop'], to: [{ to: 'node1', port: 8080 }] },
    given: ledAway,
    network: { 'laptop tcp 192.168.1.11:8080': yes, 'node1 tcp 192.168.1.11:8080': yes },
    answers: { q: 'laptop: yes' },
    says: 'REDIRECT',
  },
])

function ledAway(rack: StateBuilder): void {
  const [namespace] = rack.host('laptop').namespaces
  namespace!.chains.push({ family: 'ip', table: 'nat', name: 'OUTPUT' })
  namespace!.rules.push({
    ...{ family: 'ip', table: 'nat', chain: 'OUTPUT', position: 1, protocol: 'tcp', destinationPort: '8080' },
    ...{ target: 'REDIRECT', text: '-A OUTPUT -p tcp -m tcp --dport 8080 -j REDIRECT' },
  })
}

async function look(answer: string, script: Script = network): Promise<{ finding: Finding; asked: string[] }> {
  const rack = standardRack()
  const probe = new ScriptedProbe(rack, script)
  const finding = await runCheck(read({ prediction: spec }), contextOf(rack, { probe, answers: { q: answer } }))
  return { finding, asked: probe.asked }
}

it.each(['', 'api: yes no no', 'api: yes no no; client: ? yes -', 'api: yes no no; client: no yes'])(
  'asks the network nothing before all of it is filled in: %j',
  async (answer) => {
    const { finding, asked } = await look(answer)
    expect(finding.outcome).toBe('fail')
    expect(asked).toEqual([])
    expect(JSON.stringify(finding)).not.toMatch(/measured (?:not )?to|my_net|bridge/)
  },
)

it('tells each cell that differs with what was measured, and why where that shows', async () => {
  const { finding } = await look('api: no yes no; client: no yes -')
  expect(finding).toMatchObject({
    reason: 'prediction.differs',
    observed: { en: '3 of 5 cells are as predicted' },
    cells: [
      { row: 0, column: 0, measured: true, why: { en: expect.stringContaining('`my_net`') } },
      { row: 0, column: 1, measured: false, why: { zh: expect.stringContaining('`bridge`') } },
    ],
  })
})

it('says of many differences as many as a sentence has room for, whole, and how many more there are', async () => {
  const { finding } = await look('api: no yes yes; client: yes no -')
  if (finding.outcome !== 'fail') throw new Error(finding.outcome)
  expect(finding.cells).toHaveLength(5)
  const { en, zh } = finding.why
  expect(en).toMatch(/; and (?:one|two|three|four) more cells?$/)
  expect(zh).toMatch(/；另有 \d 格$/)
  for (const text of [en, zh]) expect(text.split('`').length % 2).toBe(1)
})

it('asks each target once whether it answers itself, however many ask for it', async () => {
  const { finding, asked } = await look(right)
  expect(finding.outcome).toBe('pass')
  expect(asked.filter((one) => one === 'web tcp 172.20.0.2:80')).toHaveLength(1)
  expect(asked.filter((one) => one === 'db tcp 127.0.0.1:6379')).toHaveLength(1)
})

it('asks its question without a word of what will be measured', () => {
  expect(questionOf(read({ prediction: spec }))).toEqual({
    id: 'q',
    ask,
    predict: {
      rows: [
        { from: 'api', asked: [true, true, true] },
        { from: 'client', asked: [true, true, false] },
      ],
      columns: [
        { to: 'web', means: { en: 'TCP 80', zh: 'TCP 80' } },
        { to: 'db', means: { en: 'TCP 6379', zh: 'TCP 6379' } },
        { to: 'client', means: { en: 'ping', zh: 'ping' } },
      ],
    },
  })
  const named = {
    ...spec,
    to: [
      { to: 'db', with: 'udp', port: 53, by: 'name' },
      { to: 'db', network: 'shop' },
    ],
  }
  expect(questionOf(read({ prediction: named }))?.predict?.columns).toMatchObject([
    { means: { en: 'UDP 53, by name', zh: 'UDP 53，用名字' } },
    { means: { en: 'ping, on `shop`' } },
  ])
})

it.each([
  ['a row twice', { ...spec, from: ['api', 'api'] }, 'from.1: api is there twice'],
  ['a column twice', { ...spec, to: [{ to: 'db' }, { to: 'db', with: 'icmp' }] }, 'to.1: db by ping is there twice'],
  ['nobody else', { ...spec, from: ['db'], to: [{ to: 'db' }] }, 'has nobody but those who ask'],
  ['a port of ping', { ...spec, to: [{ to: 'db', with: 'icmp', port: 80 }] }, 'to.0.port: is nothing that icmp has'],
  ['TCP to nowhere', { ...spec, to: [{ to: 'db', with: 'tcp' }] }, 'to.0.with: needs a `port`'],
  ['a name on a network', { ...spec, to: [{ to: 'db', by: 'name', network: 'shop' }] }, 'to.0.network'],
  ['names too long', { ...spec, from: Array.from('abcd', (one) => one.repeat(128)) }, 'at most 500 are read'],
  ['columns for nobody to read', { ...spec, to: Array.from('abcdefg', (to) => ({ to })) }, 'to'],
])('is refused with %s', (_, wrong, said) => {
  const parsed = parseCheck({ prediction: wrong }, [])
  const issues = 'issues' in parsed ? parsed.issues.map(({ path, what }) => `${path.slice(1).join('.')}: ${what}`) : []
  expect(issues.join('\n')).toContain(said)
})

it('is no part of another check', () => {
  const parsed = parseCheck({ all: [{ prediction: spec }] }, [])
  expect('issues' in parsed && parsed.issues[0]!.what).toBe('"prediction" within all, any or not')
})
