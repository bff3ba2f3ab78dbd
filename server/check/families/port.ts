import { z } from 'zod'
import { isAny, sameAddress, takes } from '../../network/addresses.js'
import { translationAt } from '../../network/filter.js'
import type { Container, Link, NetworkState, PublishedPort, Rule } from '../../network/state.js'
import { type LivePlace, ownNamespace } from '../../place/place.js'
import { hostsOf, requireWhole } from '../../place/reference.js'
import type { Text } from '../../wording/text.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { address, expected, port as portField, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'
import type { Finding } from '../verdict.js'

const schema = z.strictObject({
  container: reference.describe('whose port'),
  port: portField.describe('the port in the container'),
  protocol: z.enum(['tcp', 'udp']).default('tcp').describe('tcp by default'),
  published: portField.optional().describe("the host's port that leads to it; any by default"),
  address: address.optional().describe("the host's address that it is bound to, such as 127.0.0.1 or 0.0.0.0"),
  expect: expected,
})
type Spec = z.output<typeof schema>

/** A port of a container that its host publishes: what the Engine says, and the kernel's rule that makes it true. */
export const port: Family<Spec> = {
  key: 'port',
  asksForm: ({ expect }) => expect,
  schema,
  reasons: ['port.missing', 'port.published', 'port.address', 'port.rule', 'port.present', 'port.no-such'],
  nothing: ['port.no-such'],
  present: 'port.present',
  needsEngine: true,
  hosts: (spec) => hostsOf(spec.container),
  async check(spec, context) {
    const place = liveOr('port.no-such', spec.container, context)
    if (isFinding(place)) return place
    const container = place.container
    if (!container) {
      return fail('port.no-such', {
        expected: { en: `${code(spec.container)} is a container`, zh: `${code(spec.container)} 是容器` },
        observed: { en: 'it is a host', zh: '它是主机' },
        why: {
          en: `${code(spec.container)} is a host, and only ports of containers are published`,
          zh: `${code(spec.container)} 是主机，只有容器的端口才需要发布`,
        },
      })
    }
    const who = code(spec.container)
    const inside = code(`${spec.port}/${spec.protocol}`)
    const ofPort = container.ports.filter(
      ({ containerPort, protocol, hostPort }) =>
        containerPort === spec.port && protocol === spec.protocol && hostPort > 0,
    )
    const atPort = ofPort.filter(({ hostPort }) => spec.published === undefined || hostPort === spec.published)
    const hits = atPort.filter(
      ({ hostAddress }) => spec.address === undefined || sameAddress(hostAddress || '0.0.0.0', spec.address),
    )
    const list = codes(container.ports.filter(({ hostPort }) => hostPort > 0).map(written))
    const observed = { en: `${who} publishes ${list.en}`, zh: `${who} 发布的端口：${list.zh}` }
    const wanted = code(
      `${spec.address ?? ''}${spec.address ? ':' : ''}${spec.published ?? '*'}->${spec.port}/${spec.protocol}`,
    )
    if (!spec.expect) {
      if (hits.length === 0)
        return pass(`port ${inside} of ${who} is not published so`, `${who} 的端口 ${inside} 没有这样发布`)
      return fail('port.present', {
        expected: { en: `${who} does not publish ${wanted}`, zh: `${who} 没有发布 ${wanted}` },
        observed,
        why: {
          en: `${code(written(hits[0]!))} still leads from the host into ${who}; published ports are fixed when a container is made`,
          zh: `${code(written(hits[0]!))} 仍把主机端口引入 ${who}；发布的端口在创建容器时确定，之后不能改`,
        },
      })
    }
    const expectedText = { en: `${who} publishes ${wanted}`, zh: `${who} 发布了 ${wanted}` }
    if (ofPort.length === 0) {
      return fail('port.missing', {
        expected: expectedText,
        observed,
        why: whyNotPublished(spec, container),
      })
    }
    if (atPort.length === 0) {
      return fail('port.published', {
        expected: expectedText,
        observed,
        why: {
          en: `in \`-p HOST:CONTAINER\` the host's port comes first, and the one that leads to ${inside} here is ${code(ofPort[0]!.hostPort)}`,
          zh: `\`-p 主机端口:容器端口\` 中主机端口在前，这里通向 ${inside} 的主机端口是 ${code(ofPort[0]!.hostPort)}`,
        },
      })
    }
    if (hits.length === 0) {
      return fail('port.address', {
        expected: expectedText,
        observed,
        why: isAny(atPort[0]!.hostAddress)
          ? {
              en: `without an address in \`-p\` the port is bound to every address of the host, so whoever reaches any of them comes in; \`-p ADDRESS:HOST:CONTAINER\` chooses one`,
              zh: `\`-p\` 里不写地址时，端口会绑定到主机的所有地址上，能到达其中任何一个的都进得来；用 \`-p 地址:主机端口:容器端口\` 指定一个`,
            }
          : {
              en: `the port is bound to ${code(atPort[0]!.hostAddress)}, and only packets to that address of the host come in; \`-p ADDRESS:HOST:CONTAINER\` chooses it`,
              zh: `端口绑定在 ${code(atPort[0]!.hostAddress)} 上，只有发往主机这个地址的数据包才进得来；用 \`-p 地址:主机端口:容器端口\` 指定`,
            },
      })
    }
    return (
      lacksRule(place, container, hits) ??
      overtaken(place, container, hits, context.state) ??
      pass(`${who} publishes ${code(written(hits[0]!))}`, `${who} 发布了 ${code(written(hits[0]!))}`)
    )
  },
}

