/**
 * Ids of the map's elements and ties. They are made of names alone, never of inodes, indexes or an order, so that a thing has the
 * same id in every capture for as long as it is called the same.
 */

/** Far longer than any real name; what captures hold is cut at the same length. */
const longestPart = 200

/** Nearly all names, and quick to tell. */
const usual = /^[\w.:@-]{1,200}$/

/** Keeps ids apart and free of what could hurt where they are used: odd characters become `%` and their code. */
function part(name: string): string {
  if (usual.test(name)) return name
  return name
    .slice(0, longestPart)
    .replace(/[%\s\p{C}\p{Z}"'<>&`]/gu, (odd) => `%${odd.codePointAt(0)!.toString(16).padStart(2, '0')}`)
}

export function lanId(lan: string): string {
  return `lan:${part(lan)}`
}

export function hostId(host: string): string {
  return `host:${part(host)}`
}

export function serviceId(service: string): string {
  return `service:${part(service)}`
}

/**
 * What tells the links of one namespace from those of the others on the same host: nothing for the host's own.
 * No link can have a colon in its name (dev_valid_name in the kernel), so the two never meet.
 */
export type Scope = '' | `overlay:${string}:` | `container:${string}:` | `namespace:${string}:`

export function overlayScope(network: string): Scope {
  return `overlay:${part(network)}:`
}

export function containerScope(container: string): Scope {
  return `container:${part(container)}:`
}

export function namespaceScope(namespace: string): Scope {
  return `namespace:${part(namespace)}:`
}

export function interfaceId(host: string, link: string, scope: Scope = ''): string {
  return `${part(host)}/interface:${scope}${part(link)}`
}

/** By the bridge's own name, `docker0` or `br-0123`; in an overlay's namespace after the network: `overlay:my_net:br0`. */
export function bridgeId(host: string, link: string, scope: Scope = ''): string {
  return `${part(host)}/bridge:${scope}${part(link)}`
}

export function vxlanId(host: string, link: string, scope: Scope = ''): string {
  return `${part(host)}/vxlan:${scope}${part(link)}`
}

/** Names of containers are unique in an Engine. */
export function containerId(host: string, container: string): string {
  return `${part(host)}/container:${part(container)}`
}

export function namespaceId(host: string, namespace: string): string {
  return `${part(host)}/namespace:${part(namespace)}`
}

/** An address that means all of the host's is `*`, so that a port on both families is one. */
export function portId(host: string, address: string, port: number, protocol: string): string {
  const where = address === '' || address === '0.0.0.0' || address === '::' ? '*' : part(address)
  return `${part(host)}/port:${where}:${port}/${part(protocol)}`
}

export function cableId(interfaceElement: string): string {
  return `cable:${interfaceElement}`
}

/** @param holder the element at the inner end: the container or namespace, rather than the bridge */
export function vethId(holder: string, link: string): string {
  return `veth:${holder}:${part(link)}`
}

/** @param holder the element that the child is or is in */
export function childId(holder: string, link: string): string {
  return `child:${holder}:${part(link)}`
}

export function memberId(element: string, bridge: string): string {
  return `member:${element}~${bridge}`
}

export function routedId(bridge: string, wayOut: string): string {
  return `routed:${bridge}~${wayOut}`
}

/** The same from either side. */
export function tunnelId(one: string, other: string): string {
  return `tunnel:${one < other ? `${one}~${other}` : `${other}~${one}`}`
}

export function sharesId(container: string): string {
  return `shares:${container}`
}

export function publishesId(port: string, target: string): string {
  return `publishes:${port}~${target}`
}

export function taskId(service: string, container: string): string {
  return `task:${service}~${container}`
}
