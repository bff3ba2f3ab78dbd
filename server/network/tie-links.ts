import type { ParsedLink } from './parse-links.js'
import type { LinkReference } from './state.js'

/** The links of one namespace of a host. */
export interface LinksOf {
  /** Inode of the namespace. */
  id: string
  links: ParsedLink[]
}

interface End {
  namespace: LinksOf
  link: ParsedLink
}

const standing = new Set(['macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'vlan'])

/**
 * Finds the other ends of veth pairs, and what macvlans and vlans stand on, in all namespaces of one host. The kernel tells
 * an index, which every namespace counts for itself, and the namespace's own number for the other one, which means the
 * same for all links of that namespace. Where more than one link fits all of this, none is taken.
 * @param namespaces the host's own comes first; links that lead to a LAN have `lan` already
 */
export function tieLinks(namespaces: LinksOf[]): void {
  const numbers = new NamespaceNumbers()
  for (const { links } of namespaces) nameIndexes(links)
  const ends = namespaces.flatMap((namespace) => namespace.links.map((link) => ({ namespace, link })))
  const byIndex = new Map<number, End[]>()
  for (const end of ends) byIndex.set(end.link.index, [...(byIndex.get(end.link.index) ?? []), end])
  const fitting = new Map<End, End[]>()
  for (const end of ends) {
    if (end.link.kind !== 'veth' || end.link.lan !== undefined || end.link.otherIndex === undefined) continue
    const others = (byIndex.get(end.link.otherIndex) ?? []).filter((other) => fits(end, other))
    if (others.length > 0) fitting.set(end, others)
  }
  let before = -1
  for (let open = count(fitting); open !== before; open = count(fitting)) {
    before = open
    for (const [end, others] of fitting) numbers.narrow(end, others)
    for (const [end, others] of fitting) {
      fitting.set(
        end,
        others.filter((other) => numbers.allow(end, other) && numbers.allow(other, end)),
      )
    }
  }
  for (const [{ link }, others] of fitting) {
    const [other] = others
    if (others.length === 1 && fitting.get(other!)?.length === 1) link.peer = reference(other!)
  }
  for (const end of ends) if (standing.has(end.link.kind)) tieParent(end, namespaces, numbers)
}

/** Of a pair within one namespace, ip(8) tells the other end's name alone. */
function nameIndexes(links: ParsedLink[]): void {
  for (const link of links) {
    if (link.kind !== 'veth' || link.otherIndex !== undefined || link.otherNamespaceId !== undefined) continue
    const other = links.find(({ name }) => name === link.otherName)
    if (other) link.otherIndex = other.index
  }
}

function count(fitting: Map<End, End[]>): number {
  let total = 0
  for (const others of fitting.values()) total += others.length
  return total
}

function fits(end: End, other: End): boolean {
  const together = end.namespace === other.namespace
  return (
    other.link !== end.link &&
    other.link.kind === 'veth' &&
    other.link.lan === undefined &&
    other.link.otherIndex === end.link.index &&
    (end.link.otherNamespaceId === undefined) === together &&
    (other.link.otherNamespaceId === undefined) === together
  )
}

function reference({ namespace, link }: End): LinkReference {
  return { namespace: namespace.id, name: link.name }
}

function tieParent({ namespace, link }: End, namespaces: LinksOf[], numbers: NamespaceNumbers): void {
  const find = (where: LinksOf | undefined, fits: (candidate: ParsedLink) => boolean) => {
    const parent = where?.links.find((candidate) => candidate !== link && fits(candidate))
    if (parent) link.parent = reference({ namespace: where!, link: parent })
    // A vlan's frames carry a tag, so it leads to another segment than its parent.
    if (parent?.lan !== undefined && link.kind !== 'vlan') link.lan = parent.lan
  }
  if (link.otherNamespaceId === undefined) {
    find(namespace, ({ name, index }) =>
      link.otherName === undefined ? index === link.otherIndex : name === link.otherName,
    )
    return
  }
  // Engines put what they make on a link of the host; the number says otherwise only where a pair has shown whose it is.
  const where = numbers.known(namespace, link.otherNamespaceId) ?? namespaces[0]
  if (where !== namespace) find(where, ({ index }) => index === link.otherIndex)
}

/** What namespaces the numbers of each namespace may stand for. */
class NamespaceNumbers {
  private readonly possible = new Map<LinksOf, Map<number, Set<LinksOf>>>()

  /** All links with one number lead to one namespace, and two numbers to two. */
  narrow({ namespace, link: { otherNamespaceId: number } }: End, others: End[]): void {
    if (number === undefined || others.length === 0) return
    const numbers = this.possible.get(namespace) ?? new Map<number, Set<LinksOf>>()
    this.possible.set(namespace, numbers)
    const here = new Set(others.map((other) => other.namespace))
    const before = numbers.get(number)
    const both = before ? new Set([...before].filter((candidate) => here.has(candidate))) : here
    numbers.set(number, both)
    if (both.size !== 1) return
    const [only] = both
    for (const [other, candidates] of numbers) if (other !== number) candidates.delete(only!)
  }

  allow({ namespace, link }: End, other: End): boolean {
    if (link.otherNamespaceId === undefined) return true
    return this.possible.get(namespace)?.get(link.otherNamespaceId)?.has(other.namespace) ?? true
  }

  known(namespace: LinksOf, number: number): LinksOf | undefined {
    const candidates = this.possible.get(namespace)?.get(number)
    return candidates?.size === 1 ? [...candidates][0] : undefined
  }
}
