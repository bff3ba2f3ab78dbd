import pMap from 'p-map'
import type { Attempt } from '../cause/attempt.js'
import { networkRestartOf, restartText } from '../cause/restart.js'
import { unmadeOf, unmadePort } from '../cause/unmade-port.js'
import { noDockerChains } from '../cause/unwanted.js'
import { writeSocket } from '../cause/words.js'
import { isAddress, isAny, isLoopback, sameAddress } from '../network/addresses.js'
import { endOf, translationAt } from '../network/filter.js'
import type { ProbeAnswer } from '../network/question.js'
import { outLink } from '../network/routing.js'
import type { PublishedPort, Rule } from '../network/state.js'
import { endpointsOf, hostPlace, isInHostNamespace, type LivePlace, ownNamespace } from '../place/place.js'
import { addressesTowards } from '../place/target.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, note, ok, problem, type StageDraft } from './draft.js'
import { probeLine, ruleLine } from './evidence.js'
import { unasked } from './itself.js'
import { listening } from './listeners.js'
import { because, put, referenceOf, type Subject } from './subject.js'

const mostPorts = 4
/** Hosts of the rack that are asked to connect, one after the other until one can. */
const mostTesters = 2

/** The fourth question: do others reach what it serves? */
export async function lookFromOutside(subject: Subject): Promise<StageDraft> {
  const { place } = subject
  const stage = (findings: Draft[], skipped = false): StageDraft => ({ name: 'from-outside', skipped, findings })
  if (isInHostNamespace(place)) {
    return stage(
      [
        note({
          en: `its ports are those of ${code(place.host.name)} itself, so there is nothing to publish`,
          zh: `它的端口就是 ${code(place.host.name)} 自己的端口，不需要发布`,
        }),
        ...(await reachHost(subject)),
      ],
      true,
    )
  }
  const ports = portsOf(place)
  const onLan = place.namespace.links.filter(({ lan }) => lan !== undefined)
  const meshed = meshPorts(subject)
  if (ports.length === 0 && meshed.length === 0 && onLan.length > 0) return stage(await reachOnLan(subject))
  const unmade = unmadePorts(place)
  if (ports.length === 0 && meshed.length === 0) {
    return unmade.length > 0 ? stage(unmade) : stage([nothingPublished(place)], true)
  }
  const found = await pMap(
    [...ports.slice(0, mostPorts), ...meshed.slice(0, mostPorts)],
    (port) => lookAtPort(subject, port),
    { concurrency: 2 },
  )
  return stage([...unmade, ...found.flat()])
}

/** What was asked to be published, and was never made. */
function unmadePorts(place: LivePlace): Draft[] {
  const all = place.host.engine?.containers.filter((container) => container.namespace === place.namespace.id) ?? []
  return all.flatMap((container) =>
    unmadeOf(container, place.host).map((found) => {
      const { what, evidence, tries } = unmadePort.tell(found)
      return problem(
        {
          en: `${code(`${found.port}->${found.containerPort}`)} is published in name only`,
          zh: `${code(`${found.port}->${found.containerPort}`)} 只是名义上发布了`,
        },
        { why: what, cause: 'unmade-port', evidence, tries },
      )
    }),
  )
}

/** Published ports of all containers in its namespace, once for IPv4 and IPv6. */
function portsOf(place: LivePlace): PublishedPort[] {
  const sharing = place.host.engine?.containers.filter((container) => container.namespace === place.namespace.id) ?? []
  const all = sharing.flatMap(({ ports }) => ports).filter(({ hostPort }) => hostPort > 0)
  return all.filter(
    (port, at) =>
      all.findIndex(
        (one) =>
          one.protocol === port.protocol &&
          one.containerPort === port.containerPort &&
          one.hostPort === port.hostPort &&
          (one.hostAddress === port.hostAddress || isAny(port.hostAddress)),
      ) === at,
  )
}

/** Ports of the swarm service that it is a task of: they are open on every node. */
function meshPorts({ state, place }: Subject): PublishedPort[] {
  const name = place.container.labels['com.docker.swarm.service.name']
  if (name === undefined) return []
  const service = state.hosts
    .flatMap((host) => host.engine?.swarm.services ?? [])
    .find((candidate) => candidate.name === name)
  return (service?.ports ?? [])
    .filter(({ mode, protocol }) => mode === 'ingress' && (protocol === 'tcp' || protocol === 'udp'))
    .map(({ targetPort, publishedPort, protocol }) => ({
      protocol: protocol as 'tcp' | 'udp',
      containerPort: targetPort,
      hostAddress: '',
      hostPort: publishedPort,
    }))
}

