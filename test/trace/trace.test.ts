import { describe, expect, it } from 'vitest'
import { hostId } from '../../server/map/ids.js'
import type { Observation } from '../../server/network/observation.js'
import type { TraceQuestion } from '../../server/place/question.js'
import type { TraceStory } from '../../server/trace/story.js'
import { traceStory } from '../../server/trace/trace.js'
import type { Script } from '../check/cases.js'
import { type StateBuilder, standardRack } from '../check/state-builder.js'
import { Journey, ScriptedGround } from './journey.js'

/** What a story says of given observations; whether observations are so is for test/hosts/causes.test.ts. */

async function trace(
  rack: StateBuilder,
  question: Omit<TraceQuestion, 'home'>,
  observations: Observation[],
  script?: Script,
): Promise<TraceStory & { ground: ScriptedGround }> {
  const ground = new ScriptedGround(rack, observations, script)
  return { ...(await traceStory(ground, { ...question, home: 'node1' })), ground }
}

const bridgeOf = (rack: StateBuilder, network: string) =>
  rack.host('node1').engine!.networks.find(({ name }) => name === network)!.bridge!
const vethOf = (rack: StateBuilder, container: string) =>
  rack.find(rack.host('node1'), container).endpoints[0]!.hostLink!

/** From `api` to `web`, over their bridge. */
function apiToWeb(rack: StateBuilder, more: Partial<ConstructorParameters<typeof Journey>[1]> = {}): Journey {
  return new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.2', ...more })
    .by('node1/api', 'eth0', 'out')
    .by('node1', vethOf(rack, 'api'), 'in')
    .by('node1', vethOf(rack, 'web'), 'out')
    .by('node1/web', 'eth0', 'in')
}

function andBack(journey: Journey): Observation {
  return journey
    .becomes({ source: '172.20.0.2', destination: '172.20.0.3' })
    .by('node1/web', 'eth0', 'out', { role: 'reply' })
    .by('node1/api', 'eth0', 'in', { role: 'reply' })
    .ends('answered')
}

/** From the laptop to the published port of `web`, as far as node1. */
function laptopToNode1(rack: StateBuilder): Journey {
  const packet = { source: '192.168.1.50', destination: '192.168.1.11', sourcePort: 40_000, destinationPort: 8080 }
  return new Journey(rack, { protocol: 'tcp', tcp: { flags: 'S', sequence: 1, acknowledgement: 0 }, ...packet })
    .by('laptop', 'eth0', 'out')
    .lan('lan', 'laptop', 'in')
    .lan('lan', 'node1', 'out')
    .by('node1', 'eth0', 'in')
}

describe('an answered packet', () => {
  it('is told hop by hop, with what the map shows of each, and a large one follows', async () => {
    const rack = standardRack()
    const story = await trace(
      rack,
      { from: 'api', to: 'web' },
      [andBack(apiToWeb(rack)), andBack(apiToWeb(rack, { length: 1500 }))],
      { 'api dns web': ['172.20.0.2'] },
    )
    expect(story).toMatchObject({ outcome: 'answered', protocol: 'icmp', from: 'api', to: 'web' })
    expect(story.cause).toBeUndefined()
    expect(story.hops.map(({ kind }) => kind)).toEqual(['name', 'route', 'link', 'link', 'link', 'answer', 'answer'])
    expect(story.hops.every(({ state }) => state === 'ok')).toBe(true)
    const [name, , , enters, arrives] = story.hops
    expect(name!.text.en).toContain('127.0.0.11')
    expect(enters!.text.en).toContain(`enters bridge \`${bridgeOf(rack, 'my_net')}\` of network \`my_net\``)
    expect(enters!.about).toContain('veth:node1/container:api:eth0')
    expect(arrives).toMatchObject({ place: 'node1/web', about: expect.arrayContaining(['node1/container:web']) })
    expect(story.ground.packets.map(({ packet }) => packet.size)).toEqual([undefined, 1500])
  })

  it('is not told of as answered where only small ones pass', async () => {
    const rack = standardRack()
    rack.namespaceOf(rack.host('node1'), 'web').links.find(({ name }) => name === 'eth0')!.mtu = 1300
    const cut = () =>
      new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.2', length: 1500 })
        .by('node1/api', 'eth0', 'out')
        .by('node1', vethOf(rack, 'api'), 'in')
        .ends('silent')
    const story = await trace(rack, { from: 'api', to: 'node1/web' }, [andBack(apiToWeb(rack)), cut(), cut()])
    expect(story).toMatchObject({ outcome: 'stopped', cause: { code: 'mtu-too-large' } })
    expect(story.cause!.evidence).toContain('node1/web: eth0 mtu 1300')
  })

  it('says nothing of large ones where no ping is answered at all', async () => {
    const rack = standardRack()
    const silent = () => apiToWeb(rack).ends('silent')
    const connected = andBack(apiToWeb(rack, { protocol: 'tcp', destinationPort: 80 }))
    const story = await trace(rack, { from: 'api', to: 'node1/web', port: 80 }, [
      connected,
      silent(),
      silent(),
      silent(),
    ])
    expect(story).toMatchObject({ outcome: 'answered' })
  })
})

