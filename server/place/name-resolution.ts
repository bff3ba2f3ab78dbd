import { canonicalAddress, type IpFamily, ipFamilyOf, isAddress } from '../network/addresses.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import { bare, code } from '../wording/wording.js'
import { ask } from './ask.js'
import type { Asking } from './ground.js'
import type { LivePlace } from './place.js'
import { Unanswerable } from './unanswerable.js'

/** A nameserver that is silent is asked once more, as by the C library (resolv.conf(5), attempts), and with more patience: a machine under load answers late. */
const patienceMs: readonly number[] = [1000, 2000]
/** For a name that is not needed: who has it is known, and only whether the place knows it too is asked. */
export const briefMs = 1000
/** As many as the C library asks (resolv.h, MAXNS and MAXDNSRCH). */
const mostServers = 3
const mostSearched = 6

/**
 * What a name resolves to where a place stands, as its own C library would find out (resolv.conf(5)): its hosts file first,
 * then its nameservers, with its search domains and ndots. 127.0.0.11 is the Engine's server within the namespace.
 * @param family addresses of which alone count; by default nameservers are asked for IPv4, and the hosts file gives all it has
 * @param patience how long a nameserver that is silent is waited for, each time it is asked; as the C library does by default
 */
export async function resolveName(
  place: LivePlace,
  name: string,
  context: Asking,
  family?: IpFamily,
  patience: readonly number[] = patienceMs,
): Promise<string[]> {
  const isWanted = (address: string) => family === undefined || ipFamilyOf(address) === family
  if (isAddress(name)) return [canonicalAddress(name)!].filter(isWanted)
  const { dns } = place
  requireFiles(place)
  const lower = name.toLowerCase()
  const known = dns.hosts.filter(({ names }) => names.some((one) => one.toLowerCase() === lower))
  const fromFile = known.flatMap(({ address }) => canonicalAddress(address) ?? []).filter(isWanted)
  if (fromFile.length > 0) return unique(fromFile)

  const given = dns.nameservers.filter(isAddress).slice(0, mostServers)
  const servers = new Set(given.length > 0 ? given : ['127.0.0.1'])
  const type = family === 'ipv6' ? ('AAAA' as const) : ('A' as const)
  for (const candidate of candidates(name, dns.search, dns.options)) {
    // All at once, so that those who are silent are waited for together; what they say counts in their order.
    const said = [...servers].map((server) => ({
      server,
      answer: patiently(place, { kind: 'dns', server, name: candidate, type }, context, patience),
    }))
    await Promise.allSettled(said.map(({ answer }) => answer))
    for (const { server, answer: asked } of said) {
      const answer = await asked
      const found = (answer.records ?? []).flatMap((record) => canonicalAddress(record) ?? []).filter(isWanted)
      if (found.length > 0) return unique(found)
      // Whoever does not answer once is not asked again; whoever says no has said it.
      if (answer.cause === undefined) break
      servers.delete(server)
    }
  }
  return []
}

async function patiently(place: LivePlace, question: ProbeRequest, context: Asking, patience: readonly number[]) {
  let answer: ProbeAnswer | undefined
  for (const timeoutMs of patience) {
    answer = await ask(place, { ...question, timeoutMs }, context)
    if (answer.cause !== 'silent') break
  }
  return answer!
}

/** What a file may say that could not be read, nobody knows; and that a name is in none of them, even less. */
function requireFiles({ label, dns }: LivePlace): void {
  const [file, why] = dns.unread?.hosts
    ? ['/etc/hosts', dns.unread.hosts]
    : ['/etc/resolv.conf', dns.unread?.resolvConf]
  if (why === undefined) return
  throw new Unanswerable('state.incomplete', {
    en: `${code(file)} of ${code(label)} could not be read: ${bare(why, 200)}`,
    zh: `无法读取 ${code(label)} 的 ${code(file)}：${bare(why, 200)}`,
  })
}

function candidates(name: string, search: string[], options: string[]): string[] {
  const whole = name.replace(/\.$/, '')
  if (whole !== name) return [whole]
  const ndots = Number(options.findLast((option) => /^ndots:\d{1,2}$/.test(option))?.slice('ndots:'.length) ?? 1)
  const searched = search
    .slice(0, mostSearched)
    .map((domain) => `${name}.${domain.replace(/^\.+|\.+$/g, '')}`)
    .filter((full) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(full) && full !== `${name}.`)
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name]
}

function unique(addresses: string[]): string[] {
  return [...new Set(addresses)]
}
