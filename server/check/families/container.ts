import { z } from 'zod'
import { sameAddress } from '../../network/addresses.js'
import type { Container, HostState } from '../../network/state.js'
import { legsOf, ownNamespace, type Place } from '../../place/place.js'
import { absence, engineOf, find, hostsOf, stateText, whyStill } from '../../place/reference.js'
import type { Text } from '../../wording/text.js'
import { bare, code, codes } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { address, expected, flag, name, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isImage } from '../image.js'
import { modeOf, whyNotOn } from '../joining.js'
import type { Finding } from '../verdict.js'

const schema = z
  .strictObject({
    name: reference.describe('the container'),
    state: z
      .enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'])
      .default('running')
      .describe('running by default'),
    image: z.string().min(1).optional().describe('the image it was made from; `:latest` goes without saying'),
    mode: z
      .string()
      .min(1)
      .optional()
      .describe("what --network said: bridge, host, none, container, or a network's name"),
    networks: z.array(name).optional().describe('networks that it must be on'),
    only: flag.optional().describe('yes: it is on no other network than `networks`'),
    address: z.record(name, address).optional().describe('its address on a network, by the name of the network'),
    aliases: z.record(name, z.array(z.string())).optional().describe('names it must have on a network'),
    sharesWith: reference.optional().describe('the container whose network namespace it must share'),
    guests: z.array(name).optional().describe('the other containers in its network namespace, all of them and no more'),
    startedAfter: reference
      .optional()
      .describe(
        "a container of the same host that was started earlier, as the kernel's numbers of their veth pairs show",
      ),
    unprivileged: flag.optional().describe('yes: without --privileged, and without SYS_ADMIN or ALL added'),
    restart: z.enum(['no', 'always', 'unless-stopped', 'on-failure']).optional().describe('restart policy'),
    expect: expected,
  })
  .refine(({ only, networks }) => !only || networks, { path: ['only'], message: 'needs `networks`' })
type Spec = z.output<typeof schema>

/** A container: that it is there and runs, and how it stands in the network. */
export const container: Family<Spec> = {
  key: 'container',
  asksForm: ({ mode }) => mode !== undefined,
  schema,
  reasons: [
    'container.missing',
    'container.exists',
    'container.state',
    'container.image',
    'container.mode',
    'container.network',
    'container.extra-network',
    'container.address',
    'container.alias',
    'container.shares',
    'container.guests',
    'container.older',
    'container.kernel',
    'container.privileged',
    'container.restart',
  ],
  nothing: ['container.missing'],
  present: 'container.exists',
  images: (spec) => [spec.image ?? []].flat(),
  needsEngine: true,
  hosts: (spec) => hostsOf(spec.name, spec.sharesWith, spec.startedAfter),
  async check(spec, context) {
    const place = find(spec.name, context.state, context.home)
    const who = code(spec.name)
    if (!spec.expect) {
      if (!place?.container) return pass(`there is no container ${who}`, `没有容器 ${who}`)
      const { state } = place.container
      return fail('container.exists', {
        expected: { en: `no container ${who}`, zh: `没有容器 ${who}` },
        observed: { en: `${who} exists and is ${code(state)}`, zh: `${who} 存在，状态是 ${code(state)}` },
        why:
          state === 'exited' || state === 'created'
            ? {
                en: `${who} is still there: a container that does not run keeps its name and settings until \`docker rm\``,
                zh: `${who} 仍然存在：没有在运行的容器会保留名称和配置，直到执行 \`docker rm\``,
              }
            : {
                en: `${who} is still there: \`docker rm -f\` ends and removes it`,
                zh: `${who} 仍然存在：\`docker rm -f\` 会停止并删除它`,
              },
      })
    }
    if (!place?.container) {
      if (place) engineOf(place.host)
      return fail('container.missing', {
        expected: { en: `a container ${who}`, zh: `有容器 ${who}` },
        ...absence(spec.name, undefined, context.home, context.state, spec.image),
      })
    }
    return (
      differs(spec, place, place.container) ??
      disagreement(spec, place) ??
      legs(spec, place.host, place.container) ??
      shares(spec, place, context) ??
      guests(spec, place) ??
      older(spec, place, context) ??
      pass(`${who} is ${code(place.container.state)} and as it should be`, `${who} 符合要求`)
    )
  },
}

