import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Links } from '../kernel/links.js'
import { makeNetworkNamespace, unmount } from '../kernel/system-calls.js'
import type { InterfacePlan, LanPlan } from '../racks/topology.js'
import { keepBridgesUnfiltered } from './bridge-filter.js'
import type { StateDirectory } from './state-directory.js'

/** Where the LAN's side is asked for what is not in the rack: in 198.18.0.0/15, which no topology may use. */
export const offlineAddress = '198.19.255.254'

/**
 * A layer-2 segment: a bridge in a network namespace of its own, which no rack can enter. Hosts hang on it by veth
 * pairs. The bridge's address is the LAN's gateway.
 */
export class Lan {
  private constructor(
    /** Network namespace, a file on which it is mounted. */
    readonly namespace: string,
    readonly plan: LanPlan,
    private readonly rack: string,
  ) {}

  static at(state: StateDirectory, rack: string, plan: LanPlan): Lan {
    return new Lan(join(state.netns, `${rack}-${plan.name}`), plan, rack)
  }

  async create(): Promise<void> {
    const { plan } = this
    await (await open(this.namespace, 'wx', 0o600)).close()
    makeNetworkNamespace(this.namespace, () => {
      for (const [name, value] of lanSettings) writeFileSync(`/proc/sys/net/${name}`, value)
      keepBridgesUnfiltered()
    })
    await this.change(async (links) => {
      await links.setUp('lo')
      await links.addAddress('lo', offlineAddress, 32)
      // A learner's bridges and frames are theirs: no snooping that would drop a multicast, no spanning tree.
      await links.addBridge('lan', plan.mtu, macOf(this.rack, '', plan.name))
      await links.addAddress('lan', plan.gateway, plan.prefix)
      if (plan.gateway6) await links.addAddress('lan', plan.gateway6, plan.prefix6!)
      // An uplink's route has a better metric.
      await links.refuseTheRest()
    })
  }

  /** Plugs hosts in. `pid` is any process in the host's network namespace. */
  async plug(legs: { host: string; pid: number; leg: InterfacePlan }[]): Promise<void> {
    const cables = legs.map(({ host, pid, leg }) => ({
      port: portOf(host),
      end: { name: leg.name, mac: macOf(this.rack, host, leg.name), pid },
    }))
    await this.change((links) => links.plug('lan', this.plan.mtu, cables))
  }

  /** Takes a host's port away at once; the kernel clears up after a dead host in its own time. */
  async unplug(host: string): Promise<void> {
    await this.change((links) => links.delete(portOf(host))).catch(() => {})
  }

  async cut(host: string): Promise<void> {
    await this.change((links) => links.setUp(portOf(host), false))
  }
  async mend(host: string): Promise<void> {
    await this.change((links) => links.setUp(portOf(host)))
  }

  private async change(use: (links: Links) => Promise<void>): Promise<void> {
    await changeLinks(this.namespace, use)
  }

  /** The namespace dies with its last veth pair; hosts only lose their links. */
  async remove(): Promise<void> {
    unmount(this.namespace)
    await unlink(this.namespace).catch(() => {})
  }

  /** Files of LANs, by rack. */
  static async files(state: StateDirectory): Promise<{ rack: string; remove(): Promise<void> }[]> {
    return (await readdir(state.netns)).map((name) => {
      const path = join(state.netns, name)
      return {
        rack: name.slice(0, name.indexOf('-')),
        remove: async () => {
          unmount(path)
          await unlink(path).catch(() => {})
        },
      }
    })
  }
}

/** Below /proc/sys/net, all of them of the LAN's own namespace. */
const lanSettings: [name: string, value: string][] = [
  // Forwarding makes the gateway answer "unreachable" where it would drop in silence; the only way on is an uplink's.
  ['ipv4/ip_forward', '1'],
  ['ipv6/conf/all/forwarding', '1'],
  ['ipv4/conf/all/rp_filter', '0'],
  ['ipv4/conf/default/rp_filter', '0'],
  // A refusal that comes late is a resolver that hangs: answer every one.
  ['ipv4/icmp_ratelimit', '0'],
  ['ipv6/icmp/ratelimit', '0'],
]

/** The bridge port of a host: unique in the LAN, where the host's name may be too long for an interface. */
export function portOf(host: string): string {
  return host.length <= 13 ? `p-${host}` : `p-${host.slice(0, 7)}${digest(host).slice(0, 6)}`
}

/**
 * The same after a reset, as a machine keeps its network card: neighbours need not learn anew. Locally administered.
 * @param host empty for a LAN's gateway, which is named as the LAN
 */
function macOf(rack: string, host: string, interfaceName: string): string {
  return ['02', ...digest(`${rack}/${host}/${interfaceName}`).match(/../g)!.slice(0, 5)].join(':')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Gives a host's interfaces their addresses, and the host its default route over the first LAN. */
export async function configureInterfaces(pid: number, legs: InterfacePlan[], lans: LanPlan[]): Promise<void> {
  const [first] = legs
  const lan = lans.find(({ name }) => name === first?.lan)
  await changeLinks(`/proc/${pid}/ns/net`, async (links) => {
    for (const leg of legs) {
      await links.addAddress(leg.name, leg.address, leg.prefix, { broadcast: true })
      if (leg.address6) await links.addAddress(leg.name, leg.address6, leg.prefix6!)
      await links.setUp(leg.name)
    }
    if (!first || !lan) return
    await links.addDefaultRoute(lan.gateway, first.name)
    if (lan.gateway6) await links.addDefaultRoute(lan.gateway6, first.name)
  })
}

async function changeLinks(namespace: string, use: (links: Links) => Promise<void>): Promise<void> {
  const links = new Links(namespace)
  try {
    await use(links)
  } finally {
    links.close()
  }
}
