import { isAddress, sameAddress } from '../network/addresses.js'
import type { SwarmService } from '../network/state.js'
import type { LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import type { Hop } from './story.js'

interface Wanted {
  /** Without an address the packet goes to the one that is known. */
  goesOn: boolean
  /** Nameservers were not waited for as long as programs do. */
  isBrief: boolean
  /** That the name means, or `tasks.` before it. */
  service?: SwarmService | undefined
}

/** Who told the address of a name: the hosts file, the Engine's own server at 127.0.0.11, or another nameserver. */
export function nameHop(from: LivePlace, name: string, addresses: string[], { goesOn, isBrief, service }: Wanted): Hop {
  const servers = from.dns.nameservers.filter(isAddress).slice(0, 3)
  const line = from.dns.hosts.find(({ names }) => names.some((one) => one.toLowerCase() === name.toLowerCase()))
  const [who, what] = [code(from.label), code(name)]
  const asked = codes(servers)
  const embedded = servers.includes('127.0.0.11')
  const by = line
    ? { en: 'its hosts file', zh: '它的 hosts 文件' }
    : embedded
      ? { en: `the Engine's DNS server ${code('127.0.0.11')}`, zh: ` Docker 的内嵌 DNS ${code('127.0.0.11')} ` }
      : { en: `nameserver ${asked.en}`, zh: ` DNS 服务器 ${asked.zh} ` }
  const hop: Pick<Hop, 'kind' | 'place' | 'about'> = { kind: 'name', place: from.label, about: [] }
  if (addresses.length > 0) {
    const list = codes(addresses)
    const is = line ? { en: '', zh: '' } : leadsTo(addresses, service)
    return {
      ...hop,
      state: 'ok',
      text: {
        en: `${who} resolves ${what} to ${list.en}, by ${by.en}${is.en}`,
        zh: `${who} 通过${by.zh}把 ${what} 解析为 ${list.zh}${is.zh}`,
      },
      evidence: [
        line
          ? `/etc/hosts: ${line.address} ${line.names.join(' ')}`
          : `nameserver ${servers.join(', ')}: ${addresses.join(', ')}`,
      ],
    }
  }
  return {
    ...hop,
    state: goesOn ? 'unknown' : 'stop',
    text: goesOn
      ? {
          en: `${who} does not resolve ${what}${isBrief ? ' within a second' : ''}; the packet is sent to its address all the same`,
          zh: `${who} ${isBrief ? '在一秒内' : ''}解析不出 ${what}；下面直接向它的地址发送数据包`,
        }
      : { en: `${who} does not resolve ${what}`, zh: `${who} 解析不出 ${what}` },
    evidence: [servers.length > 0 ? `nameserver ${servers.join(', ')}: no address` : 'no nameserver'],
  }
}

/** Of a service: its virtual address, behind which its tasks are, or the tasks themselves (Docker docs, "Manage swarm service networks"). */
function leadsTo(addresses: string[], service: SwarmService | undefined): Text {
  if (!service) return { en: '', zh: '' }
  const who = code(service.name)
  const isVirtual = service.virtualAddresses.some(({ address }) => sameAddress(address.split('/')[0], addresses[0]))
  return isVirtual
    ? {
        en: `: the virtual address of the service ${who}, behind which are its tasks (${service.running} running)`,
        zh: `：这是服务 ${who} 的虚拟地址（VIP），后面是它的各个任务（${service.running} 个正在运行）`,
      }
    : {
        en: `: the tasks of the service ${who} themselves, one address each`,
        zh: `：这是服务 ${who} 各个任务自己的地址`,
      }
}
