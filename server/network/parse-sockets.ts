import type { ListeningSocket } from './state.js'

/** `ss --no-header --numeric --listening --tcp --udp`: protocol, state, queues, then `address:port`. */
export function parseSockets(answer: string): ListeningSocket[] {
  return answer.split('\n').flatMap((line) => {
    const [protocol, , , , local = ''] = line.trim().split(/\s+/)
    const parts = /^(.*):(\d+)$/.exec(local)
    if ((protocol !== 'tcp' && protocol !== 'udp') || !parts) return []
    // A scoped address is written [fe80::1]%eth0.
    const address = parts[1]!.replace(/%[^\]]*$/, '').replace(/^\[(.*)\]$/, '$1')
    return [{ protocol, address: address.slice(0, 200), port: Number(parts[2]) }]
  })
}

/** Lines `ipv4/ip_forward 1`, as the capture's script writes them. */
export function parseForwards(answer: string): { ip4: boolean; ip6: boolean } {
  const isOn = (file: string) => answer.split('\n').some((line) => line === `${file} 1`)
  return { ip4: isOn('ipv4/ip_forward'), ip6: isOn('ipv6/conf/all/forwarding') }
}
