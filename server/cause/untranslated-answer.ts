import { sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import { familiesFor, iptablesOf } from '../network/tables.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import { writeStep } from './packet-text.js'
import { iptablesFor } from './words.js'

interface Found {
  from: string
  asked: string
  answered: string
  host: string
  /** `undone`: translated there, and not back; `past`: translated there, and the answer came another way; `own`: nothing was translated. */
  how: 'undone' | 'past' | 'own'
  /** What has the answer come by the translator, where it went past it. */
  hairpin?: string
  /** A rule that keeps packets out of connection tracking there, and what lets these answers by before it. */
  untracked?: { text: string; command: string }
  shown: string[]
}

/** A socket at all addresses leaves it to the routes which of them it answers from (udp(7), ip(7)). */
function sayOwn(from: string, asked: string, answered: string, host: string): Pick<Cause, 'what' | 'tries'> {
  const [who, whom, by, where] = [code(from), code(asked), code(answered), code(host)]
  return {
    what: {
      en: `the answer came back to ${who}, but from ${by} and not from ${whom}, so it is taken for a stranger's: both are addresses of ${where}, nothing was translated, and the program left it to the kernel from which of them it answers`,
      zh: `应答回到了 ${who}，但来源是 ${by} 而不是 ${whom}，因此被当作陌生数据包：两个都是 ${where} 的地址，途中没有任何地址转换，是程序让内核决定从哪个地址应答的`,
    },
    tries: [
      {
        en: `ask it at ${by}, or let the program listen on the address of ${whom} alone in place of all`,
        zh: `改为访问 ${by}，或者让程序只监听 ${whom} 的那个地址，而不是所有地址`,
      },
    ],
  }
}

/** The one who is asked is nearer to the one who asks than the one who translates. */
function sayPast(
  from: string,
  asked: string,
  answered: string,
  host: string,
  hairpin: string,
): Pick<Cause, 'what' | 'tries'> {
  const [who, whom, by, where] = [code(from), code(asked), code(answered), code(host)]
  return {
    what: {
      en: `the answer came back to ${who}, but from ${by} and not from ${whom}, so it is taken for a stranger's: ${where} translated the destination on the way out, and the answer came another way, past ${where}, which could not undo it`,
      zh: `应答回到了 ${who}，但来源是 ${by} 而不是 ${whom}，因此被当作陌生数据包：${where} 在去程改了目的地址，而应答走了别的路，没有经过 ${where}，也就没有改回来`,
    },
    tries: [
      {
        en: `ask at ${by}; or let ${where} translate the source of such packets as well, so that the answer comes back by it: ${code(hairpin, 200)}`,
        zh: `直接访问 ${by}；或者让 ${where} 把这种数据包的源地址也改掉，应答就会经它返回：${code(hairpin, 200)}`,
      },
    ],
  }
}

/**
 * The answer came back, but from another address or port than was asked: a destination was translated on the way out, and on the
 * way back nobody undid it, so the sender takes it for somebody else's (nf_nat: only what connection tracking knows is undone).
 */
export const untranslatedAnswer = define<Found>({
  code: 'untranslated-answer',
  bySight: ({ seen, from, address, port, goal, state }) => {
    const last = seen.back.at(-1)
    if (!last || !seen.returned || seen.observation.outcome === 'answered') return undefined
    const { source, sourcePort } = last.packet
    const other =
      !sameAddress(source, address) || (port !== undefined && sourcePort !== undefined && sourcePort !== port)
    if (!other || last.packet.icmp) return undefined
    // Where it went on with another destination than it came with.
    const changed = seen.out.find(({ packet }) => !sameAddress(packet.destination, address))?.place
    const host = state.hosts.find(({ name }) => name === (changed ?? goal)?.host.name)
    const isOwn =
      !changed &&
      goal !== undefined &&
      [address, source].every((one) => ownsAddress(goal.namespace, one)) &&
      sourcePort === port
    const isPast =
      changed !== undefined && seen.whole && !seen.back.some(({ place }) => place?.host.name === changed.host.name)
    const sender = seen.out[0]?.packet.source
    const own = host?.namespaces[0]
    const families = familiesFor(source.includes(':') ? 6 : 4)
    const rule = own?.rules.find(
      ({ table, text, family }) =>
        table === 'raw' && families.includes(family) && /--notrack|\bNOTRACK\b|notrack/.test(text),
    )
    const write = (at: string, number: number | undefined) =>
      number === undefined ? at : `${at.includes(':') ? `[${at}]` : at}:${number}`
    return {
      ...{
        from: from.label,
        asked: write(address, port),
        answered: write(source, sourcePort),
        host: host?.name ?? '?',
        how: isOwn ? ('own' as const) : isPast ? ('past' as const) : ('undone' as const),
      },
      ...(isPast && sender !== undefined && last.packet.protocol !== 'icmp'
        ? {
            hairpin: `${iptablesFor(source)} -t nat -A POSTROUTING -s ${sender} -d ${source} -p ${last.packet.protocol}${sourcePort === undefined ? '' : ` --dport ${sourcePort}`} -j MASQUERADE`,
          }
        : {}),
      ...(rule
        ? {
            untracked: {
              text: rule.text,
              command: `${iptablesOf(rule.family, own) ?? iptablesFor(source)} -t raw -I ${rule.chain} -s ${source} -p ${last.packet.protocol}${sourcePort === undefined ? '' : ` --sport ${sourcePort}`} -j ACCEPT`,
            },
          }
        : {}),
      shown: [writeStep(last), ...(rule ? [`${host!.name}: raw: ${rule.text}`] : [])],
    }
  },
  say: ({ from, asked, answered, host, how, hairpin, untracked, shown }) => {
    const [who, whom, by, where] = [code(from), code(asked), code(answered), code(host)]
    if (how === 'own') return { ...sayOwn(from, asked, answered, host), evidence: shown }
    if (how === 'past' && hairpin !== undefined)
      return { ...sayPast(from, asked, answered, host, hairpin), evidence: shown }
    const listed = code(asked.startsWith('[') || /:.*:/.test(asked) ? 'conntrack -L -f ipv6' : 'conntrack -L')
    const why = untracked
      ? {
          en: `: a rule in table ${code('raw')} there keeps such packets out of connection tracking`,
          zh: `：那里 ${code('raw')} 表中的规则让这类数据包不进入连接跟踪`,
        }
      : { en: '', zh: '' }
    return {
      what: {
        en: `the answer came back to ${who}, but from ${by} and not from ${whom}, so it is taken for a stranger's: ${where} translated the destination on the way out and did not undo it on the way back${why.en}`,
        zh: `应答回到了 ${who}，但来源是 ${by} 而不是 ${whom}，因此被当作陌生数据包：${where} 在去程改了目的地址，回程却没有改回来${why.zh}`,
      },
      evidence: shown,
      tries: [
        untracked
          ? {
              en: `leave these answers to connection tracking, by a rule before that one, on ${where}: ${code(untracked.command, 200)}`,
              zh: `在 ${where} 上于那条规则之前加一条，让这些应答仍由连接跟踪处理：${code(untracked.command, 200)}`,
            }
          : {
              en: `look at what connection tracking knows of it, on ${where}: ${listed}`,
              zh: `在 ${where} 上查看连接跟踪里有没有它：${listed}`,
            },
      ],
    }
  },
  broken: 'a rule of table `raw` keeps the answers of a published port out of connection tracking',
  hidden: {
    state: 'that an answer comes from another address is seen only by sending',
    check: 'a check learns that no answer was taken, and not what came instead',
    diagnose: 'it asks by the published port, and a trace from there tells it',
    netdiag: 'it looks from inside the host, where the answer is not yet translated',
  },
  example: {
    ...{ from: 'laptop', asked: '192.168.1.11:8080', answered: '172.20.0.10:80', host: 'node1', how: 'undone' },
    untracked: {
      text: '-A PREROUTING -i br-… -p tcp -m tcp --sport 80 -j CT --notrack',
      command: 'iptables -t raw -I PREROUTING -s 172.20.0.10 -p tcp --sport 80 -j ACCEPT',
    },
    shown: [
      'laptop eth0 in: 172.20.0.10:80 > 192.168.1.50:… tcp [SA], 60 bytes, ttl 63',
      'node1: raw: -A PREROUTING -i br-… -p tcp -m tcp --sport 80 -j CT --notrack',
    ],
  },
})
