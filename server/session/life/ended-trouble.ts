import type { Trouble } from '../../error/trouble.js'
import type { HostEnd } from '../../racks/racks.js'

const held: Record<HostEnd, Trouble['what']> = {
  'kernel-memory': {
    en: 'memory of the kernel (such as buffers of packet captures, or of packets that nobody reads)',
    zh: '内核内存（例如抓包缓冲区，或没有程序读取的数据包）',
  },
  terminals: { en: 'terminals', zh: '终端' },
  files: { en: 'open files', zh: '打开的文件' },
  uncountable: {
    en: 'open files, sockets, routes, namespaces or control groups (more than can be counted)',
    zh: '打开的文件、套接字、路由、命名空间或控制组（多到无法清点）',
  },
  neighbours: { en: 'entries in the neighbour table (ARP, ND)', zh: '邻居表（ARP、ND）条目' },
}

/** A host was stopped, since it held too much of something that the whole machine has but once. */
export function endedTrouble(host: string, why: HostEnd): Trouble {
  return {
    code: 'host.ended',
    what: {
      en: `${host} was stopped: it held too much: ${held[why].en} that others on this machine would have run short of it.`,
      zh: `${host} 已被停止：它占用了过多的${held[why].zh}，会影响这台机器上的其他人。`,
    },
    cure: {
      en: `Reset ${host}; then it starts again. Other hosts of the lab and your progress stay.`,
      zh: `请重置 ${host}，它会重新开始。实验的其他主机和你的进度都会保留。`,
    },
  }
}