describe('who answers', () => {
  /** Watchers are many sockets: which of them is heard first is chance. */
  const seenBackwards = (rack: StateBuilder) =>
    apiToWeb(rack)
      .becomes({ source: '172.20.0.2', destination: '172.20.0.3' })
      .by('node1/api', 'eth0', 'in', { role: 'reply' })
      .by('node1/web', 'eth0', 'out', { role: 'reply' })
      .ends('answered')

  it('is whose address and link the answer was sent from, whichever link saw it first', async () => {
    const rack = standardRack()
    const story = await trace(rack, { from: 'api', to: 'node1/web' }, [seenBackwards(rack), seenBackwards(rack)])
    const answer = story.hops.find(({ kind }) => kind === 'answer')!
    expect(answer.text.en).toContain('`node1/web` answers, and the answer is back in `api`')
    expect(answer.text.zh).toContain('`node1/web` 作出应答，应答回到了 `api`')
  })

  it('is the container behind a published port, not the host that translates its answer', async () => {
    const rack = standardRack()
    const packet = { source: '192.168.1.50', destination: '192.168.1.11', sourcePort: 40_000, destinationPort: 8080 }
    const seen = new Journey(rack, { protocol: 'tcp', ...packet })
      .by('laptop', 'eth0', 'out')
      .by('node1', 'eth0', 'in')
      .becomes({ destination: '172.20.0.2', destinationPort: 80 })
      .by('node1/web', 'eth0', 'in')
      .becomes({ source: '192.168.1.11', destination: '192.168.1.50', sourcePort: 8080, destinationPort: 40_000 })
      .by('laptop', 'eth0', 'in', { role: 'reply' })
      .by('node1', 'eth0', 'out', { role: 'reply' })
      .becomes({ source: '172.20.0.2', sourcePort: 80 })
      .by('node1/web', 'eth0', 'out', { role: 'reply' })
    const noPing = new Journey(rack, packet).ends('error', 'not asked here')
    const story = await trace(rack, { from: 'laptop', to: '192.168.1.11', port: 8080 }, [seen.ends('answered'), noPing])
    const answer = story.hops.find(({ kind }) => kind === 'answer')!
    expect(answer.text.en).toContain('`node1/web` answers, and the answer is back in `laptop`')
  })

  it('is the gateway of a LAN, which is no host', async () => {
    const rack = standardRack()
    const gateway = '192.168.1.1'
    rack.state.lans.push({ name: 'lan', subnet: '192.168.1.0/24', gateway, mtu: 1500 })
    const seen = () =>
      new Journey(rack, { source: '192.168.1.50', destination: gateway })
        .by('laptop', 'eth0', 'out')
        .lan('lan', 'laptop', 'in')
        .becomes({ source: gateway, destination: '192.168.1.50' })
        .lan('lan', 'laptop', 'out', 'reply')
        .by('laptop', 'eth0', 'in', { role: 'reply' })
        .ends('answered')
    const story = await trace(rack, { from: 'laptop', to: gateway }, [seen(), seen()])
    const answer = story.hops.find(({ kind }) => kind === 'answer')!
    expect(answer.text.en).toContain('the gateway of LAN `lan` answers, and the answer is back in `laptop`')
    expect(answer.text.zh).toContain('局域网 `lan` 的网关作出应答')
  })
})

