import { code } from '../wording/wording.js'
import { askedService } from './asked-service.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

interface Found {
  host: string
  service: string
  /** Its virtual address, or its port of the routing mesh. */
  asked: { address: string } | { port: number; inside: number }
  /** It publishes a port by the routing mesh, which needs the virtual address. */
  meshed: boolean
  shown: string[]
}

function find(trail: Trail): Found | undefined {
  const one = askedService(trail)
  if (!one || one.service.running === 0) return undefined
  const { manager, service, how, mode } = one
  // The sender's own host shares out what is for the virtual address; a published port, the node that is asked.
  const { host } = how === 'vip' ? trail.from : trail.last
  if (host.namespaces[0]?.virtualServers !== 'none' || (how === 'port' && mode !== 'ingress')) return undefined
  const { name, replicas, running, ports } = service
  const published = ports.find(({ publishedPort }) => publishedPort === trail.destinationPort)
  return {
    ...{ host: host.name, service: name, meshed: ports.some((port) => port.mode === 'ingress') },
    asked:
      how === 'vip' ? { address: trail.address } : { port: published!.publishedPort, inside: published!.targetPort },
    shown: [
      `${host.name}: /proc/net/ip_vs: no such file`,
      `${manager.host.name}: service ${name}: endpoint mode ${service.endpointMode}, ${running} of ${replicas ?? 'all'} running`,
    ],
  }
}

/** Docker docs, "Swarm mode routing mesh": virtual addresses and the mesh are IPVS's (ip_vs), which a kernel may lack. */
export const noIpvs = define<Found>({
  code: 'no-ipvs',
  byState: find,
  bySight: find,
  say: ({ host, service, asked, meshed, shown }) => {
    const [who, where] = [code(service), code(host)]
    const what =
      'port' in asked
        ? {
            en: `port ${asked.port} is published by the service ${who} through the routing mesh`,
            zh: `端口 ${asked.port} 由服务 ${who} 通过路由网格（routing mesh）发布`,
          }
        : {
            en: `${code(asked.address)} is the virtual address of the service ${who}`,
            zh: `${code(asked.address)} 是服务 ${who} 的虚拟地址（VIP）`,
          }
    const direct = {
      en: `use the addresses of its tasks themselves: ${code(`tasks.${service}`)}`,
      zh: `直接访问各个任务自己的地址：${code(`tasks.${service}`)}`,
    }
    return {
      what: {
        en: `${what.en}, which the kernel of ${where} would share out among its tasks by IPVS (${code('ip_vs')}), and it has none: so nobody answers there`,
        zh: `${what.zh}，本应由 ${where} 的内核通过 IPVS（${code('ip_vs')}）分给各个任务，但这个内核没有 IPVS，所以没有谁应答`,
      },
      evidence: shown,
      tries:
        'port' in asked
          ? [
              {
                en: `publish the port on the nodes themselves that have a task, without the mesh: ${code(`docker service update --publish-rm ${asked.inside} --publish-add mode=host,published=${asked.port},target=${asked.inside} ${service}`, 300)}`,
                zh: `不用路由网格，直接在有任务的节点上发布端口：${code(`docker service update --publish-rm ${asked.inside} --publish-add mode=host,published=${asked.port},target=${asked.inside} ${service}`, 300)}`,
              },
            ]
          : [
              direct,
              ...(meshed
                ? []
                : [
                    {
                      en: `let its name stand for its tasks: ${code(`docker service update --endpoint-mode dnsrr ${service}`)}`,
                      zh: `让它的名字直接代表各个任务：${code(`docker service update --endpoint-mode dnsrr ${service}`)}`,
                    },
                  ]),
            ],
    }
  },
  broken: 'the virtual address of a service, and its port of the routing mesh, on a kernel without `ip_vs`',
  hidden: {
    diagnose: 'a diagnosis is of a container, and does not ask services',
    netdiag: 'it asks the containers of its own host, and not services',
  },
  example: {
    ...{ host: 'node1', service: 'shop', asked: { address: '10.10.0.3' }, meshed: false },
    shown: ['node1: /proc/net/ip_vs: no such file', 'node1: service shop: endpoint mode vip, 2 of 2 running'],
  },
})