function differs(spec: Spec, place: Place, is: Container): Finding | undefined {
  const who = code(spec.name)
  const unlike = (reason: string, wanted: Text, observed: Text, why: Text) =>
    fail(reason, {
      expected: { en: `${who} has ${wanted.en}`, zh: `${who} 的${wanted.zh}` },
      observed: { en: `it has ${observed.en}`, zh: `是${observed.zh}` },
      why,
    })
  if (is.state !== spec.state) {
    return fail('container.state', {
      expected: { en: `${who} is ${code(spec.state)}`, zh: `${who} 的状态是 ${code(spec.state)}` },
      observed: stateText(spec.name, is),
      why:
        spec.state !== 'running'
          ? {
              en: `${who} is ${code(is.state)}, while the step asks for ${code(spec.state)}`,
              zh: `${who} 处于 ${code(is.state)}，而这一步要求 ${code(spec.state)}`,
            }
          : is.state === 'exited'
            ? {
                en: `a container lives as long as its first process, and that of ${who} has ended; \`docker logs\` shows what it printed`,
                zh: `容器的首个进程一结束，容器就停止，而 ${who} 的首个进程已经结束；\`docker logs\` 可以看到它的输出`,
              }
            : whyStill(spec.name, is),
    })
  }
  if (is.state === 'running' && !place.namespace) {
    return fail('container.state', {
      expected: { en: `${who} is ${code(spec.state)}`, zh: `${who} 的状态是 ${code(spec.state)}` },
      observed: { en: 'the kernel has no such process', zh: '内核中没有它的进程' },
      why: {
        en: `the Engine says that ${who} runs, but its process is not there: it is starting, or has just ended`,
        zh: `引擎说 ${who} 在运行，但找不到它的进程：可能正在启动，或者刚刚结束`,
      },
    })
  }
  if (spec.image !== undefined && !isImage(is, spec.image)) {
    return unlike(
      'container.image',
      { en: `image ${code(spec.image)}`, zh: `镜像是 ${code(spec.image)}` },
      { en: `image ${code(is.image)}`, zh: ` ${code(is.image)}` },
      {
        en: `the image decides which programs a container has; ${who} was made from ${code(is.image)}`,
        zh: `镜像决定容器里有哪些程序；${who} 是用 ${code(is.image)} 创建的`,
      },
    )
  }
  if (spec.mode !== undefined && !hasMode(spec.mode, place, is)) {
    const mode = code(modeOf(is, place.host))
    const asked = { en: `network mode ${code(spec.mode)}`, zh: `网络模式是 ${code(spec.mode)}` }
    if (isMode(spec.mode, place, is)) return elsewhere(spec.name, spec.mode, asked, place, is)
    return unlike(
      'container.mode',
      asked,
      { en: `network mode ${mode}`, zh: ` ${mode}` },
      {
        en: `\`--network\` chooses the network namespace when a container is made; ${who} was made with ${mode}, and that can't be changed later`,
        zh: `网络模式在创建容器时由 \`--network\` 决定；${who} 创建时用的是 ${mode}，之后无法更改`,
      },
    )
  }
  const added = is.capabilitiesAdded.map((capability) => capability.replace(/^CAP_/i, '').toUpperCase())
  const mighty = added.filter((capability) => capability === 'ALL' || capability === 'SYS_ADMIN')
  if (spec.unprivileged && (is.privileged || mighty.length > 0)) {
    const has = is.privileged ? '--privileged' : `--cap-add ${mighty[0]}`
    return fail('container.privileged', {
      expected: { en: `${who} runs without privileges`, zh: `${who} 不带特权运行` },
      observed: { en: `it runs with ${code(has)}`, zh: `它是用 ${code(has)} 启动的` },
      why: {
        en: `${code(has)} hands the container nearly the whole host, and networking needs none of that`,
        zh: `${code(has)} 几乎把整台主机交给了容器，而联网并不需要这样的权限`,
      },
    })
  }
  if (spec.restart !== undefined && spec.restart !== (is.restartPolicy || 'no')) {
    return unlike(
      'container.restart',
      { en: `restart policy ${code(spec.restart)}`, zh: `重启策略是 ${code(spec.restart)}` },
      { en: `restart policy ${code(is.restartPolicy || 'no')}`, zh: ` ${code(is.restartPolicy || 'no')}` },
      {
        en: `the restart policy says what the Engine does when ${who} ends; \`docker update --restart\` changes it`,
        zh: `重启策略决定 ${who} 结束后引擎怎么做；可以用 \`docker update --restart\` 修改`,
      },
    )
  }
  return undefined
}

