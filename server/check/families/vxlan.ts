import { z } from 'zod'
import { canonicalAddress } from '../../network/addresses.js'
import type { HostState, Link, NamespaceState } from '../../network/state.js'
import { addressesOf, ownNamespace } from '../../place/place.js'
import { engineOf, hostNamed, requireWhole } from '../../place/reference.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { flag, hostName, name } from '../fields.js'
import { fail, pass } from '../finding.js'

const schema = z.strictObject({
  network: name.describe('the overlay network'),
  hosts: z
    .array(hostName)
    .min(1)
    .optional()
    .describe('hosts that must have a VXLAN link for it; all docker hosts by default'),
  id: z.int().min(1).max(16_777_215).optional().describe('the VNI'),
  peers: flag.optional().describe("yes: each of the hosts forwards to the others' tunnel ends"),
})
type Spec = z.output<typeof schema>

interface Tunnel {
  host: HostState
  namespace: NamespaceState
  link: Link
}

/** The VXLAN links of an overlay network, which the Engine keeps in namespaces of its own on each host. */
export const vxlan: Family<Spec> = {
  key: 'vxlan',
  schema,
  reasons: ['vxlan.missing', 'vxlan.id', 'vxlan.peers', 'vxlan.no-network'],
  nothing: ['vxlan.no-network'],
  needsEngine: true,
  hosts: (spec) => spec.hosts ?? [],
  async check(spec, { state }) {
    const docker = state.hosts.filter(({ kind }) => kind === 'docker')
    const hosts = spec.hosts?.map((one) => hostNamed(state, one)) ?? docker
    const what = code(spec.network)
    // A worker hears of an overlay only when something of its own joins it: any host's word will do.
    const known = docker
      .flatMap((host) => host.engine?.networks ?? [])
      .filter((network) => network.name === spec.network && network.vxlanIds.length > 0)
    const ids = [...new Set(known.flatMap(({ vxlanIds }) => vxlanIds))]
    if (ids.length === 0) {
      for (const host of docker) engineOf(host)
      const there = codes([
        ...new Set(
          docker.flatMap((host) =>
            engineOf(host)
              .networks.filter(({ driver }) => driver === 'overlay')
              .map((network) => network.name),
          ),
        ),
      ])
      return fail('vxlan.no-network', {
        expected: { en: `an overlay network ${what}`, zh: `有 overlay 网络 ${what}` },
        observed: { en: `the overlay networks are ${there.en}`, zh: `现有的 overlay 网络：${there.zh}` },
        why: {
          en: `no host knows an overlay ${what}: \`docker network create -d overlay\` on a manager gives it a VNI`,
          zh: `没有主机知道 overlay 网络 ${what}：在管理节点上用 \`docker network create -d overlay\` 创建后才会分到 VNI`,
        },
      })
    }
    if (spec.id !== undefined && !ids.includes(spec.id)) {
      const has = codes(ids)
      return fail('vxlan.id', {
        expected: {
          en: `${what} has VNI ${code(spec.id)}`,
          zh: `${what} 的 VNI 是 ${code(spec.id)}`,
        },
        observed: { en: `it has ${has.en}`, zh: `是 ${has.zh}` },
        why: {
          en: `the VNI in each VXLAN header tells overlays apart on the wire, and ${what} was given ${has.en}`,
          zh: `VXLAN 头部的 VNI 用来在线路上区分不同的 overlay 网络，而 ${what} 分到的是 ${has.zh}`,
        },
      })
    }
    const tunnels: Tunnel[] = []
    for (const host of hosts) {
      const tunnel = tunnelOf(host, ids)
      if (tunnel) tunnels.push(tunnel)
      else {
        for (const namespace of host.namespaces) requireWhole(namespace, host.name, 'links')
        return fail('vxlan.missing', {
          expected: {
            en: `${code(host.name)} has a VXLAN link for ${what}`,
            zh: `${code(host.name)} 上有 ${what} 的 VXLAN 接口`,
          },
          observed: {
            en: `no link of ${code(host.name)} has VNI ${code(ids[0]!)}`,
            zh: `${code(host.name)} 上没有 VNI 为 ${code(ids[0]!)} 的接口`,
          },
          why: host.engine?.containers.some(
            (one) => one.namespace !== undefined && one.endpoints.some((leg) => leg.network === spec.network),
          )
            ? {
                en: `a container of ${code(host.name)} is on ${what}, but the kernel has no VXLAN link of it: without one no packet leaves the host for another`,
                zh: `${code(host.name)} 上有容器接在 ${what} 里，但内核中没有它的 VXLAN 接口：没有它，数据包就到不了别的主机`,
              }
            : {
                en: `a host gets the VXLAN link of an overlay only while a container of its own is on it, and no running one of ${code(host.name)} is on ${what}`,
                zh: `主机上有容器接入 overlay 网络时才会建立它的 VXLAN 接口，而 ${code(host.name)} 上没有运行中的容器接在 ${what} 里`,
              },
        })
      }
    }
    if (spec.peers) {
      for (const tunnel of tunnels) {
        const ends = endsOf(tunnel)
        const stranger = tunnels.find(
          ({ host }) => host !== tunnel.host && !tunnelAddresses(host).some((address) => ends.has(address)),
        )
        if (!stranger) continue
        requireWhole(tunnel.namespace, tunnel.host.name, 'forwarding')
        const list = codes([...ends])
        return fail('vxlan.peers', {
          expected: {
            en: `${code(tunnel.host.name)} forwards ${what} to ${code(stranger.host.name)}`,
            zh: `${code(tunnel.host.name)} 会把 ${what} 的帧转发到 ${code(stranger.host.name)}`,
          },
          observed: { en: `its forwarding entries lead to ${list.en}`, zh: `转发表指向的隧道端点：${list.zh}` },
          why: {
            en: `the Engines tell each other over port 7946 which MAC address is behind which tunnel end, and no entry of ${code(tunnel.host.name)} leads to ${code(stranger.host.name)}`,
            zh: `各引擎通过 7946 端口互相通告哪个 MAC 地址在哪个隧道端点之后，而 ${code(tunnel.host.name)} 的转发表里没有指向 ${code(stranger.host.name)} 的条目`,
          },
        })
      }
    }
    const list = codes(hosts.map((host) => host.name))
    return pass(`${what} has VXLAN links on ${list.en}`, `${list.zh} 上都有 ${what} 的 VXLAN 接口`)
  },
}

function tunnelOf(host: HostState, ids: number[]): Tunnel | undefined {
  for (const namespace of host.namespaces) {
    const link = namespace.links.find(
      ({ kind, vxlan: tunnel }) => kind === 'vxlan' && tunnel && ids.includes(tunnel.id),
    )
    if (link) return { host, namespace, link }
  }
  return undefined
}

function endsOf({ namespace, link }: Tunnel): Set<string> {
  const entries = namespace.forwarding.filter(({ device, destination }) => device === link.name && destination)
  return new Set(entries.flatMap(({ destination }) => canonicalAddress(destination!) ?? []))
}

function tunnelAddresses(host: HostState): string[] {
  const own = addressesOf(ownNamespace(host))
  return [...own, host.engine?.swarm.nodeAddress].flatMap((one) => canonicalAddress(one ?? '') ?? [])
}
