import { z } from 'zod'
import { holds, sameAddress, sameNetwork } from '../../network/addresses.js'
import type { EngineNetwork, HostState, NetworkState } from '../../network/state.js'
import { networkLike } from '../../place/near-miss.js'
import { isLive, legsOf, ownNamespace } from '../../place/place.js'
import { absence, engineOf, find, hostNamed, hostsOf, requireWhole } from '../../place/reference.js'
import type { Text } from '../../wording/text.js'
import { bare, code, codes } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { address, cidr, dictionary, expected, flag, hostName, name, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { whyNotOn } from '../joining.js'
import type { Finding } from '../verdict.js'

const schema = z.strictObject({
  name: name.describe("the network's name"),
  host: hostName.optional().describe('on which host; the first docker host by default'),
  driver: z.string().optional().describe('bridge, overlay, macvlan, ipvlan, host or none'),
  subnet: cidr.optional().describe('one of its subnets'),
  gateway: address.optional().describe('the gateway of one of its subnets'),
  range: cidr.optional().describe('from which part of the subnet addresses are given (--ip-range)'),
  reserved: z
    .array(address)
    .optional()
    .describe(
      'addresses that the Engine gives to no container by itself: reserved (--aux-address), the gateway, or outside of the range',
    ),
  internal: flag.optional().describe('whether it has no way out (--internal)'),
  attachable: flag.optional().describe('whether plain containers may join an overlay (--attachable)'),
  ipv6: flag.optional().describe('whether it has IPv6'),
  options: dictionary
    .optional()
    .describe('driver options and their values, such as com.docker.network.driver.mtu: 1400'),
  labels: dictionary.optional().describe('labels and their values'),
  containers: z.array(reference).optional().describe('containers that must be on it; a bare name is one of this host'),
  without: z.array(reference).optional().describe('containers that must not be on it; a bare name is one of this host'),
  expect: expected,
})
type Spec = z.output<typeof schema>

/** A Docker network as the Engine knows it, and that the kernel has the bridge for it. */
export const network: Family<Spec> = {
  key: 'network',
  schema,
  reasons: [
    'network.missing',
    'network.exists',
    'network.driver',
    'network.subnet',
    'network.gateway',
    'network.range',
    'network.reserved',
    'network.internal',
    'network.attachable',
    'network.ipv6',
    'network.option',
    'network.label',
    'network.member',
    'network.not-member',
    'network.kernel',
  ],
  nothing: ['network.missing'],
  present: 'network.exists',
  needsEngine: true,
  hosts: (spec) => [...(spec.host ? [spec.host] : []), ...hostsOf(...(spec.containers ?? []), ...(spec.without ?? []))],
  async check(spec, context) {
    const host = hostNamed(context.state, spec.host ?? context.home)
    const found = engineOf(host).networks.find((candidate) => candidate.name === spec.name)
    const what = code(spec.name)
    if (!spec.expect) {
      if (!found) return pass(`there is no network ${what}`, `没有网络 ${what}`)
      return fail('network.exists', {
        expected: { en: `no network ${what} on ${code(host.name)}`, zh: `${code(host.name)} 上没有网络 ${what}` },
        observed: { en: `network ${what} exists`, zh: `网络 ${what} 存在` },
        why: {
          en: `${what} is still there: a network stays until \`docker network rm\`, which is refused while a running container is on it`,
          zh: `${what} 仍然存在：网络会一直保留到执行 \`docker network rm\`，上面还有运行中的容器时删不掉`,
        },
      })
    }
    if (!found) {
      const others = codes(engineOf(host).networks.map((candidate) => candidate.name))
      return fail('network.missing', {
        expected: { en: `a network ${what} on ${code(host.name)}`, zh: `${code(host.name)} 上有网络 ${what}` },
        observed: { en: `its networks are ${others.en}`, zh: `现有的网络是 ${others.zh}` },
        why: networkLike(spec.name, host, context.state) ?? {
          en: `${code(host.name)} has no network ${what}: user-defined networks exist only after \`docker network create\``,
          zh: `${code(host.name)} 上没有网络 ${what}：自定义网络要先用 \`docker network create\` 创建`,
        },
      })
    }
    return (
      mismatch(spec, found) ??
      kernelMismatch(found, host) ??
      members(spec, found, host, context) ??
      pass(`network ${what} is as it should be`, `网络 ${what} 符合要求`)
    )
  },
}

function mismatch(spec: Spec, found: EngineNetwork): Finding | undefined {
  const what = code(spec.name)
  const differs = (
    reason: string,
    field: [en: string, zh: string],
    wanted: string,
    is: string,
    why: [string, string],
  ) =>
    fail(reason, {
      expected: { en: `${what} has ${field[0]} ${code(wanted)}`, zh: `${what} 的${field[1]}是 ${code(wanted)}` },
      observed: { en: `its ${field[0]} is ${code(is)}`, zh: `它的${field[1]}是 ${code(is)}` },
      why: { en: why[0], zh: why[1] },
    })
  const remake: [string, string] = [
    'such a setting is made when a network is created and stays, so remove the network and create it again',
    '这类设置在创建网络时确定，之后不能修改，需要删除网络后重新创建',
  ]
  // The Engine calls the driver of `none` null.
  const driver = found.driver === 'null' ? 'none' : found.driver
  if (spec.driver !== undefined && spec.driver !== driver) {
    return differs('network.driver', ['driver', '驱动'], spec.driver, driver, [
      `the driver decides what a network is made of, and ${what} was created with ${code(driver)} (\`-d\` chooses another)`,
      `驱动决定网络由什么构成，而 ${what} 是用 ${code(driver)} 创建的（用 \`-d\` 指定其他驱动）`,
    ])
  }
  const subnets = found.subnets.map(({ subnet }) => subnet).join(', ') || 'none'
  if (spec.subnet !== undefined && !found.subnets.some(({ subnet }) => sameNetwork(subnet, spec.subnet))) {
    return differs('network.subnet', ['subnet', '子网'], spec.subnet, subnets, [
      ...subnetWhy(what, subnets, found, remake),
    ])
  }
  const gateways = found.subnets.flatMap(({ gateway }) => gateway ?? []).join(', ') || 'none'
  if (spec.gateway !== undefined && !found.subnets.some(({ gateway }) => sameAddress(gateway, spec.gateway))) {
    return differs('network.gateway', ['gateway', '网关'], spec.gateway, gateways, [
      `${found.driver === 'bridge' ? "the gateway is the address of the bridge, by default the subnet's first" : '`--gateway` says to whom containers send what is not for their subnet'}; ${what} has ${code(gateways)}, and ${remake[0]}`,
      `${found.driver === 'bridge' ? '网关就是网桥自己的地址，默认取子网的第一个地址' : '`--gateway` 规定容器把发往子网之外的数据包交给谁'}；${what} 现在是 ${code(gateways)}，${remake[1]}`,
    ])
  }
  const ranges = found.subnets.flatMap(({ range }) => range ?? []).join(', ') || 'none'
  if (spec.range !== undefined && !found.subnets.some(({ range }) => sameNetwork(range, spec.range))) {
    return differs('network.range', ['address range', '地址分配范围'], spec.range, ranges, [
      `\`--ip-range\` says from which part of the subnet containers get addresses; ${what} has ${code(ranges)}`,
      `\`--ip-range\` 规定容器从子网的哪一段分配地址；${what} 现在是 ${code(ranges)}`,
    ])
  }
  const given = spec.reserved?.find((one) => found.subnets.some((part) => mayGive(part, one)))
  if (given !== undefined) {
    const taken = codes(found.subnets.flatMap(({ reserved }) => Object.values(reserved)))
    return fail('network.reserved', {
      expected: {
        en: `the Engine gives ${code(given)} to no container on ${what} by itself`,
        zh: `引擎不会自行把 ${code(given)} 分配给 ${what} 上的容器`,
      },
      observed: { en: `reserved on it are ${taken.en}`, zh: `网络上保留的地址：${taken.zh}` },
      why: {
        en: `the Engine hands out every address of the range that it does not know are taken, so it may give ${code(given)} to a container: \`--aux-address\` reserves one, and ${remake[0]}`,
        zh: `引擎会分配范围里所有它认为空闲的地址，因此可能把 ${code(given)} 分给某个容器：用 \`--aux-address\` 保留它；${remake[1]}`,
      },
    })
  }
  const flags = [
    {
      key: 'internal',
      on: { en: 'is internal', zh: '是内部网络' },
      off: { en: 'is not internal', zh: '不是内部网络' },
      why: { en: '`--internal` takes away the way out of a network', zh: '`--internal` 会去掉网络通往外部的出口' },
    },
    {
      key: 'attachable',
      on: { en: 'is attachable', zh: '允许普通容器接入' },
      off: { en: 'is not attachable', zh: '不允许普通容器接入' },
      why: {
        en: '`--attachable` lets plain containers join an overlay, not only services',
        zh: '`--attachable` 允许普通容器（而不只是服务）加入 overlay 网络',
      },
    },
    {
      key: 'ipv6',
      on: { en: 'has IPv6', zh: '启用了 IPv6' },
      off: { en: 'has no IPv6', zh: '没有启用 IPv6' },
      why: { en: '`--ipv6` gives a network IPv6 addresses as well', zh: '`--ipv6` 让网络同时拥有 IPv6 地址' },
    },
  ] as const
  for (const { key, on, off, why } of flags) {
    if (spec[key] === undefined || spec[key] === found[key]) continue
    const [wanted, is] = spec[key] ? [on, off] : [off, on]
    return fail(`network.${key}`, {
      expected: { en: `${what} ${wanted.en}`, zh: `${what} ${wanted.zh}` },
      observed: { en: `it ${is.en}`, zh: `它${is.zh}` },
      why: { en: `${why.en}; ${remake[0]}`, zh: `${why.zh}；${remake[1]}` },
    })
  }
  const pairs = [
    ['options', 'network.option', 'option', '选项', '-o'],
    ['labels', 'network.label', 'label', '标签', '--label'],
  ] as const
  for (const [key, reason, en, zh, option] of pairs) {
    for (const [field, wanted] of Object.entries(spec[key] ?? {})) {
      const is = Object.hasOwn(found[key], field) ? found[key][field] : undefined
      if (is === wanted) continue
      const none = is === undefined
      return fail(reason, {
        expected: {
          en: `${what} has ${en} ${code(`${field}=${wanted}`)}`,
          zh: `${what} 带有${zh} ${code(`${field}=${wanted}`)}`,
        },
        observed: {
          en: none ? `it has no ${en} ${code(field)}` : `it has ${code(`${field}=${is}`)}`,
          zh: none ? `没有${zh} ${code(field)}` : `是 ${code(`${field}=${is}`)}`,
        },
        why: {
          en: `${en}s are given with \`${option}\` when a network is created; ${remake[0]}`,
          zh: `${zh}在创建网络时用 \`${option}\` 指定；${remake[1]}`,
        },
      })
    }
  }
  return undefined
}

/** Pools from which the Engine takes subnets (moby/libnetwork/ipamutils), and a swarm for its overlays. */
const pools = /^(?:172\.(?:1[7-9]|2\d|3[01])\.0\.0\/16|192\.168\.\d+\.0\/20)$/
const swarmPool = /^10\.\d+\.\d+\.0\/24$/

/** That nobody gave a subnet can't be known, only that it is one of those which the Engine takes. */
function subnetWhy(
  what: string,
  subnets: string,
  { driver }: EngineNetwork,
  remake: [string, string],
): [string, string] {
  const ofEngine = (driver === 'overlay' ? swarmPool : pools).test(subnets)
  return ofEngine
    ? [
        `${what} has ${code(subnets)}, one of those that the Engine takes where \`--subnet\` says nothing else; ${remake[0]}`,
        `${what} 现在是 ${code(subnets)}，不用 \`--subnet\` 指定时引擎就会选用这样的子网；${remake[1]}`,
      ]
    : [
        `\`--subnet\` says which subnet a network has; ${what} has ${code(subnets)}, and ${remake[0]}`,
        `\`--subnet\` 指定网络的子网；${what} 现在是 ${code(subnets)}，${remake[1]}`,
      ]
}

/** A container that can't be on a network, since there is none of that name. */
function missing(reference: string, who: string, what: string, host: HostState, state: NetworkState): Text {
  const { why } = absence(reference, undefined, host.name, state)
  return {
    en: `${who} can't be on ${what} before it exists: ${why.en}`,
    zh: `${who} 还不存在，自然不在 ${what} 上：${why.zh}`,
  }
}

/** Whether the Engine may choose an address for a container that asks for none, now or once another has gone. */
function mayGive({ subnet, range, gateway, reserved }: EngineNetwork['subnets'][number], address: string): boolean {
  if (!holds(range || subnet, address) || sameAddress(gateway, address)) return false
  return !Object.values(reserved).some((one) => sameAddress(one, address))
}

function kernelMismatch(found: EngineNetwork, host: HostState): Finding | undefined {
  const what = code(found.name)
  const said = host.disagreements.find(({ about }) => about === `network ${found.name}`)
  const bridges = ownNamespace(host).links.filter(({ kind }) => kind === 'bridge')
  const lacksBridge =
    found.driver === 'bridge' && !(found.bridge && bridges.some(({ name: link }) => link === found.bridge))
  if (!lacksBridge && !said) return undefined
  requireWhole(ownNamespace(host), host.name, 'links')
  const there = codes(bridges.map(({ name: link }) => link))
  return fail('network.kernel', {
    expected: {
      en: `the kernel of ${code(host.name)} has what ${what} needs`,
      zh: `${code(host.name)} 的内核中有 ${what} 所需的网桥`,
    },
    observed: said
      ? { en: `the kernel says: ${bare(said.kernel, 200)}`, zh: `内核中的实际情况：${bare(said.kernel, 200)}` }
      : { en: `the kernel's bridges are ${there.en}`, zh: `内核中的网桥有 ${there.zh}` },
    why: {
      en: `the Engine lists ${what}, but the kernel lacks what belongs to it: a network is a real link, and without it no packet passes`,
      zh: `引擎里有 ${what}，但内核里没有与它对应的东西：网络背后是真实的链路，没有它就传不了数据包`,
    },
  })
}

function members(spec: Spec, found: EngineNetwork, host: HostState, { state }: CheckContext): Finding | undefined {
  const what = code(spec.name)
  for (const [list, wanted] of [
    [spec.containers ?? [], true],
    [spec.without ?? [], false],
  ] as const) {
    for (const reference of list) {
      const place = find(reference, state, host.name)
      const legs = place?.container ? legsOf(place.host, place.container) : []
      const on = legs.some(
        ({ networkId, network: called }) =>
          networkId === found.id || (found.scope === 'swarm' && called === found.name),
      )
      if (wanted === on) continue
      const who = code(reference)
      const networks = codes(legs.map((endpoint) => endpoint.network))
      if (wanted) {
        const observed = place?.container
          ? { en: `${who} is on ${networks.en}`, zh: `${who} 所在的网络：${networks.zh}` }
          : { en: `there is no container ${who}`, zh: `没有容器 ${who}` }
        return fail('network.member', {
          expected: { en: `${who} is on ${what}`, zh: `${who} 在网络 ${what} 上` },
          observed,
          why: place?.container
            ? whyNotOn(who, spec.name, place.container)
            : missing(reference, who, what, host, state),
        })
      }
      return fail('network.not-member', {
        expected: { en: `${who} is not on ${what}`, zh: `${who} 不在网络 ${what} 上` },
        observed: { en: `${who} is on ${networks.en}`, zh: `${who} 所在的网络：${networks.zh}` },
        why: {
          en: `${who} is still on ${what}, so all on it can talk to it${isLive(place) ? '; `docker network disconnect` takes it away' : ''}`,
          zh: `${who} 在 ${what} 上还有接口，同一网络的容器都能与它通信${isLive(place) ? '；用 `docker network disconnect` 断开' : ''}`,
        },
      })
    }
  }
  return undefined
}
