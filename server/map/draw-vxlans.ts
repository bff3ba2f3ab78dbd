import { sameAddress } from '../network/addresses.js'
import type { HostState } from '../network/state.js'
import { bracketed, listed, same, sentence, text } from '../wording/phrase.js'
import { bare, code } from '../wording/wording.js'
import { command } from './commands.js'
import { fact, forwardingFact, linkFacts, neighboursFact } from './facts.js'
import { vxlanId } from './ids.js'
import type { MapElement } from './map.js'
import type { End } from './places.js'
import { addressesOf, type Drawable, labelOf, linksOf, order, type Rack } from './rack.js'

export interface Tunnel {
  one: End
  other: End
  /** The VNI. */
  number: number
  isUp: boolean
}

export function drawVxlans(rack: Rack, host: HostState): Drawable[] {
  return vxlansOn(rack, host).map((end) => ({
    id: vxlanId(host.name, end.link.name, end.place.scope),
    draw: () => drawVxlan(rack, end),
  }))
}

function vxlansOn(rack: Rack, host: HostState): End[] {
  const ends = rack.on(host).flatMap((place) => linksOf(place).map((link): End => ({ place, link })))
  return ends
    .filter((end) => rack.places.roleOf(end) === 'vxlan')
    .toSorted((a, b) => order(a.place.scope + a.link.name, b.place.scope + b.link.name))
}

function drawVxlan(rack: Rack, { place, link }: End): MapElement {
  const { host, namespace } = place
  const { id: number = 0, port = 0 } = link.vxlan ?? {}
  const ends = destinations({ place, link })
  const isOverlay = place.kind === 'overlay'
  const whither = ends.map((address) => {
    const other = rack.state.hosts.find((one) => hasAddress(one, address))
    const where = bracketed(other && code(address))
    return other ? text(`${code(other.name)}${where.en}`, `${code(other.name)}${where.zh}`) : same(code(address))
  })
  const carries = isOverlay
    ? text(` carries network ${code(place.label)} and`, `承载网络 ${code(place.label)}，`)
    : text('', '')
  const way =
    whither.length > 0
      ? text(` knows MAC addresses behind ${listed(whither).en}`, `已知的对端是 ${listed(whither).zh}`)
      : text(' knows no other end yet', '还不知道任何对端')
  return {
    id: vxlanId(host.name, link.name, place.scope),
    kind: 'vxlan',
    label: labelOf(link.name),
    notes: [`VNI ${number}`, `UDP ${port}`, ...(isOverlay ? [labelOf(place.label)] : [])],
    state: link.up && link.carrier ? 'up' : 'down',
    sentence: sentence([
      text(
        `VXLAN ${code(link.name)} of ${code(host.name)}, VNI ${number} over UDP port ${port},${carries.en}${way.en}${link.up ? '' : '; it is down'}`,
        `${code(host.name)} 的 VXLAN ${code(link.name)}，VNI ${number}，UDP 端口 ${port}，${carries.zh}${way.zh}${link.up ? '' : '；它处于关闭状态'}`,
      ),
    ]),
    facts: [
      ...fact(text('VXLAN', 'VXLAN'), [
        `id ${number} dstport ${port}${link.vxlan?.local ? ` local ${link.vxlan.local}` : ''}${link.vxlan?.device ? ` dev ${link.vxlan.device}` : ''}`,
      ]),
      ...fact(text('Other ends', '对端'), ends),
      ...linkFacts(link),
      ...forwardingFact(namespace, { device: link.name }),
      ...neighboursFact(namespace, link.name),
    ],
    commands: isOverlay
      ? [
          ...command(host.name, ['docker', 'network', 'inspect', place.label]),
          ...namespaceCommand({ place, link }, ['bridge', 'fdb', 'show', 'dev', link.name]),
        ]
      : [
          ...command(host.name, ['ip', '-d', 'link', 'show', 'dev', link.name]),
          ...command(host.name, ['bridge', 'fdb', 'show', 'dev', link.name]),
        ],
  }
}

/** What runs in a namespace that the Engine has pinned; there is no other way in. */
export function namespaceCommand({ place }: End, argv: string[]): ReturnType<typeof command> {
  const [name] = place.namespace.names
  const pinned = name ?? (place.namespace.owner.kind === 'engine' ? place.namespace.owner.name : undefined)
  if (pinned === undefined || pinned.includes('/')) return []
  return command(place.host.name, ['nsenter', `--net=/run/docker/netns/${bare(pinned)}`, ...argv])
}

/** The hosts' addresses that its forwarding entries name. */
function destinations({ place, link }: End): string[] {
  const ends = place.namespace.forwarding.flatMap(({ device, destination }) =>
    device === link.name && destination ? [destination] : [],
  )
  return [...new Set(ends)].toSorted(order)
}

function hasAddress(host: HostState, address: string): boolean {
  return (
    host.namespaces[0]?.links.some((link) => addressesOf(link).some((one) => sameAddress(one.address, address))) ??
    false
  )
}

/** VXLANs of two hosts with the same VNI and port; of overlays, only where it is the same network. */
export function tunnelsOf(rack: Rack): Tunnel[] {
  const all = rack.state.hosts.flatMap((host) => vxlansOn(rack, host))
  const byNumber = new Map<string, End[]>()
  for (const end of all) {
    const key = `${end.link.vxlan?.id} ${end.link.vxlan?.port}`
    byNumber.set(key, [...(byNumber.get(key) ?? []), end])
  }
  const tunnels: Tunnel[] = []
  for (const ends of byNumber.values()) {
    // A host has few of one number; somebody who makes hundreds in namespaces gets no square of them.
    const few = ends.slice(0, 32)
    for (const [index, one] of few.entries()) {
      for (const other of few.slice(index + 1)) {
        const [here, there] = [one.place.network?.id, other.place.network?.id]
        if (one.place.host === other.place.host || (here && there && here !== there)) continue
        tunnels.push({ one, other, number: one.link.vxlan?.id ?? 0, isUp: [one, other].every(isConnected) })
      }
    }
  }
  return tunnels
}

/** Up, and its host has a cable that is not cut. */
function isConnected({ place, link }: End): boolean {
  const cables = place.host.namespaces[0]?.links.filter(({ lan }) => lan !== undefined) ?? []
  return link.up && (cables.length === 0 || cables.some(({ up, carrier }) => up && carrier))
}