function nothingPublished(place: LivePlace): Draft {
  const tcp = listening(place).filter(({ protocol, address }) => protocol === 'tcp' && !isLoopback(address))
  const inside = tcp[0]?.port ?? 80
  return note(
    {
      en: 'it publishes no port, so nobody outside of its networks can connect to it',
      zh: '它没有发布端口，所在网络之外没有人能连接它',
    },
    {
      evidence: ['docker port: (none)', ...tcp.map(writeSocket)],
      tries: [
        {
          en: `If others should: ports are published when a container is made, as with \`docker run -p 8080:${inside} …\``,
          zh: `如果需要：端口在创建容器时发布，例如 \`docker run -p 8080:${inside} …\``,
        },
      ],
    },
  )
}

async function lookAtPort(subject: Subject, port: PublishedPort): Promise<Draft[]> {
  const { place } = subject
  const mesh = port.hostAddress === ''
  const inside = mesh ? [] : insideOf(place, port)
  const kernel = mesh ? [] : kernelOf(place, port)
  const bound = boundElsewhere(place, port)
  if (port.protocol !== 'tcp') {
    return [
      ...inside,
      ...kernel,
      ...bound,
      note({
        en: `${named(port)} is not asked: whether a datagram is answered is up to the program`,
        zh: `没有探测 ${named(port)}：是否回应数据报由程序决定`,
      }),
    ]
  }
  const closed = inside.some(({ outcome }) => outcome === 'problem')
  // That a door leads nowhere is told already.
  const asked = closed ? [] : await connectTo(subject, port, bound.length > 0)
  return [...inside, ...kernel, ...bound, ...asked]
}

function named({ hostAddress, hostPort, containerPort, protocol }: PublishedPort): string {
  return code(`${isAny(hostAddress) ? '' : `${hostAddress}:`}${hostPort}->${containerPort}/${protocol}`)
}

/** Whether a program is behind the port. */
function insideOf(place: LivePlace, port: PublishedPort): Draft[] {
  const sockets = listening(place).filter(({ protocol }) => protocol === port.protocol)
  const here = sockets.filter((socket) => socket.port === port.containerPort)
  if (here.some(({ address }) => !isLoopback(address))) return []
  const evidence = [
    `docker port: ${port.containerPort}/${port.protocol} -> ${port.hostAddress}:${port.hostPort}`,
    ...sockets.map(writeSocket),
  ]
  if (here.length > 0) {
    return [
      problem(
        {
          en: `${named(port)} leads to a program that listens only on its loopback`,
          zh: `${named(port)} 后面的程序只监听回环地址`,
        },
        {
          why: {
            en: `packets come in for the container's own address, not for ${code(here[0]!.address)}`,
            zh: `进来的包以容器自己的地址为目的，而不是 ${code(here[0]!.address)}`,
          },
          cause: 'listening-on-loopback',
          evidence,
          tries: [
            {
              en: 'Let the program listen on `0.0.0.0`, and restart it',
              zh: '让程序监听 `0.0.0.0`，然后重启它',
            },
          ],
        },
      ),
    ]
  }
  const others = sockets.filter(({ address }) => !isLoopback(address)).map((socket) => socket.port)
  const list = codes([...new Set(others)])
  return [
    problem(
      {
        en: `${named(port)} leads to port ${port.containerPort}, where no program listens`,
        zh: `${named(port)} 指向端口 ${port.containerPort}，但那里没有程序监听`,
      },
      {
        why:
          others.length > 0
            ? { en: `it listens on ${list.en}`, zh: `它监听的是 ${list.zh}` }
            : { en: 'nothing in it listens at all', zh: '里面没有任何程序在监听' },
        cause: 'port-not-listening',
        evidence,
        tries: [
          others.length > 0
            ? {
                en: `Recreate it with the right port: \`-p ${port.hostPort}:${others[0]}\``,
                zh: `用正确的端口重建容器：\`-p ${port.hostPort}:${others[0]}\``,
              }
            : {
                en: `See whether its program has started: \`docker logs ${bare(place.container!.name)}\``,
                zh: `看程序是否启动：\`docker logs ${bare(place.container!.name)}\``,
              },
        ],
      },
    ),
  ]
}

