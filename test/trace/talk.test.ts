import { describe, expect, it } from 'vitest'
import type { Conversation, Overheard } from '../../server/network/conversation.js'
import type { Observation } from '../../server/network/observation.js'
import type { TraceStory } from '../../server/trace/story.js'
import { traceStory } from '../../server/trace/trace.js'
import type { Script } from '../check/cases.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { Journey, ScriptedGround } from './journey.js'

/** What a story makes of what was said and overheard; whether that is so is for test/hosts/incidents.test.ts. */

/** From `api` to port 80 of `web`, and from there on. */
const tcp = { version: 4, hops: 64, length: 60, dontFragment: true, protocol: 'tcp' } as const

function connection(rack: StateBuilder, from = 'api', to = 'web', port = 80): Observation {
  const [source, destination] = [from, to].map((name) => addressOf(rack, name)) as [string, string]
  return new Journey(rack, { protocol: 'tcp', source, destination, sourcePort: 40_000, destinationPort: port })
    .by(`node1/${from}`, 'eth0', 'out')
    .by(`node1/${to}`, 'eth0', 'in')
    .becomes({ source: destination, destination: source, sourcePort: port, destinationPort: 40_000 })
    .by(`node1/${to}`, 'eth0', 'out', { role: 'reply' })
    .by(`node1/${from}`, 'eth0', 'in', { role: 'reply' })
    .ends('answered')
}

/** A ping of the full size that nobody answers tells nothing. */
const noPing = (rack: StateBuilder) =>
  new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.2' }).ends('error', 'not asked here')

function addressOf(rack: StateBuilder, name: string): string {
  return rack.find(rack.host('node1'), name).endpoints[0]!.address!
}

function at(rack: StateBuilder, name: string, atMs: number, more: Partial<Overheard>): Overheard {
  const { id } = rack.namespaceOf(rack.host('node1'), name)
  return { atMs, host: 'node1', namespace: id, link: 'eth0', direction: 'in', ...more }
}

/** The request, as it comes to `web`. */
function request(rack: StateBuilder): Overheard {
  const packet = { ...tcp, source: '172.20.0.3', destination: '172.20.0.2', sourcePort: 40_001, destinationPort: 80 }
  return at(rack, 'web', 1, {
    packet: { ...packet, tcp: { flags: 'PA', sequence: 7, acknowledgement: 1 } },
    passedOn: true,
    hostHeader: 'web',
  })
}

/** `web` dials an address, and is refused where `refused`. */
function dial(rack: StateBuilder, destination: string, port: number, refused: boolean): Overheard[] {
  const there = { ...tcp, source: '172.20.0.2', destination, sourcePort: 50_000, destinationPort: port }
  const back = { ...tcp, source: destination, destination: '172.20.0.2', sourcePort: port, destinationPort: 50_000 }
  return [
    at(rack, 'web', 2, {
      direction: 'out',
      packet: { ...there, tcp: { flags: 'S', sequence: 9, acknowledgement: 0 } },
    }),
    ...(refused
      ? [at(rack, 'web', 3, { packet: { ...back, tcp: { flags: 'RA', sequence: 0, acknowledgement: 10 } } })]
      : []),
  ]
}

function conversation(said: string, overheard: Overheard[], more: Partial<Conversation> = {}): Conversation {
  return {
    ...{ outcome: said === '' ? 'silent' : 'answered', detail: '', said, overheard, upstreams: [], faults: [] },
    ...(said === '' ? {} : { saidMs: 5 }),
    ...{ durationMs: 6, ...more },
  }
}

/** The configuration of `web`. */
const upstreams = (rack: StateBuilder, ...names: string[]) =>
  names.map((name) => ({
    ...{ host: 'node1', namespace: rack.namespaceOf(rack.host('node1'), 'web').id, name, port: 8000 },
    ...{ file: '/etc/nginx/conf.d/default.conf', line: `proxy_pass http://${name}:8000;` },
  }))

async function ask(
  rack: StateBuilder,
  conversations: Conversation[],
  { second = [], script = {}, as = 'http' }: { second?: Observation[]; script?: Script; as?: 'http' | 'tls' } = {},
): Promise<TraceStory> {
  const ground = new ScriptedGround(rack, [connection(rack), noPing(rack), ...second], script, conversations)
  const question = { from: 'api', to: 'node1/web', port: 80, speaks: { as }, home: 'node1' }
  return traceStory(ground, question)
}

const bad = 'HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n'

/** A second packet from `web`, refused. */
function refused(rack: StateBuilder, destination: string, port: number): Observation {
  return new Journey(rack, { protocol: 'tcp', source: '172.20.0.2', destination, destinationPort: port })
    .by('node1/web', 'eth0', 'out')
    .ends('refused', 'Connection refused')
}