describe('a name', () => {
  it('that does not resolve sends no packet', async () => {
    const story = await trace(standardRack(), { from: 'client', to: 'db' }, [])
    expect(story).toMatchObject({ outcome: 'stopped', cause: { code: 'name-on-default-bridge' } })
    expect(story.hops.map(({ kind, state }) => [kind, state])).toEqual([['name', 'stop']])
  })

  it('of a container that has ended is told so', async () => {
    const story = await trace(standardRack(), { from: 'client', to: 'old' }, [])
    expect(story.cause).toMatchObject({ code: 'not-running', evidence: ['old is exited (exit code 137)'] })
  })

  it('with several addresses fails with the first of them that fails', async () => {
    const rack = standardRack()
    const lost = new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.9' })
      .asks('node1/api', 'eth0', '172.20.0.9')
      .ends('unroutable', 'No route to host')
    const story = await trace(
      rack,
      { from: 'api', to: 'web' },
      [andBack(apiToWeb(rack)), andBack(apiToWeb(rack)), lost],
      { 'api dns web': ['172.20.0.2', '172.20.0.9'] },
    )
    expect(story).toMatchObject({ outcome: 'stopped', cause: { code: 'no-such-address' } })
    expect(story.hops.at(-1)).toMatchObject({ kind: 'neighbour', state: 'stop' })
  })

  it.each(['web:80', 'we b', 'http://web', '网页', '-x', 'a/b/c'])(
    'that can be none, such as %s, is told so',
    async (to) => {
      const { outcome, summary } = await trace(standardRack(), { from: 'api', to }, [])
      expect(outcome).toBe('error')
      expect(summary.en).toMatch(/is neither a name nor an address: write `web`/)
      expect(summary.zh).toContain('既不是名字也不是地址')
    },
  )

  it('that nobody has is an error, as is a port that the protocol needs', async () => {
    expect(await trace(standardRack(), { from: 'nobody', to: 'web' }, [])).toMatchObject({ outcome: 'error', hops: [] })
    expect(await trace(standardRack(), { from: 'api', to: 'node9/web' }, [])).toMatchObject({ outcome: 'error' })
    expect(await trace(standardRack(), { from: 'api', to: 'web', protocol: 'udp' }, [])).toMatchObject({
      outcome: 'error',
    })
  })
})

