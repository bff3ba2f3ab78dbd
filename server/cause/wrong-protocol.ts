import type { Speech } from '../network/speech.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'

interface Found {
  where: string
  port: number
  as: 'http' | 'tls'
  /** What the program speaks, and the line that shows it. */
  speaks: Speech['kind']
  line: string
}

/** Names of protocols; they are the same in both languages. */
const names: Partial<Record<Speech['kind'], string>> = {
  http: 'HTTP',
  tls: 'TLS',
  'tls-alert': 'TLS',
  ssh: 'SSH',
  mysql: 'MySQL',
  redis: 'Redis',
}

function spoken(kind: Speech['kind']): Text {
  const name = names[kind]
  if (name !== undefined) return { en: `speaks ${name}`, zh: `使用的是 ${name} 协议` }
  return kind === 'mail'
    ? { en: 'greets as servers for mail and FTP do', zh: '像邮件或 FTP 服务器那样打招呼' }
    : { en: 'answers in a protocol that is not known here', zh: '用一种这里认不出的协议应答' }
}

export const wrongProtocol = define<Found>({
  code: 'wrong-protocol',
  say: ({ where, port, as, speaks, line }) => {
    const [who, asked] = [code(where), as === 'http' ? 'HTTP' : 'TLS']
    const is = spoken(speaks)
    const [other, scheme] = speaks === 'http' ? [code('http://'), 'HTTP'] : [code('https://'), 'HTTPS']
    const isWeb = speaks === 'http' || speaks === 'tls' || speaks === 'tls-alert'
    return {
      what: {
        en: `the program at port ${port} of ${who} ${is.en}, and was asked in ${asked}${as === 'http' ? ' without TLS' : ''}`,
        zh: `${who} 端口 ${port} 上的程序${is.zh}，而收到的请求用的是${as === 'http' ? '不加密的 HTTP' : ' TLS'}`,
      },
      evidence: [`${where}: tcp port ${port}: asked in ${asked}, said: ${line}`],
      tries: [
        isWeb
          ? {
              en: `the network is all right: ask for ${other} at this port, or for the port that is meant for ${asked}`,
              zh: `网络没有问题：在这个端口上请改用 ${other}（${scheme}），或者访问用于 ${asked} 的端口`,
            }
          : {
              en: `the network is all right: use a client for that protocol, or ask for the port of the program that is meant`,
              zh: '网络没有问题：请使用该协议的客户端，或者访问真正想要的那个程序的端口',
            },
      ],
    }
  },
  broken:
    'HTTP asked of a port that speaks TLS, TLS of one that speaks HTTP, and HTTP of a port of Redis; asked with `--http`',
  hidden: {
    state: 'what a program speaks is heard only by speaking to it',
    sight: 'a packet shows that a connection comes about, and not what is said over it: `--http` speaks',
    check: 'a check with `http` says that the answer is not HTTP, and repeats its beginning',
    diagnose: 'a diagnosis asks whether a connection comes about, and speaks to no program',
    netdiag: 'it asks whether a connection comes about, and speaks to no program',
  },
  example: {
    where: 'node1/cache',
    port: 6379,
    as: 'http',
    speaks: 'redis',
    line: "-ERR wrong number of arguments for 'get' command",
  },
})

export function wrongProtocolCause(found: Found): Cause {
  return wrongProtocol.tell(found)
}