/** What was published in place of it, where that is known. */
function whyNotPublished(spec: Spec, { ports, wants, networkMode }: Container): Text {
  const who = code(spec.container)
  const inside = code(`${spec.port}/${spec.protocol}`)
  const open = ports.filter(({ hostPort }) => hostPort > 0)
  const swapped = open.find(
    ({ hostPort, containerPort, protocol }) =>
      hostPort === spec.port && containerPort === spec.published && protocol === spec.protocol,
  )
  if (swapped) {
    return {
      en: `the two ports are swapped: in \`-p HOST:CONTAINER\` the host's port comes first, and ${code(written(swapped))} leads to port ${swapped.containerPort} in ${who}`,
      zh: `两个端口写反了：\`-p 主机端口:容器端口\` 中主机端口在前，而 ${code(written(swapped))} 通向 ${who} 里的端口 ${swapped.containerPort}`,
    }
  }
  const asked = ({ containerPort, protocol }: PublishedPort) =>
    containerPort === spec.port && protocol === spec.protocol
  if (wants.some(asked) && (networkMode === 'host' || networkMode === 'none' || networkMode.startsWith('container:'))) {
    const mode = code(networkMode.replace(/:.*/, ''))
    return {
      en: `\`-p\` was given, but has no effect with network mode ${mode}: only a container with a network of its own has ports to publish`,
      zh: `虽然写了 \`-p\`，但网络模式为 ${mode} 时它不起作用：只有接入自己的网络的容器才有端口可以发布`,
    }
  }
  const other = open.find(({ containerPort }) => containerPort === spec.port)
  if (other) {
    return {
      en: `${code(written(other))} is for ${code(other.protocol)} alone: \`-p HOST:CONTAINER/${spec.protocol}\` publishes a port of ${spec.protocol}`,
      zh: `${code(written(other))} 只用于 ${code(other.protocol)}：要用 \`-p 主机端口:容器端口/${spec.protocol}\` 发布 ${spec.protocol} 端口`,
    }
  }
  return {
    en: `port ${inside} of ${who} is not published: \`EXPOSE\` is only a note, and \`-p\` at \`docker run\` opens a way in from outside`,
    zh: `${who} 的端口 ${inside} 没有发布：\`EXPOSE\` 只是说明，\`docker run\` 时的 \`-p\` 才会打开从外部进入的通路`,
  }
}

function addressesOf({ endpoints }: Container): string[] {
  return endpoints.flatMap(({ address, address6 }) => [address, address6].filter((one) => one !== undefined))
}

function leadsInto(container: Container, { containerPort }: PublishedPort, { target, to }: Rule): boolean {
  const ends = addressesOf(container).flatMap((own) => [`${own}:${containerPort}`, `[${own}]:${containerPort}`])
  return target === 'DNAT' && to !== undefined && ends.includes(to)
}

