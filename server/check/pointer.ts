import type { NetworkState } from '../network/state.js'
import { endpointsOf } from '../place/place.js'
import { find } from '../place/reference.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import type { LiveSpec } from './values.js'

/** A command that shows a live value: docker-inspect(1), ip-link(8), ip-address(8), docker-swarm(1). Pure. */
export function pointerTo(spec: LiveSpec, state: NetworkState, home: string): Text {
  if ('container' in spec) return toContainer(spec, state, home)
  if ('link' in spec) {
    const { host, inside } = whereIs(spec.of, state, home)
    const shows = spec.fact === 'address' ? 'addr' : 'link'
    return shown(`${inside}ip ${shows} show ${spec.link}`, host)
  }
  if ('swarm' in spec) {
    return spec.fact === 'nodeAddress'
      ? shown('docker info', spec.swarm, 'Node Address')
      : shown(`docker swarm join-token ${spec.fact === 'workerToken' ? 'worker' : 'manager'}`, spec.swarm)
  }
  const host = spec.host ?? home
  switch (spec.fact) {
    case 'bridge':
      return shown('ip -br link show type bridge', host)
    case 'vxlanId':
      return shown(`docker network inspect ${spec.network}`, host, 'vxlanid_list')
    default:
      return shown(`docker network inspect ${spec.network}`, host, spec.fact === 'subnet' ? 'Subnet' : 'Gateway')
  }
}

const fields = { address: 'IPAddress', address6: 'GlobalIPv6Address', mac: 'MacAddress', gateway: 'Gateway' } as const

function toContainer(spec: Extract<LiveSpec, { container: string }>, state: NetworkState, home: string): Text {
  const { host, inside, name } = whereIs(spec.container, state, home)
  if (spec.fact === 'link') return shown(`${inside}ls /sys/class/net`, host)
  if (spec.fact === 'namespace') return shown(`${inside}readlink /proc/self/ns/net`, host)
  if (spec.fact === 'process') return shown(`docker inspect -f '{{.State.Pid}}' ${name}`, host)
  if (spec.fact !== 'hostLink') return shown(`docker inspect ${name}`, host, fields[spec.fact])
  const place = find(spec.container, state, home)
  const legs = place ? endpointsOf(place) : []
  const leg = legs.find(({ network }) => network === spec.network) ?? legs[0]
  const index = code(`${inside}cat /sys/class/net/${leg?.link ?? 'eth0'}/iflink`)
  return text(
    `${index} prints the index of the other end, and ${code('ip link')} on ${code(host)} lists the names with their indexes`,
    `${index} 会输出对端的接口编号，再用 ${code(host)} 上的 ${code('ip link')} 查这个编号对应的名字`,
  )
}

function whereIs(reference: string, state: NetworkState, home: string): { host: string; inside: string; name: string } {
  if (state.hosts.some(({ name }) => name === reference)) return { host: reference, inside: '', name: reference }
  const [host, name] = reference.includes('/') ? reference.split('/') : [home, reference]
  return { host: host!, inside: `docker exec ${name!} `, name: name! }
}

/** @param field what stands before the value in what the command prints */
export function shown(command: string, host: string, field?: string): Text {
  const [what, where] = [code(command), code(host)]
  return field === undefined
    ? text(`${what} on ${where} shows it`, `可以在 ${where} 上用 ${what} 查看`)
    : text(
        `${what} on ${where} shows it, after ${code(field)}`,
        `可以在 ${where} 上用 ${what} 查看，就在 ${code(field)} 后面`,
      )
}