/** What the Engine has set up for a published port: a rule that translates, and a proxy that holds the port. */
function kernelOf(place: LivePlace, port: PublishedPort): Draft[] {
  const own = ownNamespace(place.host)
  const where = code(place.host.name)
  const rule = translation(place, port)
  const sockets = own.sockets.filter((one) => one.protocol === port.protocol && one.port === port.hostPort)
  // Of another's conditions nothing is concluded.
  if (rule === undefined) return []
  const evidence = [...(rule ? [ruleLine(rule)] : []), ...sockets.map(writeSocket)]
  if (rule && !leadsInto(place, port, rule)) {
    return [
      problem(
        {
          en: `a rule on ${where} leads ${named(port)} elsewhere, to ${code(rule.to ?? '?')}`,
          zh: `${where} 上有规则把 ${named(port)} 转到了别处：${code(rule.to ?? '?')}`,
        },
        {
          why: {
            en: 'the first rule that fits counts, and it stands before those of Docker',
            zh: '最先匹配的规则生效，而它排在 Docker 的规则之前',
          },
          evidence,
          tries: [
            {
              en: `Look at the rules of both chains: \`iptables -t nat -S PREROUTING\`, \`iptables -t nat -S DOCKER\` on ${where}`,
              zh: `在 ${where} 上看两条链的规则：\`iptables -t nat -S PREROUTING\`、\`iptables -t nat -S DOCKER\``,
            },
          ],
        },
      ),
    ]
  }
  if (rule) {
    return [
      ok(
        {
          en: `a rule on ${where} leads ${named(port)} to ${code(rule.to ?? '?')}`,
          zh: `${where} 上有规则把 ${named(port)} 转到 ${code(rule.to ?? '?')}`,
        },
        evidence,
      ),
    ]
  }
  const all = noDockerChains(hostPlace(place.host)!) !== undefined
  const again = restartText(networkRestartOf(place.host, place.container!.name))
  return [
    problem(
      { en: `no rule on ${where} leads ${named(port)} into it`, zh: `${where} 上没有规则把 ${named(port)} 转进容器` },
      {
        why: all
          ? {
              en: "all of Docker's own chains are gone: the rules were flushed or replaced, and the Engine does not notice",
              zh: 'Docker 自己的链都没有了：规则被清空或替换过，而引擎不会察觉',
            }
          : {
              en: 'the rule that Docker makes for it is gone, and the Engine does not notice',
              zh: 'Docker 为它创建的规则没有了，而引擎不会察觉',
            },
        evidence: [
          ...evidence,
          ...own.rules.filter(({ table, target }) => table === 'nat' && target === 'DNAT').map(ruleLine),
        ],
        tries: [
          all
            ? {
                en: 'Restart the Engine, which makes its rules again: `systemctl restart docker`; then start the containers that ended with it',
                zh: '重启引擎，它会重新创建规则：`systemctl restart docker`；然后启动随之停止的容器',
              }
            : {
                en: `Let the Engine write it again: ${again.en}`,
                zh: `让引擎重新写入：${again.zh}`,
              },
        ],
      },
    ),
  ]
}

/** The rule that leads a packet from outside on; null where none does, undefined where that can't be said. */
function translation(place: LivePlace, port: PublishedPort): Rule | null | undefined {
  const own = hostPlace(place.host)!
  const link = own.namespace.links.find(({ lan }) => lan !== undefined)
  const address = link?.addresses.find(({ scope, family }) => scope === 'global' && family === 4)?.address
  const destination = isAny(port.hostAddress) ? (address ?? '127.0.0.1') : port.hostAddress
  const rule = translationAt(own.namespace, 'prerouting', {
    destination,
    protocol: port.protocol,
    destinationPort: port.hostPort,
    in: link?.name ?? 'lo',
    state: 'new',
  })
  if (rule?.target !== 'DNAT') return rule === undefined ? undefined : null
  return rule
}

function leadsInto(place: LivePlace, port: PublishedPort, rule: Rule): boolean {
  const to = endOf(rule)
  const isOwn = endpointsOf(place).some((leg) =>
    [leg.address, leg.address6].some((one) => sameAddress(one, to.address)),
  )
  // Where the container has lost the address that the Engine gave it, the rule is still right.
  const wasOwn = place.host.disagreements.some(
    ({ about, engine }) =>
      about.startsWith(`container ${place.container?.name} on `) && sameAddress(engine, to.address),
  )
  return (isOwn || wasOwn) && to.port === port.containerPort
}