/** Without its DNAT rule a published port exists on paper only. */
function lacksRule(place: LivePlace, container: Container, hits: PublishedPort[]): Finding | undefined {
  const namespace = ownNamespace(place.host)
  const addresses = addressesOf(container)
  const leads = (port: PublishedPort) =>
    namespace.rules.some(
      (rule) =>
        rule.protocol === port.protocol &&
        rule.destinationPort === `${port.hostPort}` &&
        leadsInto(container, port, rule),
    )
  if (hits.some(leads)) return undefined
  requireWhole(namespace, place.host.name, 'rules', 'iptables')
  const [hit] = hits
  const wanted = `${hit!.hostPort} -> ${addresses[0] ?? '?'}:${hit!.containerPort}`
  const dnat = codes(
    namespace.rules
      .filter(({ target }) => target === 'DNAT')
      .map(({ text }) => text)
      .slice(0, 3),
  )
  return fail('port.rule', {
    expected: {
      en: `a DNAT rule ${code(wanted)} on ${code(place.host.name)}`,
      zh: `${code(place.host.name)} 上有 DNAT 规则 ${code(wanted)}`,
    },
    observed: { en: `its DNAT rules: ${dnat.en}`, zh: `现有的 DNAT 规则：${dnat.zh}` },
    why: {
      en: `a published port is a DNAT rule in the host's \`nat\` table, and there is none to ${code(`${addresses[0] ?? '?'}:${hit!.containerPort}`)}: the Engine writes it when the container starts`,
      zh: `发布端口就是主机 \`nat\` 表里的一条 DNAT 规则，而现在没有指向 ${code(`${addresses[0] ?? '?'}:${hit!.containerPort}`)} 的规则：引擎在容器启动时写入它`,
    },
  })
}

/** What comes from another host of a LAN meets a rule before the Engine's, which leads it to somebody else. */
function overtaken(
  { host }: LivePlace,
  container: Container,
  hits: PublishedPort[],
  { hosts }: NetworkState,
): Finding | undefined {
  const namespace = ownNamespace(host)
  const others = hosts.filter((other) => other !== host).flatMap(({ namespaces: [own] }) => own?.links ?? [])
  for (const { name, lan, ...link } of namespace.links.filter((one) => one.lan !== undefined)) {
    const senders = others.filter((other) => other.lan === lan).flatMap(globalAddresses)
    for (const destination of globalAddresses(link)) {
      for (const hit of hits.filter(({ hostAddress }) => takes(hostAddress || '0.0.0.0', destination))) {
        const { protocol, hostPort } = hit
        for (const source of senders.filter((one) => one.includes(':') === destination.includes(':'))) {
          const flow = { source, destination, protocol, destinationPort: hostPort, in: name, state: 'new' as const }
          const rule = translationAt(namespace, 'prerouting', flow)
          if (rule && !leadsInto(container, hit, rule)) return ledAway(host.name, container.name, hit, rule)
        }
      }
    }
  }
  return undefined
}

function globalAddresses({ addresses }: Pick<Link, 'addresses'>): string[] {
  return addresses.filter(({ scope }) => scope === 'global').map(({ address }) => address)
}

function ledAway(host: string, name: string, hit: PublishedPort, { text }: Rule): Finding {
  const [who, whose, what, at] = [code(name), code(host), code(text, 160), code(hit.hostPort)]
  return fail('port.rule', {
    expected: {
      en: `what comes to port ${at} of ${whose} is led to ${who}`,
      zh: `到达 ${whose} 的 ${at} 端口的流量被引向 ${who}`,
    },
    observed: { en: `a rule leads it elsewhere: ${what}`, zh: `有规则把它引向了别处：${what}` },
    why: {
      en: `the first rule of the table \`nat\` that fits decides, and ${what} comes before the one that the Engine has written for ${who}`,
      zh: `\`nat\` 表里最先匹配的规则起作用，而 ${what} 排在引擎为 ${who} 写入的规则之前`,
    },
  })
}

function written({ hostAddress, hostPort, containerPort, protocol }: PublishedPort): string {
  return `${hostAddress || '0.0.0.0'}:${hostPort}->${containerPort}/${protocol}`
}
