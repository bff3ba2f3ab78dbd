import { isInHostNamespace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found {
  who: string
  setting: string
  command: string
}

function find({ goal, protocol, arrived, address }: Trail): Found | undefined {
  if (protocol !== 'icmp' || !arrived || !goal) return undefined
  const version = address.includes(':') ? 6 : 4
  if (!goal.namespace.ignoresPings?.includes(version)) return undefined
  const setting = version === 6 ? 'net.ipv6.icmp.echo_ignore_all' : 'net.ipv4.icmp_echo_ignore_all'
  const who = isInHostNamespace(goal) ? goal.host.name : goal.label
  return { who, setting, command: commandIn(goal, `sysctl -w ${setting}=0`) }
}

/** A kernel that answers no ping (ip-sysctl, icmp_echo_ignore_all); whatever else is asked it answers. */
export const pingIgnored = define<Found>({
  code: 'ping-ignored',
  byState: find,
  bySight: find,
  say: ({ who, setting, command }) => ({
    what: {
      en: `the ping arrived in ${code(who)}, whose kernel is set to answer none (${code(setting)} is 1): that says nothing of its ports`,
      zh: `ping 到了 ${code(who)}，但它的内核被设为不应答任何 ping（${code(setting)} 为 1）：这并不说明它的端口不通`,
    },
    evidence: [`${who}: ${setting} = 1`],
    tries: [
      {
        en: 'ask for a port instead: a connection is what programs need',
        zh: '改为访问端口：程序需要的是连接',
      },
      { en: `or let it answer: ${code(command, 300)}`, zh: `或者让它应答：${code(command, 300)}` },
    ],
  }),
  broken: '`sysctl -w net.ipv4.icmp_echo_ignore_all=1` in the one that is asked',
  example: {
    ...{ who: 'node1/web', setting: 'net.ipv4.icmp_echo_ignore_all' },
    command: "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n sysctl -w net.ipv4.icmp_echo_ignore_all=0",
  },
  hidden: {
    netdiag: 'it pings others to see whether they are reached, and does not look into their settings',
  },
})
