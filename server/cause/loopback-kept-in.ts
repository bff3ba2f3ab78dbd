import { isLoopback } from '../network/addresses.js'
import { outLink } from '../network/routing.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  asked: string
  led: string
  link: string
  command: string
}

function find({ from, address, port, destination, destinationPort, stage }: Trail): Found | undefined {
  if (stage !== 'unsent' || address.includes(':') || !isLoopback(address) || isLoopback(destination)) return undefined
  const link = outLink(from.namespace, destination)
  if (!link || link.routesLoopback) return undefined
  const write = (at: string, number: number | undefined) => (number === undefined ? at : `${at}:${number}`)
  return {
    ...{ where: from.label, asked: write(address, port), led: write(destination, destinationPort), link: link.name },
    command: commandIn(from, `sysctl -w net.ipv4.conf.${link.name}.route_localnet=1`),
  }
}

/** A rule leads a loopback address to a container, and the kernel keeps the packet in for its source (ip-sysctl, route_localnet). */
export const loopbackKeptIn = define<Found>({
  code: 'loopback-kept-in',
  byState: find,
  bySight: find,
  say: ({ where, asked, led, link, command }) => {
    const [who, from, to, by] = [code(where), code(asked), code(led), code(link)]
    return {
      what: {
        en: `a rule on ${who} leads ${from} to ${to}, but the packet keeps its source of ${code('127.0.0.0/8')}, and the kernel lets that out by ${by} only where ${code('route_localnet')} is on; where no ${code('docker-proxy')} runs, Docker turns it on for its bridges`,
        zh: `${who} 上的规则把 ${from} 引到 ${to}，但包的源地址仍然属于 ${code('127.0.0.0/8')}，内核只有在 ${code('route_localnet')} 打开时才让它从 ${by} 出去；不运行 ${code('docker-proxy')} 时，Docker 会为自己的网桥打开它`,
      },
      evidence: [`${where}: net.ipv4.conf.${link}.route_localnet = 0`],
      tries: [
        {
          en: `turn it on again, on ${who}: ${code(command, 300)}`,
          zh: `在 ${who} 上重新打开它：${code(command, 300)}`,
        },
        {
          en: `or let the Engine set its bridges up anew: ${code('systemctl restart docker')}`,
          zh: `或者让引擎重新设置它的网桥：${code('systemctl restart docker')}`,
        },
      ],
    }
  },
  broken: '`userland-proxy` is off, and `sysctl -w net.ipv4.conf.docker0.route_localnet=0`',
  asked: 'what the host publishes, at `127.0.0.1` of the host itself',
  example: {
    ...{ where: 'node1', asked: '127.0.0.1:8080', led: '172.17.0.2:80', link: 'docker0' },
    command: 'sysctl -w net.ipv4.conf.docker0.route_localnet=1',
  },
  hidden: {
    diagnose: 'a diagnosis asks by the addresses of the host, and by its loopback only whether somebody listens',
    netdiag: 'it asks by the addresses of the host',
  },
  onlyIp4: 'the kernel has no such switch for IPv6: `::1` leaves no host',
})
