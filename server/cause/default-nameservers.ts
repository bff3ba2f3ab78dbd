import { isLoopback } from '../network/addresses.js'
import { isInHostNamespace, type LivePlace } from '../place/place.js'
import { code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import type { Unresolved } from './unresolved.js'
import { called } from './words.js'

interface Found {
  from: string
  sender: string
  host: string
  /** Missing where no name was asked for. */
  name?: string
  /** Whom the container asks. */
  servers: string[]
  /** Whom its host asks. */
  hosts: string[]
  shown: string[]
}

/**
 * On the default bridge a container gets a copy of its host's resolv.conf without loopback nameservers, which mean another machine
 * there; where none is left, the Engine puts public ones in (docs.docker.com, "Networking overview", DNS services).
 */
function findName({ from, name }: Pick<Unresolved, 'from'> & { name?: string }): Found | undefined {
  if (!from.container || isInHostNamespace(from) || from.dns.usesDefaults !== true) return undefined
  // Whom the host asks is half of the reason.
  if (from.host.dns.unread?.resolvConf !== undefined) return undefined
  const hosts = from.host.dns.nameservers
  return {
    ...{ from: from.label, sender: called(from), host: from.host.name, ...(name === undefined ? {} : { name }) },
    ...{ servers: from.dns.nameservers, hosts },
    shown: [
      `${from.label}: /etc/resolv.conf: # Used default nameservers.`,
      `${from.label}: nameserver ${from.dns.nameservers.slice(0, 4).join(', ')}`,
      `${from.host.name}: nameserver ${hosts.slice(0, 4).join(', ') || 'none'}`,
    ],
  }
}

export const defaultNameservers = define<Found>({
  code: 'default-nameservers',
  byName: findName,
  say: ({ from, sender, host, name, servers, hosts, shown }) => {
    const [who, where, list, own] = [code(from), code(host), codes(servers), codes(hosts)]
    const what = code(name ?? '')
    const loopbacks = hosts.length > 0 && hosts.every(isLoopback)
    const since = loopbacks
      ? {
          en: `${where} itself asks ${own.en}, and Docker leaves loopback nameservers out of a container on the default bridge, where they would be the container itself`,
          zh: `${where} 自己查询的是 ${own.zh}，而 Docker 不会把回环地址的 DNS 服务器交给默认网桥上的容器，因为在那里它指的是容器自己`,
        }
      : {
          en: `Docker found no nameserver of ${where} that a container could ask when it started this one`,
          zh: `Docker 启动这个容器时，没有在 ${where} 上找到容器可用的 DNS 服务器`,
        }
    const [create, connect] = [code('docker network create my_net'), code(`docker network connect my_net ${sender}`)]
    return {
      what:
        name === undefined
          ? {
              en: `${who} was given the public nameservers ${list.en}: ${since.en}`,
              zh: `${who} 得到的是公共 DNS 服务器 ${list.zh}：${since.zh}`,
            }
          : {
              en: `${who} asks the public nameservers ${list.en} for ${what}, which do not answer or do not know it: ${since.en}`,
              zh: `${who} 向公共 DNS 服务器 ${list.zh} 查询 ${what}，它们没有应答，或者不知道这个名字：${since.zh}`,
            },
      evidence: shown,
      tries: [
        {
          en: `name a server that containers reach, with ${code('--dns ADDRESS')} or ${code('"dns"')} in daemon.json`,
          zh: `用 ${code('--dns ADDRESS')} 或 daemon.json 里的 ${code('"dns"')} 指定容器能访问的 DNS 服务器`,
        },
        {
          en: `or put it on a network of its own, whose DNS server asks the host's resolver from the host's side: ${create}, then ${connect}`,
          zh: `或者把它接入自定义网络，那里的内嵌 DNS 会从主机一侧查询主机的解析器：先 ${create}，再 ${connect}`,
        },
      ],
    }
  },
  broken: "the host's only nameserver is a loopback address, and a container on the default bridge asks for a name",
  hidden: {
    sight: 'a name that does not resolve sends no packet: a trace tells it by the name',
  },
  example: {
    ...{ from: 'app', sender: 'app', host: 'node1', name: 'intranet.corp.example' },
    ...{ servers: ['8.8.8.8', '8.8.4.4'], hosts: ['127.0.1.1'] },
    shown: [
      'app: /etc/resolv.conf: # Used default nameservers.',
      'app: nameserver 8.8.8.8, 8.8.4.4',
      'node1: nameserver 127.0.1.1',
    ],
  },
})

/** Where the public nameservers of a container are from, if the Engine put them in. */
export function defaultNameserversCause(from: LivePlace): Cause | undefined {
  const found = findName({ from })
  return found && defaultNameservers.tell(found)
}
