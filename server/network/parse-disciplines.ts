import type { Link } from './state.js'
import { numberOf, recordOf, recordsOf, textOf } from './untrusted.js'

/** Bytes of the shortest packet of IP with its Ethernet header (RFC 791, 3.1); what holds less holds none. */
const shortestFrame = 34

/** Of a queueing discipline that needs no more than its name to be known: tc-blackhole drops all. */
export function losesByName(kind: string): Link['loses'] {
  return kind === 'blackhole' ? { share: 1, by: kind } : undefined
}

/**
 * `tc -json qdisc show`: which part of what links should send their queueing disciplines drop by what they were set to, where that is known.
 * Only those that stand at the root are looked at: whether a packet comes to another one is a matter of filters.
 */
export function parseDisciplines(answer: unknown): (link: string) => Link['loses'] {
  const all = new Map(
    recordsOf(answer).flatMap((one): [string, Link['loses']][] =>
      one.root === true ? [[textOf(one.dev), lossOf(textOf(one.kind), recordOf(one.options))]] : [],
    ),
  )
  return (link) => all.get(link)
}

function lossOf(kind: string, options: Record<string, unknown>): Link['loses'] {
  const under = (name: 'limit' | 'burst', least: number, unit: string): Link['loses'] => {
    const most = numberOf(options[name])
    return most !== undefined && most < least ? { share: 1, by: `${kind} ${name} ${most}${unit}` } : undefined
  }
  switch (kind) {
    case 'netem':
      return netemLoss(options)
    // Packets that wait: pfifo_enqueue and bfifo_enqueue in net/sched/sch_fifo.c.
    case 'pfifo':
      return under('limit', 1, 'p')
    case 'bfifo':
      return under('limit', shortestFrame, 'b')
    // What is longer than the bucket is never sent: tbf_enqueue in net/sched/sch_tbf.c.
    case 'tbf':
      return under('burst', shortestFrame, 'b')
    default:
      return losesByName(kind)
  }
}

/**
 * tc-netem(8), netem_enqueue in net/sched/sch_netem.c: of what is doubled a copy may pass, and with `ecn` some is marked instead. Where the
 * chance hangs on the packet before, or on a model, no share is known.
 */
function netemLoss(options: Record<string, unknown>): Link['loses'] {
  const { loss, correlation } = recordOf(options['loss-random'])
  const share = numberOf(loss) ?? 0
  const isPlain = !('duplicate' in options) && options.ecn !== true
  if (!isPlain || share <= 0 || share > 1 || (share < 1 && (numberOf(correlation) ?? 0) !== 0)) return undefined
  return { share, by: `netem loss ${Number((share * 100).toFixed(4))}%` }
}
