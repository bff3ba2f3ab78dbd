import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'

interface Found {
  where: string
  port: number
  /** `silent`: it says nothing; `closed`, `reset`: it ends the connection. */
  how: 'silent' | 'closed' | 'reset'
  as: 'http' | 'tls'
  /** How long it was waited for. */
  seconds: number
  /** Of a container, by which its log can be read. */
  container?: string
}

export const noReply = define<Found>({
  code: 'no-reply',
  say: ({ where, port, how, as, seconds, container }) => {
    const [who, words] = [code(where), as === 'http' ? code('GET') : code('ClientHello')]
    return {
      what:
        how === 'silent'
          ? {
              en: `the connection to port ${port} of ${who} is made, and ${words} was sent, but nothing came back in ${seconds} s: the kernel takes a connection by itself, and the program behind does not answer`,
              zh: `到 ${who} 端口 ${port} 的连接建立了，${words} 也发出去了，但 ${seconds} 秒内没有任何回复：连接由内核自己接受，后面的程序却不应答`,
            }
          : {
              en: `the connection to port ${port} of ${who} is made, and ${words} was sent, but the other side ends the connection without a word`,
              zh: `到 ${who} 端口 ${port} 的连接建立了，${words} 也发出去了，但对方什么也没回就断开了连接`,
            },
      evidence: [
        `${where}: tcp port ${port}: connected, ${as === 'http' ? 'GET' : 'ClientHello'} sent, ${how === 'silent' ? `no byte in ${seconds} s` : how === 'reset' ? 'connection reset, no byte' : 'connection closed, no byte'}`,
      ],
      tries: [
        container === undefined
          ? {
              en: 'the network is all right: see in the log of that program what it is waiting for',
              zh: '网络没有问题：查看那个程序的日志，看看它在等什么',
            }
          : {
              en: `the network is all right: see what that program is waiting for, for example with ${code(`docker logs ${container}`)}`,
              zh: `网络没有问题：看看那个程序在等什么，例如用 ${code(`docker logs ${container}`)} 查看它的日志`,
            },
      ],
    }
  },
  broken: 'a program that takes connections and never answers; asked with `--http`',
  hidden: {
    state: 'what a program does with a connection is seen only by speaking to it',
    sight: 'a packet shows that a connection comes about, and not what is said over it: `--http` speaks',
    check: 'a check with `http` says that nothing came back, and does not look further',
    diagnose: 'a diagnosis asks whether a connection comes about, and speaks to no program',
    netdiag: 'it asks whether a connection comes about, and speaks to no program',
  },
  example: { where: 'node1/mute', port: 80, how: 'silent', as: 'http', seconds: 3, container: 'mute' },
})

export function noReplyCause(found: Found): Cause {
  return noReply.tell(found)
}
