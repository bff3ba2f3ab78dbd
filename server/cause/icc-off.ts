import { filtersBridged } from '../network/filter.js'
import type { EngineNetwork } from '../network/state.js'
import { endpointsOf, hostPlace, isLive, type LivePlace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

const iccOption = 'com.docker.network.bridge.enable_icc'
const modeOption = 'macvlan_mode'

interface Found {
  network: string
  /** Of a macvlan network: its mode, in which the parent passes nothing from one child to another (ip-link(8)). */
  mode?: string
  shown: string[]
}

/** A bridge whose containers may not talk to each other, and that both are on. */
function apart(from: LivePlace, goal: LivePlace): EngineNetwork | undefined {
  if (goal.host.name !== from.host.name || goal.namespace.id === from.namespace.id) return undefined
  const theirs = goal.host.engine?.containers.filter(({ namespace }) => namespace === goal.namespace.id) ?? []
  const ids = new Set(theirs.flatMap(({ endpoints }) => endpoints.map(({ networkId }) => networkId)))
  return endpointsOf(from)
    .filter(({ networkId }) => ids.has(networkId))
    .flatMap(({ networkId }) => from.host.engine?.networks.find(({ id }) => id === networkId) ?? [])
    .find(({ options }) => options[iccOption] === 'false' || options[modeOption] === 'private')
}

function find({ from, goal, meant, drop, destination }: Trail): Found | undefined {
  const there = goal ?? (isLive(meant) ? meant : undefined)
  const network = there && apart(from, there)
  if (!network) return undefined
  const mode = network.driver === 'macvlan' ? network.options[modeOption] : undefined
  if (mode !== undefined) return drop ? undefined : { network: network.name, mode, shown: [] }
  // It is a rule of IP that keeps them apart: where frames on a bridge meet none, it does nothing.
  const home = hostPlace(from.host)
  if (!drop && !(home && filtersBridged(home.namespace, destination))) return undefined
  const other = drop && (drop.chain === 'DOCKER-USER' || (drop.inLink !== undefined && drop.inLink !== network.bridge))
  if (other) return undefined
  return { network: network.name, shown: drop ? [drop.shown] : [] }
}

export const iccOff = define<Found>({
  code: 'icc-off',
  byState: find,
  bySight: find,
  say: ({ network, mode, shown }) => {
    if (mode !== undefined) {
      return {
        what: {
          en: `both are on ${code(network)}, but it was made with ${code(`${modeOption}=${mode}`)}: what one container of it sends, the parent link gives to no other container of it`,
          zh: `双方都在 ${code(network)} 上，但它创建时带有 ${code(`${modeOption}=${mode}`)}：一个容器发出的数据，父接口不会交给同一网络的其他容器`,
        },
        evidence: [`network ${network}: ${modeOption}=${mode}`],
        tries: [
          {
            en: `make it anew in the mode ${code('bridge')}, which is the default: ${code('docker network create -d macvlan -o parent=… -o macvlan_mode=bridge')}`,
            zh: `用默认的 ${code('bridge')} 模式重新创建它：${code('docker network create -d macvlan -o parent=… -o macvlan_mode=bridge')}`,
          },
        ],
      }
    }
    const create = code('docker network create my_net')
    return {
      what: {
        en: `both are on ${code(network)}, but it was made with ${code(`${iccOption}=false`)}: its containers are kept from each other by a rule, which drops what comes from its bridge and goes back into it`,
        zh: `双方都在 ${code(network)} 上，但它创建时带有 ${code(`${iccOption}=false`)}：同网容器之间不能互访，从它的网桥进来又要从同一网桥出去的数据包会被规则丢弃`,
      },
      evidence: [`network ${network}: ${iccOption}=false`, ...shown],
      tries: [
        {
          en: `use a network where containers may talk to each other; the option can't be changed afterwards: ${create}`,
          zh: `改用允许容器互通的网络；这个选项创建后不能修改：${create}`,
        },
      ],
    }
  },
  broken: 'a network made with `-o com.docker.network.bridge.enable_icc=false`',
  asked: '`q1` to `q2`, ping',
  example: { network: 'quiet', shown: ['node1: filter: -A FORWARD -i br-… -o br-… -j DROP'] },
})