/** The kernel has the last word: a running container with mode host really is in the host's namespace. */
function hasMode(mode: string, place: Place, is: Container): boolean {
  const { host, namespace } = place
  if (host.disagreements.some(({ about }) => about === `container ${is.name}`)) return false
  const own = namespace === undefined ? undefined : namespace.id === ownNamespace(host).id
  if (mode === 'host' && own === false) return false
  if (mode === 'none' && own === true) return false
  return isMode(mode, place, is)
}

/** As the Engine has it. */
function isMode(mode: string, { host }: Place, is: Container): boolean {
  switch (mode) {
    case 'bridge':
      return is.networkMode === 'bridge' || is.networkMode === 'default'
    case 'container':
      return is.networkMode.startsWith('container:')
    default:
      return modeOf(is, host) === mode
  }
}

/** The Engine says the mode that is asked for, and the kernel that it is not so. */
function elsewhere(name: string, mode: string, asked: Text, { host }: Place, is: Container): Finding {
  const who = code(name)
  const kernel = host.disagreements.find(({ about }) => about === `container ${is.name}`)?.kernel
  const home = mode === 'host'
  const observed = kernel
    ? { en: `the kernel says that it ${bare(kernel, 200)}`, zh: `内核中的实际情况：${bare(kernel, 200)}` }
    : home
      ? { en: "it is not in the host's network namespace", zh: '它不在主机的网络命名空间里' }
      : { en: "it is in the host's network namespace", zh: '它在主机的网络命名空间里' }
  return fail('container.mode', {
    expected: { en: `${who} has ${asked.en}`, zh: `${who} 的${asked.zh}` },
    observed,
    why: {
      en: `the Engine has ${code(mode)} for ${who}, but the kernel has its process elsewhere or with more: what was changed behind the Engine's back counts`,
      zh: `引擎里 ${who} 的网络模式是 ${code(mode)}，但内核中的情况不同：以绕过引擎改动之后的实际情况为准`,
    },
  })
}

function legs(spec: Spec, host: HostState, is: Container): Finding | undefined {
  const who = code(spec.name)
  const endpoints = legsOf(host, is)
  const on = endpoints.map(({ network }) => network)
  const onText = codes(on)
  for (const wanted of spec.networks ?? []) {
    if (on.includes(wanted)) continue
    return fail('container.network', {
      expected: { en: `${who} is on ${code(wanted)}`, zh: `${who} 在网络 ${code(wanted)} 上` },
      observed: { en: `it is on ${onText.en}`, zh: `它所在的网络：${onText.zh}` },
      why: whyNotOn(who, wanted, is),
    })
  }
  const extra = spec.only ? on.filter((network) => !spec.networks?.includes(network)) : []
  if (extra.length > 0) {
    const wanted = codes(spec.networks ?? [])
    const more = codes(extra)
    return fail('container.extra-network', {
      expected: { en: `${who} is only on ${wanted.en}`, zh: `${who} 只在 ${wanted.zh} 上` },
      observed: { en: `it is on ${onText.en}`, zh: `它所在的网络：${onText.zh}` },
      why: {
        en: `${who} is also on ${more.en}, so whoever is on it can reach it: \`docker network disconnect\` takes it off`,
        zh: `${who} 还连在 ${more.zh} 上，那里的容器都能访问它：用 \`docker network disconnect\` 断开`,
      },
    })
  }
  for (const [network, wanted] of Object.entries(spec.address ?? {})) {
    const leg = endpoints.find((endpoint) => endpoint.network === network)
    if (sameAddress(leg?.address, wanted) || sameAddress(leg?.address6, wanted)) continue
    const has = leg?.address ?? leg?.address6
    return fail('container.address', {
      expected: {
        en: `${who} has address ${code(wanted)} on ${code(network)}`,
        zh: `${who} 在 ${code(network)} 上的地址是 ${code(wanted)}`,
      },
      observed: leg
        ? { en: `its address there is ${code(has ?? 'none')}`, zh: `它在那里的地址是 ${code(has ?? 'none')}` }
        : { en: `it is on ${onText.en}`, zh: `它所在的网络：${onText.zh}` },
      why: leg
        ? {
            en: `a container gets its address when it joins a network: the first that the Engine takes to be free, unless \`--ip\` names one; ${who} got another than ${code(wanted)}`,
            zh: `容器在接入网络时得到地址：没有用 \`--ip\` 指定，就是引擎认为空闲的第一个；${who} 得到的不是 ${code(wanted)}`,
          }
        : whyNotOn(who, network, is),
    })
  }
  for (const [network, names] of Object.entries(spec.aliases ?? {})) {
    const leg = endpoints.find((endpoint) => endpoint.network === network)
    const known = [...new Set([...(leg?.aliases ?? []), ...(leg?.dnsNames ?? [])])]
    const missing = names.find((alias) => !known.includes(alias))
    if (missing === undefined) continue
    const knownText = codes(known)
    return fail('container.alias', {
      expected: {
        en: `${who} is called ${code(missing)} on ${code(network)}`,
        zh: `${who} 在 ${code(network)} 上有别名 ${code(missing)}`,
      },
      observed: { en: `its names there are ${knownText.en}`, zh: `它在那里的名字：${knownText.zh}` },
      why: {
        en: `an alias belongs to one connection to one network: \`--network-alias\` or \`docker network connect --alias ${missing}\` gives it`,
        zh: `别名属于容器在某个网络上的那一个接口：用 \`--network-alias\` 或 \`docker network connect --alias ${missing}\` 设置`,
      },
    })
  }
  return undefined
}