/** A port on an address that other hosts do not come by. */
function boundElsewhere({ host, container }: LivePlace, port: PublishedPort): Draft[] {
  if (isAny(port.hostAddress) || !isAddress(port.hostAddress)) return []
  const own = ownNamespace(host)
  const link = own.links.find(({ addresses }) =>
    addresses.some(({ address }) => sameAddress(address, port.hostAddress)),
  )
  const loopback = isLoopback(port.hostAddress)
  if (!loopback && link?.lan !== undefined) return []
  const lan = own.links.find((one) => one.lan !== undefined)?.addresses.find(({ scope }) => scope === 'global')
  const where = code(host.name)
  return [
    problem(
      {
        en: `${named(port)} is published on ${code(port.hostAddress)}, where no other host can connect`,
        zh: `${named(port)} 发布在 ${code(port.hostAddress)} 上，其他主机连不上`,
      },
      {
        why: loopback
          ? {
              en: `that is the loopback of ${where}: only ${where} itself reaches it`,
              zh: `这是 ${where} 的回环地址，只有 ${where} 自己能访问`,
            }
          : { en: `${where} has no such address on its LAN`, zh: `${where} 在局域网上没有这个地址` },
        cause: 'published-elsewhere',
        evidence: [
          `docker port: ${port.containerPort}/${port.protocol} -> ${port.hostAddress}:${port.hostPort}`,
          ...(lan ? [`${host.name}: ${lan.address}/${lan.prefix}`] : []),
        ],
        tries: [
          {
            en: `If others should: recreate ${code(container!.name)} with \`-p ${lan?.address ?? '0.0.0.0'}:${port.hostPort}:${port.containerPort}\``,
            zh: `如果要让别人访问：用 \`-p ${lan?.address ?? '0.0.0.0'}:${port.hostPort}:${port.containerPort}\` 重建 ${code(container!.name)}`,
          },
        ],
      },
    ),
  ]
}

/** From the host itself, and from another one. */
async function connectTo(subject: Subject, port: PublishedPort, elsewhere: boolean): Promise<Draft[]> {
  const { place } = subject
  const own = hostPlace(place.host)!
  const lanAddress = own.namespace.links.flatMap(({ lan, addresses }) =>
    lan === undefined ? [] : addresses.filter(({ scope, family }) => scope === 'global' && family === 4),
  )[0]?.address
  const at = isAny(port.hostAddress) ? (lanAddress ?? '127.0.0.1') : port.hostAddress
  const [self, others, loopback] = await Promise.all([
    put(subject, own, { kind: 'tcp', address: at, port: port.hostPort }),
    elsewhere ? [] : fromOthers(subject, port),
    isAny(port.hostAddress) && at !== '127.0.0.1' ? byLoopback(subject, port) : [],
  ])
  const evidence = [probeLine(own.label, `nc -vz ${at} ${port.hostPort}`, self)]
  const host = code(place.host.name)
  const found: Draft[] = []
  if (self.outcome === 'yes') {
    found.push(
      ok({ en: `${host} itself connects to ${named(port)}`, zh: `${host} 自己能连上 ${named(port)}` }, evidence),
    )
  } else if (self.outcome === 'error') found.push(unasked(own, evidence))
  else {
    found.push(
      problem(
        { en: `${host} itself cannot connect to ${named(port)}`, zh: `${host} 自己都连不上 ${named(port)}` },
        {
          evidence,
          tries: [
            {
              en: `Look at what is on the way: \`ss -ltn\`, \`iptables -t nat -S DOCKER\`, \`iptables -S\` on ${host}`,
              zh: `看途中有什么：在 ${host} 上 \`ss -ltn\`、\`iptables -t nat -S DOCKER\`、\`iptables -S\``,
            },
          ],
          question: { from: place.host.name, to: at, port: port.hostPort, protocol: 'tcp' },
        },
      ),
    )
  }
  return [...found, ...loopback, ...others]
}

/** From the host's own loopback no rule of NAT leads into a container: docker-proxy takes that, or the kernel (route_localnet). */
async function byLoopback(subject: Subject, port: PublishedPort): Promise<Draft[]> {
  const own = hostPlace(subject.place.host)!
  const to = { address: '127.0.0.1', port: port.hostPort }
  const answer = await put(subject, own, { kind: 'tcp', ...to })
  const evidence = [probeLine(own.label, `nc -vz 127.0.0.1 ${port.hostPort}`, answer)]
  // What keeps out others as well is told of them.
  if (answer.outcome !== 'no' || answer.cause !== 'refused') return []
  const found = because(subject, { from: own, protocol: 'tcp', ...to }, 'refused')
  const host = code(own.label)
  return [
    problem(
      {
        en: `${host} itself cannot connect to ${code(`127.0.0.1:${port.hostPort}`)}`,
        zh: `${host} 自己连不上 ${code(`127.0.0.1:${port.hostPort}`)}`,
      },
      {
        ...found.because,
        evidence: [...evidence, ...found.evidence],
        tries: found.tries,
        question: { from: own.host.name, to: '127.0.0.1', port: port.hostPort, protocol: 'tcp' },
      },
    ),
  ]
}

