import { canonicalAddress } from './addresses.js'
import type { ListeningSocket, NamespaceState } from './state.js'
import { defined } from './untrusted.js'

/**
 * Lines `tcp 127.0.0.1 80 0 128`, as the capture's walker writes them; `*` is all addresses of both families. The kernel takes one
 * more than a program asked for (sk_acceptq_is_full in include/net/sock.h).
 */
export function parseSockets(answer: string): ListeningSocket[] {
  return answer.split('\n').flatMap((line) => {
    const [protocol, address = '', port = '', ...queue] = line.split(' ')
    const [waiting = 0, most = 0] = queue.map(Number)
    if ((protocol !== 'tcp' && protocol !== 'udp') || !/^\d+$/.test(port)) return []
    return [
      {
        protocol,
        address: address === '*' ? address : (canonicalAddress(address) ?? ''),
        port: Number(port),
        ...(waiting > most ? { full: { waiting, most } } : {}),
      },
    ]
  })
}

/** Lines `ipv4/ip_forward 1`, as the capture's script writes them. */
export function parseForwards(answer: string): { ip4?: boolean; ip6?: boolean } {
  const isOn = (file: string) => {
    const line = answer.split('\n').find((candidate) => candidate.startsWith(`${file} `))
    return line === undefined ? undefined : line === `${file} 1`
  }
  return defined({ ip4: isOn('ipv4/ip_forward'), ip6: isOn('ipv6/conf/all/forwarding') })
}

/** Of the same lines; undefined where the module is not there. */
export function parseBridgedRules(answer: string): { ip4: boolean; ip6: boolean } | undefined {
  const lines = answer.split('\n')
  const value = (tool: string) => lines.find((line) => line.startsWith(`bridge/bridge-nf-call-${tool} `))?.split(' ')[1]
  const [ip4, ip6] = [value('iptables'), value('ip6tables')]
  return ip4 === undefined || ip6 === undefined ? undefined : { ip4: ip4 !== '0', ip6: ip6 !== '0' }
}

/** Of the same lines; undefined where it could not be read. */
export function parseVirtualServers(answer: string): number | 'none' | undefined {
  const [, said] = /^ipvs (none|\d{1,6})$/m.exec(answer) ?? []
  return said === undefined || said === 'none' ? said : Number(said)
}

/** Of the same lines; undefined where they were not all told. */
export function parseEncryption(answer: string): NamespaceState['encryption'] {
  if (!/^encryption told$/m.test(answer)) return undefined
  const address = '(\\d+(?:\\.\\d+){3})'
  const policies = [...answer.matchAll(new RegExp(`^policy (in|out|fwd) ${address} ${address}$`, 'gm'))]
  const associations = [...answer.matchAll(new RegExp(`^association ${address} ${address}$`, 'gm'))]
  return {
    policies: policies.map(([, direction, source, destination]) => ({
      direction: direction as 'in' | 'out' | 'fwd',
      source: source!,
      destination: destination!,
    })),
    associations: associations.map(([, source, destination]) => ({ source: source!, destination: destination! })),
  }
}

/** Of which versions of IP a kernel answers no ping; lines as of `parseForwards`. Undefined: it answers all, or did not tell. */
export function parseIgnoredPings(answer: string): (4 | 6)[] | undefined {
  const lines = answer.split('\n')
  const versions = ([4, 6] as const).filter((version) =>
    lines.includes(version === 4 ? 'ipv4/icmp_echo_ignore_all 1' : 'ipv6/icmp/echo_ignore_all 1'),
  )
  return versions.length > 0 ? versions : undefined
}
