import type { HostPlan, RackPlan } from '../racks/topology.js'

/**
 * A host's view of its rack: for each other host the address on a LAN they share, else its first. Where it has no Engine, those that
 * have one are marked, so that its `docker` can name them (golden/files/usr/local/lib/vethlab/no-docker).
 */
export function hostFiles(rack: RackPlan, host: HostPlan): { hosts: string; resolv: string } {
  const mine = new Set(host.interfaces.map((leg) => leg.lan))
  const lines = rack.hosts.flatMap((other) => {
    const leg = other.interfaces.find((candidate) => mine.has(candidate.lan)) ?? other.interfaces[0]
    if (!leg) return other === host ? [`127.0.1.1 ${other.name}`] : []
    const mark = host.kind === 'plain' && other.kind === 'docker' ? ' # Docker Engine' : ''
    return [leg.address, leg.address6].flatMap((address) => (address ? [`${address} ${other.name}${mark}`] : []))
  })
  const gateway = rack.lans.find((lan) => lan.name === host.interfaces[0]?.lan)?.gateway
  return {
    hosts: ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback', ...lines, ''].join('\n'),
    // Without internet nothing listens there, and the gateway says so at once.
    resolv: `nameserver ${gateway ?? '127.0.0.1'}\noptions timeout:2 attempts:1\n`,
  }
}
