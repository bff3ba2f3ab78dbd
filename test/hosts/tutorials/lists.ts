import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { fromPackage } from '../../../server/package-root.js'

/** Commands of a public tutorial, as a learner types them one after another, and what is known of them. */
export interface TutorialList {
  name: string
  /** Where they are from. */
  origin: string
  lines: string[]
  /** Lines that do not work, with a reason of `reasons` and more words after a colon. */
  known: Record<string, string>
}

/** Why a line does not work, or need not. */
export const reasons: Record<string, string> = {
  internet: 'needs the internet: an image, a package or a host that no rack has',
  source: 'fails on any machine as it is written in the source',
  shows: 'fails here as it does in the source, which shows just that',
  kernel: 'needs a feature of the kernel that some machines lack: it may work or not',
  elsewhere: "needs something of the source's own machine",
}

/** Programs that ask or change a network. */
const programs = [
  ...['ping', 'ping6', 'curl', 'wget', 'ip', 'ifconfig', 'route', 'arp', 'arping', 'brctl', 'bridge', 'iptables'],
  ...['ip6tables', 'ipvsadm', 'nft', 'ss', 'netstat', 'tcpdump', 'ngrep', 'tshark', 'nslookup', 'dig', 'drill', 'host'],
  ...[
    'traceroute',
    'tracepath',
    'nc',
    'telnet',
    'ab',
    'iperf3',
    'iftop',
    'ethtool',
    'nmap',
    'ssh',
    'socat',
    'conntrack',
  ],
]
const networking = [
  // The line's own program, also behind sudo, in a network namespace, in a pipe; or a container's.
  new RegExp(`(?:^|[|;] *)(?:sudo )?(?:ip netns exec \\S+ )?(?:${programs.join('|')})(?: |$)`),
  new RegExp(`\\bdocker (?:container )?(?:run|exec)\\b.*[ '](?:${programs.join('|')})(?: |$)`),
  /\bdocker (?:network |port |swarm (?:init|join)\b)|NetworkSettings/,
  // A container or a service that is told how it stands on the network.
  /\bdocker (?:container )?(?:run|create|service (?:create|update))\b.* (?:--(?:net|network|net-alias|network-alias|network-add|ip|ip6|publish|publish-add|publish-all|link|dns|add-host|mac-address|expose)\b|-[pP] )/,
]

/** Whether a line is about the network, by the command alone: not what is done before and after it. Pure. */
export function isNetworking(line: string): boolean {
  return networking.some((pattern) => pattern.test(line))
}

const directory = fromPackage('test/hosts/tutorials')

export function tutorialLists(): TutorialList[] {
  const known = parse(readFileSync(join(directory, 'expected.yaml'), 'utf8')) as Record<string, Record<string, string>>
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sh'))
    .toSorted()
    .map((file) => {
      const name = basename(file, '.sh')
      const [first = '', ...lines] = readFileSync(join(directory, file), 'utf8').split('\n')
      const commands = lines.filter((line) => line !== '')
      return { name, origin: first.replace('# origin: ', ''), lines: commands, known: known[name] ?? {} }
    })
}
