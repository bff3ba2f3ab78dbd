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

  it('that nobody has is an error, as is a port that the protocol needs', async () => {
    expect(await trace(standardRack(), { from: 'nobody', to: 'web' }, [])).toMatchObject({ outcome: 'error', hops: [] })
    expect(await trace(standardRack(), { from: 'api', to: 'node9/web' }, [])).toMatchObject({ outcome: 'error' })
    expect(await trace(standardRack(), { from: 'api', to: 'web', protocol: 'udp' }, [])).toMatchObject({
      outcome: 'error',
    })
  })
})

describe('a packet that stops', () => {
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