describe('a program that is spoken to', () => {
  it('has its status told, and to whom it passed the request on', async () => {
    const rack = standardRack()
    const onward = {
      ...tcp,
      source: '172.20.0.2',
      destination: '172.20.0.3',
      sourcePort: 50_000,
      destinationPort: 8000,
    }
    const passed = at(rack, 'api', 2, {
      packet: { ...onward, tcp: { flags: 'PA', sequence: 99, acknowledgement: 1 } },
      passedOn: true,
    })
    const story = await ask(rack, [conversation('HTTP/1.1 200 OK\r\n\r\n', [request(rack), passed])])
    expect(story).toMatchObject({
      outcome: 'answered',
      spoken: { as: 'http', how: 'answered', kind: 'http', status: 200, through: ['node1/web', 'node1/api'] },
    })
    expect(story.summary.en).toContain('answers `HTTP/1.1 200 OK`, having passed the request on to `node1/api`')
    expect(story.cause).toBeUndefined()
  })

  it('that answers 502 with nothing to be seen of why is told so, without a cause', async () => {
    const rack = standardRack()
    const story = await ask(rack, [conversation(bad, [request(rack)])])
    expect(story).toMatchObject({ outcome: 'answered', spoken: { status: 502 } })
    expect(story.cause).toBeUndefined()
  })

  it('that never answers, or hangs up, is a cause', async () => {
    const rack = standardRack()
    expect(await ask(rack, [conversation('', [request(rack)])])).toMatchObject({
      outcome: 'stopped',
      cause: { code: 'no-reply' },
    })
    const closed = () => conversation('', [request(rack)], { outcome: 'closed' })
    const story = await ask(rack, [closed(), closed(), closed()])
    expect(story.cause).toMatchObject({ code: 'no-reply' })
    expect(story.cause!.what.en).toContain('ends the connection without a word')
  })

  it('is not blamed for what was not seen to come to it', async () => {
    const rack = standardRack()
    const story = await ask(rack, [conversation('', [])])
    expect(story).toMatchObject({ outcome: 'stopped', cause: { code: 'unknown' } })
    expect(story.cause!.what.en).toContain('was not seen to come to a program')
  })

  it('behind a router that sees one direction alone is told of with its rule', async () => {
    const rack = standardRack()
    const node2 = rack.host('node2')
    const on = { host: 'node2', namespace: node2.namespaces[0]!.id, link: 'eth0' }
    const packet = { ...tcp, source: '172.20.0.3', destination: '172.20.0.2', sourcePort: 40_001, destinationPort: 80 }
    const first: Overheard = {
      ...{ ...on, atMs: -1, direction: 'out' },
      packet: { ...packet, tcp: { flags: 'S', sequence: 6, acknowledgement: 0 } },
    }
    const words: Overheard = {
      ...{ ...on, atMs: 1, direction: 'in', passedOn: true },
      packet: { ...packet, tcp: { flags: 'PA', sequence: 7, acknowledgement: 1 } },
    }
    expect((await ask(rack, [conversation('', [first, words])])).cause).toMatchObject({ code: 'unknown' })
    const text = '-A FORWARD -m conntrack --ctstate INVALID -j DROP'
    rack.rule(node2, { table: 'filter', chain: 'FORWARD', target: 'DROP', text })
    const { cause } = await ask(rack, [conversation('', [first, words])])
    expect(cause).toMatchObject({ code: 'one-way-tracking' })
    expect(cause!.evidence).toContain(`node2: filter: ${text}`)
    const answer: Overheard = {
      ...{ ...on, atMs: 0, direction: 'in' },
      packet: {
        ...{ ...packet, source: '172.20.0.2', destination: '172.20.0.3', sourcePort: 80, destinationPort: 40_001 },
        tcp: { flags: 'SA', sequence: 1, acknowledgement: 7 },
      },
    }
    expect((await ask(rack, [conversation('', [first, answer, words])])).cause).toMatchObject({ code: 'unknown' })
  })

  it('in another protocol is told by what it says', async () => {
    const rack = standardRack()
    const ssh = await ask(rack, [conversation('SSH-2.0-OpenSSH_9.2\r\n', [])])
    expect(ssh.cause).toMatchObject({ code: 'wrong-protocol' })
    const plain = await ask(rack, [conversation('HTTP/1.1 400 Bad Request\r\n\r\n', [])], { as: 'tls' })
    expect(plain.cause!.what.en).toBe('the program at port 80 of `node1/web` speaks HTTP, and was asked in TLS')
    const asks400 = conversation('HTTP/1.1 400 Bad Request\r\n\r\n', [])
    const secure = await ask(rack, [asks400, conversation('\x16\x03\x03\x00\x7a\x02', [])])
    expect(secure.cause!.what.en).toContain('speaks TLS, and was asked in HTTP without TLS')
  })

  it('that answers "bad request" and speaks no TLS is told by its status', async () => {
    const rack = standardRack()
    const asks400 = () => conversation('HTTP/1.1 400 Bad Request\r\n\r\n', [])
    expect(await ask(rack, [asks400(), asks400()])).toMatchObject({ outcome: 'answered', spoken: { status: 400 } })
  })
})

