import { canonicalAddress } from './addresses.js'
import type { ListeningSocket } from './state.js'

/** Lines `tcp 127.0.0.1 80`, as the capture's walker writes them; `*` is all addresses of both families. */
export function parseSockets(answer: string): ListeningSocket[] {
  return answer.split('\n').flatMap((line) => {
    const [protocol, address = '', port = ''] = line.split(' ')
    if ((protocol !== 'tcp' && protocol !== 'udp') || !/^\d+$/.test(port)) return []
    return [{ protocol, address: address === '*' ? address : (canonicalAddress(address) ?? ''), port: Number(port) }]
  })
}

/** Lines `ipv4/ip_forward 1`, as the capture's script writes them. */
export function parseForwards(answer: string): { ip4: boolean; ip6: boolean } {
  const isOn = (file: string) => answer.split('\n').some((line) => line === `${file} 1`)
  return { ip4: isOn('ipv4/ip_forward'), ip6: isOn('ipv6/conf/all/forwarding') }
}