interface Tried {
  tester: LivePlace
  address: string
  answer: ProbeAnswer
}

async function fromOthers(subject: Subject, port: PublishedPort): Promise<Draft[]> {
  const { place } = subject
  const own = hostPlace(place.host)!
  const candidates = testersOf(subject)
  if (candidates.length === 0) {
    return [note({ en: 'there is no other host that could try to connect', zh: '没有别的主机可以用来尝试连接' })]
  }
  const failed: Tried[] = []
  const lineOf = ({ tester, address, answer }: Tried) =>
    probeLine(tester.label, `nc -vz ${address} ${port.hostPort}`, answer)
  for (const tester of candidates.slice(0, mostTesters)) {
    const address = isAny(port.hostAddress) ? addressesTowards(tester, own)[0] : port.hostAddress
    if (address === undefined) continue
    const answer = await put(subject, tester, { kind: 'tcp', address, port: port.hostPort })
    const tried = { tester, address, answer }
    if (answer.outcome !== 'yes') {
      failed.push(tried)
      continue
    }
    const [who, at] = [code(tester.label), code(`${address}:${port.hostPort}`)]
    const reached = ok({ en: `${who} connects to ${at}`, zh: `${who} 能连上 ${at}` }, [lineOf(tried)])
    return [...failed.map((one) => otherFailed(subject, port, one, lineOf(one))), reached]
  }
  const first = failed.find(({ answer }) => answer.outcome === 'no')
  if (!first) return failed.map((one) => unasked(one.tester, [lineOf(one)]))
  const { tester, address, answer } = first
  const attempt: Omit<Attempt, 'state' | 'home'> = {
    from: tester,
    meant: own,
    address,
    protocol: 'tcp',
    port: port.hostPort,
  }
  const found = because(subject, attempt, answer.cause ?? 'silent')
  const at = code(`${address}:${port.hostPort}`)
  return [
    problem(
      { en: `${code(tester.label)} cannot connect to ${at}`, zh: `${code(tester.label)} 连不上 ${at}` },
      {
        ...found.because,
        evidence: [...failed.map(lineOf), ...found.evidence],
        tries: [
          ...found.tries,
          {
            en: `Look at the rules that a packet meets on ${code(place.host.name)}: \`iptables -t nat -S\`, \`iptables -S DOCKER-USER\`, \`iptables -S FORWARD\``,
            zh: `看数据包在 ${code(place.host.name)} 上会遇到的规则：\`iptables -t nat -S\`、\`iptables -S DOCKER-USER\`、\`iptables -S FORWARD\``,
          },
        ],
        question: { from: tester.label, to: address, port: port.hostPort, protocol: 'tcp' },
      },
    ),
  ]
}

/** What lets others in keeps this one out: a trace tells what. */
function otherFailed(subject: Subject, port: PublishedPort, { tester, address, answer }: Tried, line: string): Draft {
  if (answer.outcome !== 'no') return unasked(tester, [line])
  const own = hostPlace(subject.place.host)!
  const attempt = { from: tester, meant: own, address, protocol: 'tcp', port: port.hostPort } as const
  const known = because(subject, attempt, answer.cause ?? 'silent')
  return problem(
    {
      en: `${code(tester.label)} cannot connect to ${code(`${address}:${port.hostPort}`)}, though others can`,
      zh: `${code(tester.label)} 连不上 ${code(`${address}:${port.hostPort}`)}，但别的主机可以`,
    },
    {
      ...known.because,
      evidence: [line, ...known.evidence],
      tries: known.tries,
      question: { from: tester.label, to: address, port: port.hostPort, protocol: 'tcp' },
    },
  )
}

/** Other hosts on a LAN of its host: laptops first, since that is what ports are published for. */
function testersOf({ state, place }: Subject): LivePlace[] {
  const lans = new Set(ownNamespace(place.host).links.flatMap(({ lan }) => lan ?? []))
  return state.hosts
    .filter((host) => host !== place.host)
    .toSorted((a, b) => Number(a.kind === 'docker') - Number(b.kind === 'docker'))
    .flatMap((host) => hostPlace(host) ?? [])
    .filter(({ namespace }) => namespace.links.some(({ lan }) => lan !== undefined && lans.has(lan)))
}

