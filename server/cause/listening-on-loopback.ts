import { isLoopback } from '../network/addresses.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { doorOf, refusalLines } from './sockets.js'
import type { Trail } from './trail.js'
import { writeSocket } from './words.js'

interface Found {
  goal: string
  port: number
  /** What it listens on. */
  on: string
  address: string
  seen: boolean
  shown: string[]
}

function find(trail: Trail): Found | undefined {
  const door = doorOf(trail)
  if (!door || door.at.length === 0 || isLoopback(door.address)) return undefined
  const { goal, port, at, address } = door
  if (!at.every((socket) => isLoopback(socket.address))) return undefined
  return {
    ...{ goal: goal.label, port, on: at[0]!.address, address, seen: trail.seen !== undefined },
    shown: [...at.slice(0, 3).map((socket) => `${goal.label}: ${writeSocket(socket)}`), ...refusalLines(trail)],
  }
}

/** All addresses of a family, as programs are told to listen on. */
const anyFor = (address: string) => (address.includes(':') ? '::' : '0.0.0.0')

export const listeningOnLoopback = define<Found>({
  code: 'listening-on-loopback',
  byState: find,
  bySight: find,
  say: ({ goal, port, on, address, seen, shown }) => ({
    what: seen
      ? {
          en: `the packet arrived in ${code(goal)}, but there port ${port} is open only on ${code(on)}: each namespace has a loopback of its own, and only what is inside reaches it`,
          zh: `数据包到了 ${code(goal)}，但那里的端口 ${port} 只监听 ${code(on)}：每个网络命名空间都有自己的回环接口，只有内部才能访问`,
        }
      : {
          en: `in ${code(goal)}, port ${port} is open only on ${code(on)}: each namespace has a loopback of its own, and only what is inside reaches it`,
          zh: `${code(goal)} 里的端口 ${port} 只监听 ${code(on)}：每个网络命名空间都有自己的回环接口，只有内部才能访问`,
        },
    evidence: shown,
    tries: [
      {
        en: `make the program listen on ${code(anyFor(address))}, or on ${code(address)}; most have an option such as ${code('--bind')} or ${code('listen')}`,
        zh: `让程序监听 ${code(anyFor(address))} 或 ${code(address)}；多数程序都有 ${code('--bind')} 或 ${code('listen')} 之类的选项`,
      },
    ],
  }),
  broken: 'the program listens on 127.0.0.1 alone',
  asked: '`api` to `cache:6379`, tcp',
  example: {
    ...{ goal: 'node1/cache', port: 6379, on: '127.0.0.1', address: '172.20.0.13', seen: true },
    shown: ['node1/cache: tcp LISTEN 127.0.0.1:6379', '172.20.0.13:6379 > 172.20.0.12:… tcp [RA], 40 bytes, ttl 64'],
  },
})