describe('a packet that stops', () => {
  const failures = ({ hops }: TraceStory) => hops.filter(({ state }) => state !== 'ok').map(({ text }) => text.en)

  it('has no cross at what went well: how it ended is told after that', async () => {
    const rack = standardRack()
    const packet = { protocol: 'tcp', destinationPort: 80 } as const
    const silent = await trace(rack, { from: 'api', to: 'node1/web', port: 80 }, [
      apiToWeb(rack, packet).ends('silent'),
    ])
    expect(silent.hops.at(-2)).toMatchObject({ kind: 'socket', state: 'ok' })
    expect(failures(silent)).toEqual(['nothing comes back from `node1/web`'])
    const lost = new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.2' })
      .by('node1/api', 'eth0', 'out')
      .by('node1', vethOf(rack, 'api'), 'in')
    expect(failures(await trace(rack, { from: 'api', to: 'node1/web' }, [lost.ends('silent')]))).toEqual([
      'after that it is seen nowhere',
    ])
    const refused = apiToWeb(rack, packet)
      .becomes({ source: '172.20.0.2', destination: '172.20.0.3' })
      .by('node1/web', 'eth0', 'out', { role: 'reply' })
      .ends('refused')
    expect(failures(await trace(rack, { from: 'api', to: 'node1/web', port: 80 }, [refused]))).toEqual([
      'the answer is a refusal, from `node1/web`',
    ])
  })

  it('by a message of a router is told with its sender', async () => {
    const rack = standardRack()
    const seen = new Journey(rack, { source: '192.168.1.50', destination: '8.8.8.8' })
      .by('laptop', 'eth0', 'out')
      .becomes({ source: '192.168.1.1', destination: '192.168.1.50', icmp: { type: 3, code: 1 } })
      .by('laptop', 'eth0', 'in', { role: 'error' })
      .ends('unroutable', 'No route to host')
    const story = await trace(rack, { from: 'laptop', to: '8.8.8.8' }, [seen])
    expect(failures(story)).toEqual(["`192.168.1.1` answers that `8.8.8.8` can't be reached"])
  })

  it('at a rule that rejects is not told of as dropped', async () => {
    const rack = standardRack()
    const seen = laptopToNode1(rack).meets('node1', {
      chain: 'DOCKER-USER',
      verdict: 'drop',
      rule: 'tcp dport 8080 counter xt target "REJECT"',
    })
    const story = await trace(rack, { from: 'laptop', to: '192.168.1.11', port: 8080 }, [seen.ends('refused')])
    expect(failures(story)).toEqual(['a rule of chain `DOCKER-USER` on `node1` rejects it'])
    expect(story.hops.at(-1)!.text.zh).toContain('拒绝了它')
  })

  it('is told by where it was meant for, where a bridge sends copies through all of its ports', async () => {
    const rack = standardRack()
    const web = rack.namespaceOf(rack.host('node1'), 'web')
    web.sockets.push({ protocol: 'udp', address: '0.0.0.0', port: 53 })
    const to = web.links.find(({ name }) => name === 'eth0')!.mac
    const seen = new Journey(rack, {
      ...{ protocol: 'udp', source: '172.20.0.1', destination: '172.20.0.2', destinationPort: 53 },
    })
      .by('node1', vethOf(rack, 'web'), 'out', { to })
      .by('node1/web', 'eth0', 'in')
      .by('node1', vethOf(rack, 'api'), 'out', { to })
    const story = await trace(rack, { from: 'node1', to: '172.20.0.2', port: 53, protocol: 'udp' }, [
      seen.ends('silent'),
    ])
    expect(story).toMatchObject({ outcome: 'error' })
    expect(failures(story)).toEqual(['nothing comes back from `node1/web`'])
    expect(story.hops.map(({ text }) => text.en).join('\n')).not.toContain(vethOf(rack, 'api'))
  })

  it('as a datagram that a program was given is no fault, whatever an answer would have met', async () => {
    const rack = standardRack()
    const web = rack.namespaceOf(rack.host('node1'), 'web')
    web.sockets.push({ protocol: 'udp', address: '0.0.0.0', port: 53 })
    web.routes = web.routes.filter(({ destination }) => destination !== 'default')
    const seen = () =>
      new Journey(rack, { protocol: 'udp', source: '192.168.1.50', destination: '192.168.1.11', destinationPort: 53 })
        .by('laptop', 'eth0', 'out')
        .by('node1', 'eth0', 'in')
        .becomes({ destination: '172.20.0.2' })
        .by('node1/web', 'eth0', 'in')
        .ends('silent')
    const ask = { from: 'laptop', to: '192.168.1.11', port: 53, protocol: 'udp' } as const
    const story = await trace(rack, ask, [seen()])
    expect(story).toMatchObject({ outcome: 'error' })
    expect(story.cause).toBeUndefined()
    expect(failures(story)).toEqual(['nothing comes back from `node1/web`'])
    // Nobody took it: then the missing way back may be all that keeps the refusal away.
    web.sockets = []
    expect(await trace(rack, ask, [seen()])).toMatchObject({ outcome: 'stopped', cause: { code: 'no-route-back' } })
  })

  it('at a rule is told with the rule', async () => {
    const rack = standardRack()
    const text = '-A DOCKER-USER -s 192.168.1.50/32 -p tcp --dport 80 -j DROP'
    rack.rule(rack.host('node1'), {
      ...{ table: 'filter', chain: 'DOCKER-USER', source: '192.168.1.50/32', protocol: 'tcp', destinationPort: '80' },
      ...{ target: 'DROP', text },
    })
    const seen = laptopToNode1(rack).meets('node1', {
      chain: 'DOCKER-USER',
      verdict: 'drop',
      rule: 'ip saddr 192.168.1.50 tcp dport 80 counter drop',
      inLink: 'eth0',
      outLink: bridgeOf(rack, 'my_net'),
    })
    const story = await trace(rack, { from: 'laptop', to: '192.168.1.11', port: 8080 }, [seen.ends('silent')])
    expect(story).toMatchObject({
      outcome: 'stopped',
      cause: { code: 'docker-user-drop', evidence: [`node1: filter: ${text}`] },
    })
    expect(story.hops.at(-1)).toMatchObject({
      kind: 'rule',
      state: 'stop',
      place: 'node1',
      about: [hostId('node1')],
    })
  })

  it('after its destination was translated has not arrived at the host', async () => {
    const rack = standardRack()
    rack.host('node1').namespaces[0]!.forwards.ip4 = false
    const seen = laptopToNode1(rack).meets('node1', {
      table: 'nat',
      chain: 'DOCKER',
      verdict: 'dnat',
      rule: 'tcp dport 8080 xt target "DNAT"',
    })
    const story = await trace(rack, { from: 'laptop', to: '192.168.1.11', port: 8080 }, [seen.ends('silent')])
    expect(story.cause?.code).toBe('forwarding-off')
    // What the map lights: the published port, and its tie to the container.
    const rule = story.hops.find(({ kind }) => kind === 'rule')
    expect(rule?.about).toEqual([
      'node1/port:*:8080/tcp',
      'publishes:node1/port:*:8080/tcp~node1/container:web',
      hostId('node1'),
    ])
  })

  it('is not looked for where a bridge has sent a copy', async () => {
    const rack = standardRack()
    const node1 = rack.host('node1')
    rack.container(node1, 'third', { on: { my_net: '172.20.0.4' } })
    const mac = rack.namespaceOf(node1, 'web').links.find(({ name }) => name === 'eth0')!.mac
    const [toThird, toWeb] = [vethOf(rack, 'third'), vethOf(rack, 'web')]
    // A bridge that has not learned where web is sends it out by all ports, the last of which is another's.
    const seen = new Journey(rack, { source: '172.20.0.3', destination: '172.20.0.2' })
      .by('node1/api', 'eth0', 'out', { to: mac })
      .by('node1', vethOf(rack, 'api'), 'in', { to: mac })
      .by('node1', toWeb, 'out', { to: mac })
      .by('node1', toThird, 'out', { to: mac })
      .by('node1/third', 'eth0', 'in', { to: mac })
      .ends('silent')
    const { cause } = await trace(rack, { from: 'api', to: 'node1/web' }, [seen])
    expect(cause?.code).toBe('unknown')
    expect(cause!.what.en).toContain(`last seen at \`${toWeb}\` of \`node1\``)
  })

  it('is not judged by what flooded watchers did not see', async () => {
    const rack = standardRack()
    const seen = () =>
      new Journey(rack, { source: '172.20.0.3', destination: '192.168.1.50' }).by('node1/api', 'eth0', 'out')
    const blind = await trace(rack, { from: 'api', to: '192.168.1.50' }, [
      seen().fault('more frames came by than are told').ends('silent'),
    ])
    expect(blind.cause?.code).toBe('unknown')
    expect(blind.hops.at(-1)!.state).toBe('unknown')
    expect(blind.cause!.evidence).toContain('more frames came by than are told')
  })

  it('for no known cause is told as unknown, with the last hop seen', async () => {
    const rack = standardRack()
    const story = await trace(rack, { from: 'api', to: 'node1/web' }, [apiToWeb(rack).ends('silent')])
    expect(story).toMatchObject({ outcome: 'stopped', cause: { code: 'unknown' } })
    expect(story.cause!.what.en).toContain('last seen at `eth0` of `node1/web`')
  })

  it('as a datagram at an open port is not called a fault', async () => {
    const rack = standardRack()
    rack.namespaceOf(rack.host('node1'), 'web').sockets.push({ protocol: 'udp', address: '0.0.0.0', port: 53 })
    const seen = apiToWeb(rack, { protocol: 'udp', destinationPort: 53 }).ends('silent')
    const story = await trace(rack, { from: 'api', to: 'node1/web', port: 53, protocol: 'udp' }, [seen])
    expect(story).toMatchObject({
      outcome: 'error',
      hops: expect.arrayContaining([
        expect.objectContaining({ kind: 'socket', about: [expect.stringContaining('container:')] }),
      ]),
    })
    expect(story.cause).toBeUndefined()
  })

  it('at a closed port is told with what is open', async () => {
    const rack = standardRack()
    const seen = apiToWeb(rack, { protocol: 'tcp', destinationPort: 81 })
      .becomes({ source: '172.20.0.2', destination: '172.20.0.3' })
      .by('node1/web', 'eth0', 'out', { role: 'reply' })
      .by('node1/api', 'eth0', 'in', { role: 'reply' })
    const story = await trace(rack, { from: 'api', to: 'node1/web', port: 81 }, [seen.ends('refused')])
    expect(story.cause).toMatchObject({ code: 'port-not-listening' })
    expect(story.cause!.evidence[0]).toBe('node1/web: listening tcp ports 80')
  })
})

