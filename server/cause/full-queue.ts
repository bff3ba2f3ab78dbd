import { takes } from '../network/addresses.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'

interface Found {
  where: string
  port: number
  waiting: number
  most: number
  shown: string[]
}

function find({ arrived, goal, protocol, destination, destinationPort }: Trail): Found | undefined {
  if (!arrived || !goal || protocol !== 'tcp' || destinationPort === undefined) return undefined
  const socket = goal.namespace.sockets.find(
    ({ protocol: kind, address, port, full }) =>
      kind === 'tcp' && port === destinationPort && full !== undefined && takes(address, destination),
  )
  if (!socket?.full) return undefined
  const { waiting, most } = socket.full
  return {
    ...{ where: goal.label, port: destinationPort, waiting, most },
    // As ss(8) writes it.
    shown: [`${goal.label}: LISTEN ${socket.address}:${destinationPort} Recv-Q ${waiting} Send-Q ${most}`],
  }
}

export const fullQueue = define<Found>({
  code: 'full-queue',
  byState: find,
  bySight: find,
  say: ({ where, port, waiting, most, shown }) => ({
    what: {
      en: `the program that listens on tcp port ${port} in ${code(where)} accepts no connections: ${waiting} wait for it, it asked for ${most} to be kept, and the kernel drops further ones without a word`,
      zh: `${code(where)} 中监听 tcp 端口 ${port} 的程序不接受连接：已有 ${waiting} 个在等待，它只要求保留 ${most} 个，内核会悄悄丢弃之后的连接`,
    },
    evidence: shown,
    tries: [
      {
        en: `the network is all right: see what that program is waiting for, for example with its log or ${code('ps')}, and restart it; ${code(`ss -ltn 'sport = :${port}'`)} shows its queue`,
        zh: `网络没有问题：看看那个程序在等什么，例如查看它的日志或 ${code('ps')}，然后重启它；${code(`ss -ltn 'sport = :${port}'`)} 可以看到它的队列`,
      },
    ],
  }),
  broken: 'a program that listens with a backlog of 1 and never accepts, and four clients that connect',
  example: {
    ...{ where: 'node1/lazy', port: 9001, waiting: 2, most: 1 },
    shown: ['node1/lazy: LISTEN 0.0.0.0:9001 Recv-Q 2 Send-Q 1'],
  },
})
