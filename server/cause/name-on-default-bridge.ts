import { endpointsOf, isInHostNamespace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Unresolved } from './unresolved.js'
import { called, networksOf } from './words.js'

interface Found {
  from: string
  sender: string
  to: string
  /** As the Engine calls it. */
  other: string
  shown: string[]
}

function findName({ from, meant }: Unresolved): Found | undefined {
  // A name of outside is no container's: its own nameservers are asked for it.
  if (!from.container || isInHostNamespace(from) || !meant?.container) return undefined
  const own = endpointsOf(from)
  const theirs = endpointsOf(meant)
  const common = theirs.filter(({ networkId }) => own.some((leg) => leg.networkId === networkId))
  const legs = common.length > 0 ? common : own
  // The Engine's default network is called so for good.
  if (legs.length === 0 || legs.some(({ network }) => network !== 'bridge')) return undefined
  const servers = from.dns.nameservers.slice(0, 3).map((server) => `nameserver ${server}`)
  return {
    ...{ from: from.label, sender: called(from), to: meant.label, other: called(meant) },
    shown: [...networksOf(from), ...networksOf(meant), `${from.label}: ${servers.join(', ') || 'no nameserver'}`],
  }
}

export const nameOnDefaultBridge = define<Found>({
  code: 'name-on-default-bridge',
  byName: findName,
  say: ({ from, sender, to, other, shown }) => {
    const [who, whom] = [code(from), code(to)]
    const create = code('docker network create my_net')
    const connects = [sender, other].map((name) => code(`docker network connect my_net ${name}`))
    return {
      what: {
        en: `${who} and ${whom} meet only on the default \`bridge\`; names are resolved only on user-defined networks`,
        zh: `${who} 与 ${whom} 只在默认的 \`bridge\` 网络上；只有用户自定义网络才会解析容器名`,
      },
      evidence: shown,
      tries: [
        {
          en: `put both on a network of your own: ${create}, then ${connects.join(' and ')}`,
          zh: `让两者接入一个自定义网络：先 ${create}，再 ${connects.join(' 和 ')}`,
        },
      ],
    }
  },
  broken: 'two containers on the default `bridge`; one asks for the other by name',
  asked: '`one` to `two`, ping',
  example: {
    ...{ from: 'one', sender: 'one', to: 'two', other: 'two' },
    shown: ['one: networks bridge', 'two: networks bridge', 'one: nameserver 127.0.0.11'],
  },
  hidden: { sight: 'a name that does not resolve sends no packet: a trace tells it by the name' },
})
