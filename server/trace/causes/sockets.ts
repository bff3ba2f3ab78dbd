import { holds, sameAddress } from '../../network/addresses.js'
import type { ListeningSocket } from '../../network/state.js'
import { isHostSpot, type Spot } from '../../place/spots.js'
import { code, codes } from '../../wording/wording.js'
import { type Case, destinationOf, goalOf, stageOf } from '../case.js'
import { writePacket } from '../packet-text.js'
import type { CauseFinder } from './cause-finder.js'

/** It arrived, and nobody there wanted it. */

export function isLoopback(address: string): boolean {
  return address === '::1' || holds('127.0.0.0/8', address) || address.startsWith('::ffff:127.')
}

export function isAny(address: string): boolean {
  return address === '*' || address === '0.0.0.0' || address === '::'
}

/** Those that take what comes for the address. */
export function listening({ namespace }: Spot, protocol: string, port: number, address: string): ListeningSocket[] {
  return namespace.sockets.filter(
    (socket) =>
      socket.protocol === protocol &&
      socket.port === port &&
      (isAny(socket.address) || sameAddress(socket.address, address)),
  )
}

export function writeSocket({ protocol, address, port }: ListeningSocket): string {
  return `${protocol} LISTEN ${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** All sockets at the port, whatever their address; none where the question is of ICMP. */
function socketsAt(one: Case): { goal: Spot; address: string; port: number; at: ListeningSocket[] } | undefined {
  const goal = goalOf(one)
  const { address, port } = destinationOf(one)
  if (!goal || port === undefined || one.protocol === 'icmp') return undefined
  if (goal.namespace.faults.some((fault) => fault.startsWith('sockets:'))) return undefined
  const at = goal.namespace.sockets.filter((socket) => socket.protocol === one.protocol && socket.port === port)
  return { goal, address, port, at }
}

export const publishedElsewhere: CauseFinder = (one) => {
  const there = socketsAt(one)
  if (!there || !isHostSpot(there.goal)) return undefined
  const { goal, address, port, at } = there
  if (listening(goal, one.protocol, port, address).length > 0) return undefined
  const published = (goal.host.engine?.containers ?? []).flatMap((container) =>
    container.ports
      .filter(
        ({ hostPort, hostAddress, protocol }) =>
          hostPort === port && protocol === one.protocol && !isAny(hostAddress) && !sameAddress(hostAddress, address),
      )
      .map((mapping) => ({ container, mapping })),
  )
  const [first] = published
  if (!first) return undefined
  const { hostAddress, containerPort, protocol } = first.mapping
  const name = first.container.name
  return {
    code: 'published-elsewhere',
    what: {
      en: `${code(name)} publishes port ${port} on ${code(hostAddress)} alone, and ${code(address)} is another address of ${code(goal.host.name)}${isLoopback(hostAddress) ? ': from outside of the host, its loopback is out of reach' : ''}`,
      zh: `${code(name)} 只在 ${code(hostAddress)} 上发布了端口 ${port}，而 ${code(address)} 是 ${code(goal.host.name)} 的另一个地址${isLoopback(hostAddress) ? '：从主机外面访问不到它的回环地址' : ''}`,
    },
    evidence: [
      `docker port ${name}: ${containerPort}/${protocol} -> ${hostAddress}:${port}`,
      ...at.slice(0, 3).map(writeSocket),
    ],
    tries: [
      {
        en: `publish it on all addresses, by making it anew with ${code(`-p ${port}:${containerPort}`)}`,
        zh: `用 ${code(`-p ${port}:${containerPort}`)} 重新创建容器，在所有地址上发布`,
      },
    ],
  }
}

export const listeningOnLoopback: CauseFinder = (one) => {
  const there = socketsAt(one)
  if (!there || there.at.length === 0 || isLoopback(there.address)) return undefined
  const { goal, port, at, address } = there
  if (!at.every((socket) => isLoopback(socket.address))) return undefined
  return {
    code: 'listening-on-loopback',
    what: {
      en: `the packet arrived in ${code(goal.label)}, but there port ${port} is open on ${code(at[0]!.address)} alone: each namespace has a loopback of its own, and only what is inside reaches it`,
      zh: `数据包到了 ${code(goal.label)}，但那里的端口 ${port} 只监听 ${code(at[0]!.address)}：每个网络命名空间都有自己的回环接口，只有内部才能访问`,
    },
    evidence: [...at.slice(0, 3).map((socket) => `${goal.label}: ${writeSocket(socket)}`), ...refusal(one)],
    tries: [
      {
        en: `make the program listen on ${code('0.0.0.0')}, or on ${code(address)}; most have an option such as ${code('--bind')} or ${code('listen')}`,
        zh: `让程序监听 ${code('0.0.0.0')} 或 ${code(address)}；多数程序都有 ${code('--bind')} 或 ${code('listen')} 之类的选项`,
      },
    ],
  }
}

export const portNotListening: CauseFinder = (one) => {
  const there = socketsAt(one)
  if (!there) return undefined
  const { goal, address, port, at } = there
  if (listening(goal, one.protocol, port, address).length > 0) return undefined
  // What waits behind a rule is not known to be refused by a socket.
  if (stageOf(one) !== 'refused') return undefined
  // What is open on the loopback alone, such as the Engine's DNS server, nobody else can ask for.
  const all = goal.namespace.sockets.filter(
    (socket) => socket.protocol === one.protocol && (isLoopback(address) || !isLoopback(socket.address)),
  )
  const ports = codes([...new Set(all.map((socket) => socket.port))])
  const others = at.filter((socket) => !isLoopback(socket.address))
  const published = isHostSpot(goal)
    ? (goal.host.engine?.containers ?? []).find(({ ports: own }) =>
        own.some(({ containerPort }) => containerPort === port),
      )
    : undefined
  const mapping = published?.ports.find(({ containerPort }) => containerPort === port)
  const elsewhere = others.length > 0 ? codes(others.map((socket) => socket.address)) : undefined
  return {
    code: 'port-not-listening',
    what: elsewhere
      ? {
          en: `the packet arrived in ${code(goal.label)}, but port ${port} is open at ${elsewhere.en} there, not at ${code(address)}`,
          zh: `数据包到了 ${code(goal.label)}，但那里的端口 ${port} 只在 ${elsewhere.zh} 上监听，而不是 ${code(address)}`,
        }
      : {
          en: `the packet arrived in ${code(goal.label)}, but no program there listens on ${one.protocol} port ${port}, so the kernel refuses: the network is all right`,
          zh: `数据包到了 ${code(goal.label)}，但那里没有程序监听 ${one.protocol} 端口 ${port}，于是内核拒绝了它：网络本身没有问题`,
        },
    evidence: [
      `${goal.label}: listening ${one.protocol} ports ${[...new Set(all.map((socket) => socket.port))].slice(0, 8).join(', ') || 'none'}`,
      ...refusal(one),
    ],
    tries: [
      mapping
        ? {
            en: `${code(published!.name)} publishes its port ${port} as ${code(mapping.hostPort)} of the host: ask for that one`,
            zh: `${code(published!.name)} 的端口 ${port} 在主机上发布为 ${code(mapping.hostPort)}：请访问那个端口`,
          }
        : all.length > 0
          ? {
              en: `open there: ${ports.en}. Ask for one of these, or start the program that should listen on ${port}`,
              zh: `那里开放的端口：${ports.zh}。访问其中之一，或启动应当监听 ${port} 的程序`,
            }
          : {
              en: `start the program that should listen on ${port}; ${code('ss -lnt')} shows what listens`,
              zh: `启动应当监听 ${port} 的程序；${code('ss -lnt')} 可以看到正在监听的端口`,
            },
    ],
  }
}

/** The packet that said no. */
function refusal({ seen }: Case): string[] {
  const said = seen.back[0] ?? seen.errors[0]
  return said ? [writePacket(said.packet)] : []
}