/** What the Engine says of an address is worth nothing where the kernel says another thing. */
function disagreement(spec: Spec, { host, container: is }: Place): Finding | undefined {
  if (spec.address === undefined && spec.networks === undefined) return undefined
  const asked = [...Object.keys(spec.address ?? {}), ...(spec.networks ?? [])]
  const said = host.disagreements.find(({ about }) => asked.some((on) => about === `container ${is?.name} on ${on}`))
  if (!said) return undefined
  const who = code(spec.name)
  const [engine, kernel] = [code(said.engine), bare(said.kernel, 80)]
  return fail('container.kernel', {
    expected: {
      en: `Engine and kernel say the same of the address of ${who}`,
      zh: `关于 ${who} 的地址，引擎和内核的说法一致`,
    },
    observed: {
      en: `the Engine says ${engine}, the kernel: ${kernel}`,
      zh: `引擎说是 ${engine}，内核的实际情况：${kernel}`,
    },
    why: {
      en: `the address of ${who} was changed behind the Engine's back: its names and published ports still lead to ${engine}, and the Engine may give the new one to another container`,
      zh: `${who} 的地址被人绕过引擎改动了：引擎的名字解析和发布的端口仍然指向 ${engine}，还可能把新地址分配给别的容器`,
    },
  })
}

function guests(spec: Spec, { host, container: is, namespace }: Place): Finding | undefined {
  if (spec.guests === undefined) return undefined
  const wanted = spec.guests
  const there = (host.engine?.containers ?? [])
    .filter((other) => namespace !== undefined && other.namespace === namespace.id && other.id !== is?.id)
    .map(({ name: other }) => other)
  if (there.length === wanted.length && wanted.every((one) => there.includes(one))) return undefined
  const who = code(spec.name)
  const [wantedText, thereText] = [codes(wanted), codes(there)]
  const extra = there.find((one) => !wanted.includes(one))
  return fail('container.guests', {
    expected: {
      en: `these share the network namespace of ${who}: ${wantedText.en}`,
      zh: `与 ${who} 共用网络命名空间的容器是：${wantedText.zh}`,
    },
    observed: { en: `there are ${thereText.en}`, zh: `有：${thereText.zh}` },
    why: extra
      ? {
          en: `${code(extra)} shares the network namespace as well, so it may be the one that answers on its ports: \`docker rm -f\` takes it out`,
          zh: `${code(extra)} 也在这个网络命名空间里，在端口上应答的可能就是它：用 \`docker rm -f\` 删除它`,
        }
      : {
          en: `who shares the network namespace of ${who} was started with \`--network container:${spec.name}\`, and somebody is missing`,
          zh: `要与 ${who} 共用网络命名空间，需用 \`--network container:${spec.name}\` 启动，现在还缺容器`,
        },
  })
}

