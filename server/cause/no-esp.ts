import { holds, sameAddress } from '../network/addresses.js'
import type { HostState, NamespaceState } from '../network/state.js'
import { commonNetworks } from '../place/target.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

interface Found {
  network: string
  /** Whose packets are not encrypted, and to whom they go. */
  host: string
  source: string
  destination: string
  shown: string[]
}

/** What is to be encrypted on its way from one node to the other, and is not, since nothing is agreed on. */
function unencrypted(from: HostState, to: HostState): Pick<Found, 'host' | 'source' | 'destination'> | undefined {
  const encryption: NamespaceState['encryption'] = from.namespaces[0]?.encryption
  const destination = to.engine?.swarm.nodeAddress
  const policy = encryption?.policies.find(
    (one) => one.direction === 'out' && sameAddress(one.destination, destination),
  )
  if (!encryption || !policy || destination === undefined) return undefined
  const { source } = policy
  const isAgreed = encryption.associations.some(
    (one) => sameAddress(one.source, source) && sameAddress(one.destination, destination),
  )
  return isAgreed ? undefined : { host: from.name, source, destination }
}

function find({ from, goal, destination }: Trail): Found | undefined {
  if (!goal || goal.host.name === from.host.name) return undefined
  const shared = commonNetworks(from, goal)
  const network = from.host.engine?.networks.find(
    ({ name, driver, options, subnets }) =>
      shared.includes(name) &&
      driver === 'overlay' &&
      subnets.some(({ subnet }) => holds(subnet, destination)) &&
      options.encrypted !== undefined &&
      options.encrypted !== 'false',
  )
  const one = network && (unencrypted(from.host, goal.host) ?? unencrypted(goal.host, from.host))
  if (!network || !one) return undefined
  const { host, source, destination: to } = one
  return {
    ...{ network: network.name, ...one },
    shown: [
      `network ${network.name}: driver overlay, encrypted`,
      `${host}: ip xfrm policy: src ${source} dst ${to} dir out`,
      `${host}: ip xfrm state: none from ${source} to ${to}`,
    ],
  }
}

/** Docker docs, "Encrypt traffic on an overlay network": tunnels of such a network go within IPsec's ESP, between each two nodes. */
export const noEsp = define<Found>({
  code: 'no-esp',
  byState: find,
  bySight: find,
  say: ({ network, host, source, destination, shown }) => {
    const [what, where, ends] = [code(network), code(host), code(`${source} > ${destination}`)]
    const log = code('grep "Failed Adding" /var/log/docker.log')
    return {
      what: {
        en: `the overlay ${what} is encrypted, but the kernel of ${where} has no agreed key for ${ends} (no IPsec association), and nothing may go in the clear: the Engine could not make one`,
        zh: `overlay 网络 ${what} 是加密的，但 ${where} 的内核里没有 ${ends} 的密钥（没有 IPsec 安全关联），又不允许明文发送：引擎没能建立安全关联`,
      },
      evidence: shown,
      tries: [
        {
          en: `the Engine's log says why (${log}); most often the kernel lacks ESP or its cipher, which ${code('modprobe -a esp4 gcm')} on the machine brings`,
          zh: `引擎的日志里有原因（${log}）；最常见的是内核缺少 ESP 或相应的加密算法，可以在物理机上运行 ${code('modprobe -a esp4 gcm')} 加载`,
        },
        {
          en: `where everybody on that way is trusted, recreate the network without ${code('--opt encrypted')}`,
          zh: `如果这段路径完全可信，就去掉 ${code('--opt encrypted')} 重新创建该网络`,
        },
      ],
    }
  },
  broken: 'an overlay made with `--opt encrypted`, on a kernel without the cipher of ESP',
  hidden: {
    netdiag: 'an Engine lists the containers of its own host alone, so that nobody across the tunnel is asked',
  },
  example: {
    ...{ network: 'safe', host: 'node1', source: '192.168.1.11', destination: '192.168.1.12' },
    shown: [
      'network safe: driver overlay, encrypted',
      'node1: ip xfrm policy: src 192.168.1.11 dst 192.168.1.12 dir out',
      'node1: ip xfrm state: none from 192.168.1.11 to 192.168.1.12',
    ],
  },
})
