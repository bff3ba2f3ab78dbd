import pMap from 'p-map'
import { isAny } from '../network/addresses.js'
import type { EngineNetwork } from '../network/state.js'
import { type LivePlace, legsOf } from '../place/place.js'
import { code } from '../wording/wording.js'
import { type Draft, ok, problem } from './draft.js'
import { probeLine } from './evidence.js'
import { listening } from './listeners.js'
import { because, put, referenceOf, type Subject } from './subject.js'

const mostPorts = 3

interface Door {
  from: LivePlace
  address: string
  port: number
}

/**
 * Whether a neighbour on the same network, and on the same host, connects to what the container serves: who answers pings may refuse
 * that, or drop it. By each family that both have.
 */
export async function askServed(
  subject: Subject,
  network: EngineNetwork,
  neighbours: { place: LivePlace; addresses: string[] }[],
): Promise<Draft[]> {
  const { place } = subject
  const [neighbour] = neighbours
  // Of one that stands still, that is what is told.
  if (!neighbour || place.container.state !== 'running') return []
  const found = await pMap(doorsOf(subject, network, neighbour.place), (door) => askAt(subject, network, door), {
    concurrency: 3,
  })
  return found.flat()
}

function doorsOf({ place }: Subject, network: EngineNetwork, from: LivePlace): Door[] {
  const leg = legsOf(place.host, place.container).find(({ networkId }) => networkId === network.id)
  const theirs = from.container
    ? legsOf(from.host, from.container).find(({ networkId }) => networkId === network.id)
    : undefined
  const open = listening(place).filter(({ protocol, address, full }) => protocol === 'tcp' && isAny(address) && !full)
  const family = (address: string | undefined, other: string | undefined, takes: string[]): Door[] => {
    if (address === undefined || other === undefined) return []
    const ports = open.filter((socket) => takes.includes(socket.address)).map(({ port }) => port)
    return [...new Set(ports)].slice(0, mostPorts).map((port) => ({ from, address, port }))
  }
  return [
    ...family(leg?.address, theirs?.address, ['0.0.0.0', '*']),
    ...family(leg?.address6, theirs?.address6, ['::', '*']),
  ]
}

async function askAt(subject: Subject, network: EngineNetwork, { from, address, port }: Door): Promise<Draft[]> {
  const { place } = subject
  const answer = await put(subject, from, { kind: 'tcp', address, port })
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  const evidence = [probeLine(from.label, `nc -vz ${address} ${port}`, answer)]
  const [who, on] = [code(from.label), code(network.name)]
  // What could not be asked is told where the others are asked.
  if (answer.outcome === 'error') return []
  if (answer.outcome === 'yes')
    return [
      ok(
        { en: `${who} on ${on} connects to its ${code(at)}`, zh: `${on} 上的 ${who} 能连上它的 ${code(at)}` },
        evidence,
      ),
    ]
  const attempt = { from, meant: place, address, protocol: 'tcp', port } as const
  const found = because(subject, attempt, answer.cause ?? 'silent')
  return [
    problem(
      { en: `${who} on ${on} cannot connect to its ${code(at)}`, zh: `${on} 上的 ${who} 连不上它的 ${code(at)}` },
      {
        ...found.because,
        evidence: [...evidence, ...found.evidence],
        tries: found.tries,
        question: { from: referenceOf(from), to: address, port, protocol: 'tcp' },
      },
    ),
  ]
}