/** A new veth pair gets the next number of its host's links, so the numbers tell which of two containers was started later. */
function older(spec: Spec, place: Place, { state, home }: CheckContext): Finding | undefined {
  if (spec.startedAfter === undefined) return undefined
  const other = find(spec.startedAfter, state, home)
  const [who, whom] = [code(spec.name), code(spec.startedAfter)]
  const expectedText = { en: `${who} was started after ${whom}`, zh: `${who} 是在 ${whom} 之后启动的` }
  const [mine, theirs] = [newestCable(place), other && newestCable(other)]
  if (mine === undefined || theirs === undefined) {
    const [label, lacking] = mine === undefined ? [spec.name, place] : [spec.startedAfter, other]
    return fail('container.older', {
      expected: expectedText,
      ...(lacking?.namespace
        ? {
            observed: { en: `${code(label)} has no veth pair`, zh: `${code(label)} 没有 veth` },
            why: {
              en: `the order is read from the numbers of their veth pairs, and ${code(label)} has none: it is not on a bridge`,
              zh: `先后顺序要看 veth 的编号，而 ${code(label)} 没有 veth：它没有接在网桥上`,
            },
          }
        : absence(label, lacking, home)),
    })
  }
  if (mine > theirs) return undefined
  return fail('container.older', {
    expected: expectedText,
    observed: {
      en: `the veth pair of ${who} has number ${mine}, that of ${whom} ${theirs}`,
      zh: `${who} 的 veth 编号是 ${mine}，${whom} 的是 ${theirs}`,
    },
    why: {
      en: `each start of a container makes a veth pair with a higher number, and that of ${who} is the older one: ${who} has not been restarted since ${whom} was started`,
      zh: `容器每次启动都会得到编号更大的新 veth，而 ${who} 的更旧：自 ${whom} 启动以来，${who} 没有重启过`,
    },
  })
}

function newestCable({ host, container: is }: Place): number | undefined {
  const ends = is ? legsOf(host, is).flatMap(({ hostLink }) => hostLink ?? []) : []
  const numbers = ownNamespace(host).links.flatMap(({ name: link, index }) => (ends.includes(link) ? [index] : []))
  return numbers.length > 0 ? Math.max(...numbers) : undefined
}

function shares(spec: Spec, place: Place, { state, home }: CheckContext): Finding | undefined {
  if (spec.sharesWith === undefined) return undefined
  const other = find(spec.sharesWith, state, home)
  const who = code(spec.name)
  const whom = code(spec.sharesWith)
  const together =
    place.host.name === other?.host.name && place.namespace !== undefined && place.namespace.id === other.namespace?.id
  if (together) return undefined
  const is = place.container!
  const gone = is.networkMode.startsWith('container:') && is.sharesWith === undefined
  const asked = other?.container && is.networkMode === `container:${other.container.id}`
  const mode = code(modeOf(is, place.host))
  return fail('container.shares', {
    expected: { en: `${who} shares the network namespace of ${whom}`, zh: `${who} 与 ${whom} 共用网络命名空间` },
    observed: other?.namespace
      ? { en: `they are in two different network namespaces`, zh: `它们在两个不同的网络命名空间里` }
      : absence(spec.sharesWith, other, home, state).observed,
    why:
      asked && other.namespace && place.namespace
        ? {
            en: `${who} joined the namespace that ${whom} had then; ${whom} has been started again since, in a new one, and ${who} has to be started again as well`,
            zh: `${who} 加入的是 ${whom} 当时的网络命名空间；${whom} 后来重新启动，换了新的命名空间，${who} 也要重新启动`,
          }
        : gone
          ? {
              en: `${who} joined the namespace of a container that has been removed since, whatever has its name now: recreate ${who} with \`--network container:${spec.sharesWith}\``,
              zh: `${who} 加入的是一个已经删掉的容器的网络命名空间，同名的新容器不是那一个：用 \`--network container:${spec.sharesWith}\` 重新创建 ${who}`,
            }
          : {
              en: `\`--network container:NAME\` puts a container into the namespace of a running one; ${who} was made with ${mode}`,
              zh: `\`--network container:名称\` 会把容器放进另一个运行中容器的网络命名空间；${who} 创建时用的是 ${mode}`,
            },
  })
}
