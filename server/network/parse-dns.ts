import { oneLine } from '../wording/one-line.js'
import type { HostCapture } from './capture.js'
import type { DnsSettings } from './state.js'

/** Far more than resolv.conf(5) allows, or a lab's hosts file has. */
const mostLines = 2000
const longestWord = 253

/** Notes that the Engine leaves in a container's resolv.conf (moby, libnetwork/internal/resolvconf). */
const defaultsNote = /^# Used default nameservers\.?/
const serversNote = /^# ExtServers: \[(.*)\]/

/** resolv.conf(5) and hosts(5). The last `search` or `domain` counts, as for the C library. */
export function parseDns({ resolvConf, hosts, unread }: HostCapture['files'][string]): DnsSettings {
  const settings: DnsSettings = { nameservers: [], search: [], options: [], hosts: [] }
  for (const [keyword, ...values] of words(resolvConf, /[#;].*/)) {
    if (keyword === 'nameserver' && values[0]) settings.nameservers.push(values[0])
    else if (keyword === 'search' || keyword === 'domain') settings.search = values
    else if (keyword === 'options') settings.options.push(...values)
  }
  for (const line of resolvConf.split('\n').slice(0, mostLines)) {
    if (defaultsNote.test(line)) settings.usesDefaults = true
    const [, servers] = serversNote.exec(line) ?? []
    // One that is asked from the host's side is written as `host(127.0.0.53)`.
    if (servers !== undefined)
      settings.forwardsTo = servers
        .split(/\s+/)
        .flatMap((one) => oneLine(one.replace(/^host\((.*)\)$/, '$1'), longestWord) || [])
  }
  for (const [address, ...names] of words(hosts, /#.*/)) {
    if (address && names.length > 0) settings.hosts.push({ address, names })
  }
  if (unread) settings.unread = unread
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
