import { oneLine } from '../wording/one-line.js'
import type { DnsSettings } from './state.js'

/** Far more than resolv.conf(5) allows, or a lab's hosts file has. */
const mostLines = 2000
const longestWord = 253

/** resolv.conf(5) and hosts(5). The last `search` or `domain` counts, as for the C library. */
export function parseDns({ resolvConf, hosts }: { resolvConf: string; hosts: string }): DnsSettings {
  const settings: DnsSettings = { nameservers: [], search: [], options: [], hosts: [] }
  for (const [keyword, ...values] of words(resolvConf, /[#;].*/)) {
    if (keyword === 'nameserver' && values[0]) settings.nameservers.push(values[0])
    else if (keyword === 'search' || keyword === 'domain') settings.search = values
    else if (keyword === 'options') settings.options.push(...values)
  }
  for (const [address, ...names] of words(hosts, /#.*/)) {
    if (address && names.length > 0) settings.hosts.push({ address, names })
  }
  return settings
}

function words(text: string, comment: RegExp): string[][] {
  return text
    .split('\n')
    .slice(0, mostLines)
    .map((line) => line.replace(comment, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/).map((word) => oneLine(word, longestWord)))
}
