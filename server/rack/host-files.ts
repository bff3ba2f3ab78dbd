import type { HostPlan, RackPlan } from '../racks/topology.js'

/** A host's view of its rack: for each other host the address on a LAN they share, else its first. */
export function hostFiles(rack: RackPlan, host: HostPlan): { hosts: string; resolv: string } {
  const mine = new Set(host.interfaces.map((leg) => leg.lan))
  const lines = rack.hosts.flatMap((other) => {
    const leg = other.interfaces.find((candidate) => mine.has(candidate.lan)) ?? other.interfaces[0]
    if (!leg) return other === host ? [`127.0.1.1 ${other.name}`] : []
    return [`${leg.address} ${other.name}`, ...(leg.address6 ? [`${leg.address6} ${other.name}`] : [])]
  })
  const gateway = rack.lans.find((lan) => lan.name === host.interfaces[0]?.lan)?.gateway
  return {
    hosts: ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback', ...lines, ''].join('\n'),
    // Without internet nothing listens there, and the gateway says so at once.
    resolv: `nameserver ${gateway ?? '127.0.0.1'}\noptions timeout:2 attempts:1\n`,
  }
}