it('is one line and bounded, whatever names and packets hold', async () => {
  const rack = standardRack()
  const bad = `x\`\u001b[31m\n${'y'.repeat(5000)}`
  const seen = laptopToNode1(rack).meets('node1', { chain: bad, verdict: 'drop', rule: bad })
  const story = await trace(rack, { from: 'laptop', to: '192.168.1.11', port: 8080 }, [seen.ends('silent', bad)])
  expect(story.cause?.code).toBe('rule-drop')
  const { ground: _, ...plain } = story
  expect(JSON.stringify(plain)).not.toMatch(/\\u001b|\\n|y{400}/)
})

it('ends when its signal aborts', async () => {
  const abort = new AbortController()
  const ground = new ScriptedGround(standardRack(), [])
  ground.observe = (_host, _packet, signal) =>
    new Promise((_, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason), { once: true })
      abort.abort(new Error('enough'))
    })
  const run = traceStory(ground, { from: 'api', to: 'node1/web', home: 'node1' }, { signal: abort.signal })
  await expect(run).rejects.toThrow('enough')
})

it('says that an Engine does not answer where the way ends on its host', async () => {
  const rack = standardRack()
  const host = rack.host('node1')
  delete host.engine
  host.engineFault = { kind: 'silent', detail: 'socket hang up' }
  const story = await trace(rack, { from: 'laptop', to: '192.168.1.11', port: 8080 }, [
    laptopToNode1(rack).ends('refused'),
  ])
  expect(story.outcome).toBe('stopped')
  expect(story.summary.en).toContain('the Docker Engine of `node1` does not answer: it is starting, busy, or has ended')
  expect(story.summary.zh).toContain('`node1` 的 Docker 引擎没有应答')
})