/** Ports that the Engine opens for its swarm. */
const swarmPorts = [2377, 7946]

/** What a container serves in the namespace of its host, another host is asked to connect to. Which sockets are its own is not known. */
async function reachHost(subject: Subject): Promise<Draft[]> {
  const { place } = subject
  const own = hostPlace(place.host)!
  const published = place.host.engine?.containers.flatMap(({ ports }) => ports.map(({ hostPort }) => hostPort)) ?? []
  const ports = listening(own)
    .filter(({ protocol, address }) => protocol === 'tcp' && isAny(address))
    .map(({ port }) => port)
    .filter((port) => !published.includes(port) && !swarmPorts.includes(port))
  const [tester] = testersOf(subject)
  const address = tester && addressesTowards(tester, own)[0]
  if (!tester || address === undefined) return []
  const found = await pMap([...new Set(ports)].slice(0, mostPorts), async (port): Promise<Draft[]> => {
    const answer = await put(subject, tester, { kind: 'tcp', address, port })
    if (answer.outcome !== 'no') return []
    const {
      because: known,
      evidence,
      tries,
    } = because(subject, { from: tester, meant: own, address, protocol: 'tcp', port }, answer.cause ?? 'silent')
    const at = code(`${address}:${port}`)
    return [
      note(
        {
          en: `${code(tester.label)} cannot connect to ${at}, where a program listens in that namespace`,
          zh: `${code(tester.label)} 连不上 ${at}，而那个命名空间里有程序在监听`,
        },
        { ...known, evidence: [probeLine(tester.label, `nc -vz ${address} ${port}`, answer), ...evidence], tries },
      ),
    ]
  })
  return found.flat()
}

/** With macvlan and ipvlan a container stands on the LAN itself, and nothing has to be published. */
async function reachOnLan(subject: Subject): Promise<Draft[]> {
  const { place } = subject
  const [tester] = testersOf(subject)
  const address = place.namespace.links
    .filter(({ lan }) => lan !== undefined)
    .flatMap(({ addresses }) => addresses)
    .find(({ scope }) => scope === 'global')?.address
  if (!tester || address === undefined) {
    return [note({ en: 'there is no other host that could try to connect', zh: '没有别的主机可以用来尝试连接' })]
  }
  const who = code(tester.label)
  const answer = await put(subject, tester, { kind: 'ping', address })
  const evidence = [probeLine(tester.label, `ping ${address}`, answer)]
  const home = ownNamespace(place.host)
  // By a macvlan link of its own a host is a sibling of the container.
  const isSibling = /^(macvlan|ipvlan)$/.test(outLink(home, address)?.kind ?? '')
  const apart = note(
    {
      en: `its own host ${code(place.host.name)} cannot reach it at ${code(address)}: the kernel keeps a parent and its macvlan children apart`,
      zh: `它所在的主机 ${code(place.host.name)} 无法通过 ${code(address)} 访问它：内核不让父接口与 macvlan 子接口互通`,
    },
    { cause: 'macvlan-host-to-child' },
  )
  if (answer.outcome === 'error') return [unasked(tester, evidence)]
  if (answer.outcome === 'yes') {
    return [
      ok(
        {
          en: `it is on the LAN itself, and ${who} reaches it at ${code(address)}`,
          zh: `它直接接在局域网上，${who} 能通过 ${code(address)} 访问它`,
        },
        evidence,
      ),
      ...(isSibling ? [] : [apart]),
    ]
  }
  const found = because(subject, { from: tester, meant: place, address, protocol: 'icmp' }, answer.cause ?? 'silent')
  return [
    problem(
      { en: `${who} does not reach it at ${code(address)}`, zh: `${who} 无法通过 ${code(address)} 访问它` },
      {
        ...found.because,
        evidence: [...evidence, ...found.evidence],
        tries: [
          ...found.tries,
          {
            en: `See whether its parent link is up and on the LAN: \`ip -d link\` on ${code(place.host.name)}`,
            zh: `看父接口是否启用并接在局域网上：在 ${code(place.host.name)} 上 \`ip -d link\``,
          },
        ],
        question: { from: tester.label, to: referenceOf(place), protocol: 'icmp' },
      },
    ),
    ...(isSibling ? [] : [apart]),
  ]
}