describe('a program that cannot connect itself', () => {
  it('is told of, with the cause of that second connection', async () => {
    const rack = standardRack()
    const talked = conversation(bad, [request(rack), ...dial(rack, '172.20.0.3', 81, true)])
    const story = await ask(rack, [talked], { second: [refused(rack, '172.20.0.3', 81)] })
    expect(story).toMatchObject({
      outcome: 'stopped',
      cause: { code: 'port-not-listening' },
      spoken: { dialled: { address: '172.20.0.3', port: 81, how: 'refused' } },
    })
    expect(story.hops.map(({ text }) => text.en).join('\n')).toContain(
      'meanwhile the program in `node1/web` itself connects to `172.20.0.3:81` and is refused; it looked up no name',
    )
  })

  const stale = (rack: StateBuilder, more: Partial<Conversation> = {}, ...further: Overheard[]) =>
    conversation(bad, [request(rack), ...dial(rack, '172.20.0.9', 8000, true), ...further], {
      upstreams: upstreams(rack, 'api'),
      ...more,
    })
  const asking = (rack: StateBuilder, talked: Conversation, script: Script = { 'web dns api': ['172.20.0.3'] }) =>
    ask(rack, [talked], { script, second: [refused(rack, '172.20.0.9', 8000)] })

  it('keeps an address, where its configuration has a name that leads elsewhere', async () => {
    const rack = standardRack()
    const story = await asking(rack, stale(rack))
    expect(story.cause).toMatchObject({ code: 'kept-address' })
    expect(story.cause!.evidence).toContain('node1/web: /etc/nginx/conf.d/default.conf: proxy_pass http://api:8000;')
    expect(story.cause!.tries[0]!.en).toContain('`docker exec web nginx -s reload`')
  })

  it('is one connection, where the kernel asks after its address as well', async () => {
    const rack = standardRack()
    const question = at(rack, 'web', 3, {
      direction: 'out',
      neighbour: { kind: 'question', target: '172.20.0.9', senderAddress: '172.20.0.2' } as Overheard['neighbour'] &
        object,
    })
    const talked = conversation('', [request(rack), ...dial(rack, '172.20.0.9', 8000, false), question], {
      upstreams: upstreams(rack, 'api'),
    })
    const story = await asking(rack, talked)
    expect(story).toMatchObject({ cause: { code: 'kept-address' }, spoken: { dialled: { port: 8000, how: 'silent' } } })
  })

  it('is asked once more, where nothing was to be seen of whom it could not reach', async () => {
    const rack = standardRack()
    const unseen = conversation(bad, [request(rack)], { upstreams: upstreams(rack, 'api') })
    const options = { script: { 'web dns api': ['172.20.0.3'] }, second: [refused(rack, '172.20.0.9', 8000)] }
    expect((await ask(rack, [unseen, stale(rack)], options)).cause).toMatchObject({ code: 'kept-address' })
    const story = await ask(rack, [unseen, unseen], options)
    expect(story).toMatchObject({ outcome: 'answered', spoken: { status: 502 } })
    expect(story.cause).toBeUndefined()
  })

  it.each([
    ['it looked a name up', (rack: StateBuilder) => stale(rack, {}, at(rack, 'web', 2, { lookup: 'api' }))],
    ['not all was heard', (rack: StateBuilder) => stale(rack, { faults: ['more frames came by than are told'] })],
    ['no configuration is known', (rack: StateBuilder) => stale(rack, { upstreams: [] })],
    ['two names could be meant', (rack: StateBuilder) => stale(rack, { upstreams: upstreams(rack, 'api', 'client') })],
    [
      'it connects to where the name leads as well',
      (rack: StateBuilder) => stale(rack, {}, ...dial(rack, '172.20.0.3', 8000, true)),
    ],
  ])('is not said to keep an address where %s', async (_why, talked) => {
    const rack = standardRack()
    const script = { 'web dns api': ['172.20.0.3'], 'web dns client': ['172.20.0.4'] }
    const story = await asking(rack, talked(rack), script)
    expect(story.cause?.code).not.toBe('kept-address')
  })

  it('is not said to keep an address that one of its names has', async () => {
    const rack = standardRack()
    const script = { 'web dns api': ['172.20.0.9'] }
    expect((await asking(rack, stale(rack), script)).cause?.code).not.toBe('kept-address')
  })
})
