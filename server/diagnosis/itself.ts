import { ipv6Off, switchedOff } from '../cause/ipv6-off.js'
import { leftBehind, leftBehindCause } from '../cause/left-behind.js'
import { isOnNone } from '../cause/none-network.js'
import { justRestarted } from '../cause/not-running.js'
import { networkOwnerOf, networkRestartOf, restartText } from '../cause/restart.js'
import { judge } from '../network/filter.js'
import type { Container, Link } from '../network/state.js'
import { endpointsOf, isInHostNamespace, isLive, type LivePlace, type Place } from '../place/place.js'
import { absence } from '../place/reference.js'
import type { Text } from '../wording/text.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, note, ok, problem } from './draft.js'
import { linkLine, probeLine } from './evidence.js'
import { listenersOf } from './listeners.js'
import { put, type Subject } from './subject.js'

/** The first question: does it run, has it a network of its own that works, and does a program listen there? */
export async function lookAtItself(subject: Subject<Place>): Promise<Draft[]> {
  const { place } = subject
  if (!isLive(place)) return [notRunning(place.container, place)]
  const running = { ...subject, place } as Subject
  const isHost = isInHostNamespace(place)
  return [
    ...stateOf(place.container, place, subject.state.takenAt),
    ...healthOf(place.container),
    ...(isHost ? [] : [...linksOf(place), ...(await loopbackOf(running)), ...listenersOf(place)]),
    ...dnsOf(place),
    ...contradictions(place),
  ]
}

function notRunning(container: Container, place: Place): Draft {
  const name = code(place.label)
  const { observed } = absence(place.label, place, place.host.name)
  const evidence = [`docker ps -a: ${container.name} ${container.state} (${container.exitCode})`]
  if (container.state === 'created') {
    return problem(
      { en: `${name} was created, but never started`, zh: `${name} 已创建，但从未启动过` },
      {
        why: {
          en: 'without a process there is no network namespace, so nobody can reach it',
          zh: '没有进程就没有网络命名空间，谁也访问不到它',
        },
        cause: 'not-running',
        evidence,
        tries: [
          {
            en: `Start it: \`docker start ${bare(container.name)}\`; an error, such as a port that is taken, is shown then`,
            zh: `启动它：\`docker start ${bare(container.name)}\`；如果出错（例如端口被占用），这时会显示出来`,
          },
        ],
      },
    )
  }
  return problem(observed, {
    why: container.state === 'exited' ? whyExited(container) : whyAway(container),
    cause: 'not-running',
    evidence,
    tries: [
      {
        en: `Read why it ended: \`docker logs --tail 20 ${bare(container.name)}\``,
        zh: `看看它为什么结束：\`docker logs --tail 20 ${bare(container.name)}\``,
      },
      {
        en: `Start it again: \`docker start ${bare(container.name)}\``,
        zh: `重新启动：\`docker start ${bare(container.name)}\``,
      },
    ],
  })
}

/** What exit codes tell (docker-run(1), "Exit Status"; signals are 128 and their number). */
function whyExited({ exitCode }: Container): Text {
  if (exitCode === 0) {
    return {
      en: 'its first process had nothing more to do, and a container lives only as long as that process',
      zh: '主进程已正常退出，而容器的寿命就是主进程的寿命',
    }
  }
  if (exitCode === 126 || exitCode === 127) {
    return {
      en: exitCode === 127 ? 'its command was not found in the image' : 'its command could not be executed',
      zh: exitCode === 127 ? '镜像里找不到要执行的命令' : '要执行的命令无法运行',
    }
  }
  if (exitCode === 137) {
    return {
      en: 'it was killed (SIGKILL): by `docker kill`, by `docker stop` after its grace, or for lack of memory',
      zh: '它被强行终止（SIGKILL）：可能是 `docker kill`、`docker stop` 超时，或者内存不足',
    }
  }
  if (exitCode === 143) return { en: 'it was asked to end (SIGTERM)', zh: '它收到了结束信号（SIGTERM）' }
  return { en: 'its program ended with an error of its own', zh: '程序自身出错退出' }
}

function whyAway({ state }: Container): Text {
  if (state === 'restarting') {
    return {
      en: 'it ends again and again, and its restart policy brings it back each time',
      zh: '它不断退出，又被重启策略反复拉起',
    }
  }
  return { en: 'it has no process now, so it has no network either', zh: '它现在没有进程，也就没有网络' }
}

function stateOf(container: Container, place: LivePlace, takenAt: string): Draft[] {
  const name = code(place.label)
  const { namespace } = place
  const evidence = [
    `docker ps: ${container.name} ${container.state}, image ${container.image}`,
    `network namespace ${namespace.id}, network mode ${container.networkMode}`,
  ]
  if (container.state === 'paused') {
    return [
      problem(
        { en: `${name} is paused`, zh: `${name} 已被暂停` },
        {
          why: {
            en: 'the kernel still answers pings for it, but its programs stand still',
            zh: '内核仍会替它回应 ping，但里面的程序都停住了',
          },
          cause: 'paused',
          evidence,
          tries: [
            {
              en: `Let it go on: \`docker unpause ${bare(container.name)}\``,
              zh: `恢复运行：\`docker unpause ${bare(container.name)}\``,
            },
          ],
        },
      ),
    ]
  }
  const times = justRestarted(container, takenAt)
  if (times !== undefined) {
    return [
      problem(
        {
          en: `${name} runs now, and ends soon after each start: it was started again ${times} times, the last one just now`,
          zh: `${name} 此刻在运行，但每次启动后很快就退出：已被重新启动 ${times} 次，最近一次就在刚才`,
        },
        {
          why: whyAway({ ...container, state: 'restarting' }),
          cause: 'not-running',
          evidence: [...evidence, `RestartCount ${times}, started at ${container.restarts!.startedAt}`],
          tries: [
            {
              en: `Read why it ends: \`docker logs --tail 20 ${bare(container.name)}\``,
              zh: `看看它为什么结束：\`docker logs --tail 20 ${bare(container.name)}\``,
            },
          ],
        },
      ),
    ]
  }
  if (isInHostNamespace(place)) {
    return [
      ok(
        {
          en: `${name} runs, in the network namespace of ${code(place.host.name)} (\`--network host\`)`,
          zh: `${name} 正在运行，直接使用 ${code(place.host.name)} 的网络命名空间（\`--network host\`）`,
        },
        evidence,
      ),
    ]
  }
  const others = namespace.owner.kind === 'container' ? namespace.owner.containers : []
  const shared = others.filter((one) => one !== container.name)
  if (shared.length > 0) {
    const list = codes(shared)
    return [
      ok(
        {
          en: `${name} runs, in one network namespace with ${list.en}`,
          zh: `${name} 正在运行，与 ${list.zh} 共用一个网络命名空间`,
        },
        evidence,
      ),
    ]
  }
  return [
    ok(
      {
        en: `${name} runs, in a network namespace of its own`,
        zh: `${name} 正在运行，有自己的网络命名空间`,
      },
      evidence,
    ),
  ]
}

/** Docker notes what a health check says, and sends packets as before (docs.docker.com/reference/dockerfile, "HEALTHCHECK"). */
function healthOf({ name, state, health }: Container): Draft[] {
  if (!health || state !== 'running') return []
  const { status, failures, last } = health
  const evidence = [
    `docker inspect: Health ${status}, FailingStreak ${failures}`,
    ...(last ? [`the last check ended with ${last.exitCode}${last.output === '' ? '' : `: ${last.output}`}`] : []),
  ]
  if (status === 'healthy') return [ok({ en: 'its health check passes', zh: '健康检查通过' }, evidence)]
  const isFailed = status === 'unhealthy'
  return [
    note(
      isFailed
        ? { en: `its health check fails, ${failures} times in a row by now`, zh: `健康检查失败，已连续 ${failures} 次` }
        : { en: 'its health check has not passed yet', zh: '健康检查尚未通过' },
      {
        why: {
          en: 'no packet is stopped for that; who waits until it is healthy, such as a service with `depends_on` in a compose file, still waits',
          zh: '这不会拦住任何数据包；但等它变为健康的一方（例如 compose 文件里写了 `depends_on` 的服务）仍在等待',
        },
        evidence,
        tries: [
          {
            en: `Read what it asks and what it was told: \`docker inspect -f '{{json .Config.Healthcheck.Test}} {{json .State.Health.Log}}' ${bare(name)}\``,
            zh: `看它检查什么、得到了什么：\`docker inspect -f '{{json .Config.Healthcheck.Test}} {{json .State.Health.Log}}' ${bare(name)}\``,
          },
        ],
      },
    ),
  ]
}

function linksOf(place: LivePlace): Draft[] {
  const name = code(place.label)
  const { namespace, container } = place
  const links = namespace.links.filter(({ kind }) => kind !== 'loopback')
  const left = leftBehind(place)
  if (left) {
    const { what, evidence, tries } = leftBehindCause.tell(left)
    return [
      problem(
        { en: `${name} is in a network namespace that it should not be in`, zh: `${name} 所在的网络命名空间不对` },
        { why: what, cause: 'left-behind', evidence, tries },
      ),
    ]
  }
  if (links.length === 0) {
    const plain = bare(networkOwnerOf(place.host, container!.name))
    const again = restartText(networkRestartOf(place.host, container!.name))
    const isNone = container!.networkMode === 'none'
    // The Engine has it on networks, whose links somebody took away.
    const sharing = place.host.engine?.containers.filter((one) => one.namespace === namespace.id) ?? []
    const isStripped = !isNone && sharing.some(({ endpoints }) => endpoints.some(({ network }) => network !== 'none'))
    return [
      problem(
        { en: `${name} has no network: there is only its loopback`, zh: `${name} 没有网络：只有回环接口` },
        {
          why: isNone
            ? { en: 'it was started with `--network none`', zh: '它是用 `--network none` 启动的' }
            : isStripped
              ? {
                  en: 'the Engine has it on a network, but its link is gone: somebody took it away',
                  zh: '引擎认为它在网络上，但它的接口没有了：有人把它删掉了',
                }
              : { en: 'it is connected to no network of Docker', zh: '它没有接入任何 Docker 网络' },
          ...(isOnNone(place) ? { cause: 'none-network' as const } : {}),
          evidence: namespace.links.map(linkLine),
          tries: [
            ...(isNone
              ? [
                  {
                    en: `Take it off \`none\` first: \`docker network disconnect none ${plain}\``,
                    zh: `先让它离开 \`none\`：\`docker network disconnect none ${plain}\``,
                  },
                ]
              : []),
            isStripped
              ? {
                  en: `Let the Engine set it up anew: ${again.en}`,
                  zh: `让引擎重新设置它：${again.zh}`,
                }
              : {
                  en: `Connect it: \`docker network connect NETWORK ${plain}\``,
                  zh: `接入网络：\`docker network connect 网络 ${plain}\``,
                },
          ],
        },
      ),
    ]
  }
  // What else stands in its namespace, such as the tunnel of a VPN, is its own matter.
  const engines = new Set(endpointsOf(place).flatMap(({ link }) => link ?? []))
  const judged = engines.size > 0 ? links.filter(({ name }) => engines.has(name)) : links
  const bad = judged.flatMap((link) => brokenLink(link, place))
  if (bad.length > 0) return bad
  const list = codes(links.map((link) => `${link.name} ${addressOf(link)}`))
  return [
    ok(
      { en: `its links are up and have addresses: ${list.en}`, zh: `网络接口都已启用并有地址：${list.zh}` },
      links.map(linkLine),
    ),
  ]
}

function addressOf(link: Link): string {
  const own = link.addresses.find(({ scope }) => scope === 'global')
  return own ? `${own.address}/${own.prefix}` : ''
}

function brokenLink(link: Link, { container }: LivePlace): Draft[] {
  const what = code(link.name)
  const evidence = [linkLine(link)]
  const inside = `docker run --rm --privileged --network container:${bare(container!.name)} netshoot`
  if (!link.up) {
    return [
      problem(
        { en: `its link ${what} is down`, zh: `接口 ${what} 没有启用` },
        {
          why: { en: 'somebody has set it so; no frame passes', zh: '有人把它关掉了，任何帧都过不去' },
          cause: 'link-cut',
          evidence,
          tries: [
            {
              en: `Set it up: \`${inside} ip link set ${bare(link.name)} up\``,
              zh: `启用它：\`${inside} ip link set ${bare(link.name)} up\``,
            },
          ],
        },
      ),
    ]
  }
  if (!link.carrier) {
    const other = link.peer ? code(link.peer.name) : undefined
    return [
      problem(
        { en: `its link ${what} has no carrier`, zh: `接口 ${what} 没有载波` },
        {
          why: other
            ? { en: `the other end, ${other} in the host, is down`, zh: `它在主机上的另一端 ${other} 没有启用` }
            : { en: 'the interface it depends on is down', zh: '它所依附的接口没有启用' },
          cause: 'link-cut',
          evidence,
          tries: link.peer
            ? [
                {
                  en: `Set the other end up in the host: \`ip link set ${bare(link.peer.name)} up\``,
                  zh: `在主机上启用另一端：\`ip link set ${bare(link.peer.name)} up\``,
                },
              ]
            : [],
        },
      ),
    ]
  }
  if (link.addresses.some(({ scope }) => scope === 'global')) return []
  return [
    problem(
      { en: `its link ${what} has no address`, zh: `接口 ${what} 没有地址` },
      {
        why: { en: 'without one nothing can be sent to it or from it', zh: '没有地址就既不能发也不能收' },
        evidence,
        tries: [
          {
            en: `Let the Engine set it up again: \`docker network disconnect NETWORK ${bare(container!.name)}\`, then \`docker network connect\``,
            zh: `让引擎重新配置：先 \`docker network disconnect 网络 ${bare(container!.name)}\`，再 \`docker network connect\``,
          },
        ],
      },
    ),
  ]
}

async function loopbackOf(subject: Subject): Promise<Draft[]> {
  const { place } = subject
  const loopback = place.namespace.links.find(({ kind }) => kind === 'loopback')
  const answer = await put(subject, place, { kind: 'ping', address: '127.0.0.1' })
  const evidence = [probeLine(place.label, 'ping 127.0.0.1', answer), ...(loopback ? [linkLine(loopback)] : [])]
  if (answer.outcome === 'yes') {
    return [ok({ en: 'it reaches itself: its loopback answers', zh: '能访问自己：回环接口有应答' }, evidence)]
  }
  if (answer.outcome === 'error') return [unasked(place, evidence)]
  const rule = ruleAgainst(place)
  if (loopback?.up && !rule) {
    return [
      note(
        {
          en: 'its loopback is up and answers no ping, as with `net.ipv4.icmp_echo_ignore_all`; that says nothing about its programs',
          zh: '回环接口已启用，但不回应 ping，例如设置了 `net.ipv4.icmp_echo_ignore_all`；这不说明里面的程序有问题',
        },
        { evidence },
      ),
    ]
  }
  return [
    problem(
      { en: 'it does not even reach itself at `127.0.0.1`', zh: '它连自己的 `127.0.0.1` 都访问不到' },
      {
        why: rule
          ? { en: 'a rule inside the container stops it', zh: '容器内有规则拦住了' }
          : { en: 'its loopback `lo` is down', zh: '回环接口 `lo` 没有启用' },
        evidence: [...evidence, ...(rule ? [rule] : [])],
        tries: [
          {
            en: `Look inside: \`docker run --rm --privileged --network container:${bare(place.container.name)} netshoot sh -c 'ip link set lo up; nft list ruleset'\``,
            zh: `进去看看：\`docker run --rm --privileged --network container:${bare(place.container.name)} netshoot sh -c 'ip link set lo up; nft list ruleset'\``,
          },
        ],
      },
    ),
  ]
}

/** A rule of its own that drops what it sends to itself. */
function ruleAgainst({ namespace }: LivePlace): string | undefined {
  const flow = { source: '127.0.0.1', destination: '127.0.0.1', protocol: 'icmp', state: 'new' } as const
  const judgements = [
    judge(namespace, 'output', { ...flow, in: '', out: 'lo' }),
    judge(namespace, 'input', { ...flow, in: 'lo', out: '' }),
  ]
  const drop = judgements.find((one) => one?.outcome === 'drop')
  return drop && (drop.rule?.text ?? `-P ${drop.chain?.name ?? '?'} DROP`)
}

export function unasked(place: Place, evidence: string[]): Draft {
  return note(
    {
      en: `a question could not be asked from ${code(place.label)}, so this is not known`,
      zh: `无法从 ${code(place.label)} 发起探测，这一点无从得知`,
    },
    { evidence, unknown: true },
  )
}

function unreadNameservers(why: string): Draft {
  return note(
    { en: 'its `/etc/resolv.conf` could not be read', zh: '无法读取它的 `/etc/resolv.conf`' },
    { evidence: [`/etc/resolv.conf: ${why}`] },
  )
}

function dnsOf(place: LivePlace): Draft[] {
  const { nameservers, search } = place.dns
  const evidence = [
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
  ]
  const userDefined = endpointsOf(place).some(({ network }) => network !== 'bridge' && network !== 'none')
  if (place.dns.unread?.resolvConf !== undefined) return [unreadNameservers(place.dns.unread.resolvConf)]
  if (nameservers.length === 0) {
    if (endpointsOf(place).length === 0) return []
    return [
      note(
        { en: 'its `/etc/resolv.conf` names no nameserver', zh: '它的 `/etc/resolv.conf` 里没有任何 DNS 服务器' },
        { evidence },
      ),
    ]
  }
  if (userDefined && !isInHostNamespace(place) && !nameservers.includes('127.0.0.11')) {
    const list = codes(nameservers)
    return [
      problem(
        {
          en: `it asks ${list.en} for names instead of the Engine's DNS server \`127.0.0.11\``,
          zh: `它向 ${list.zh} 查询名称，而不是引擎内嵌的 DNS \`127.0.0.11\``,
        },
        {
          why: {
            en: 'names of containers are known only to `127.0.0.11`',
            zh: '只有 `127.0.0.11` 知道容器的名字',
          },
          evidence,
          tries: [
            {
              en: `Look at it: \`docker exec ${bare(place.container!.name)} cat /etc/resolv.conf\`; a restart writes it again`,
              zh: `查看：\`docker exec ${bare(place.container!.name)} cat /etc/resolv.conf\`；重启容器会重新生成`,
            },
          ],
        },
      ),
    ]
  }
  const list = codes(nameservers)
  return [ok({ en: `it asks ${list.en} for names`, zh: `它向 ${list.zh} 查询名称` }, evidence)]
}

/** Where the Engine says one thing and the kernel another, the kernel is right. */
function contradictions(place: LivePlace): Draft[] {
  const { host, container, label } = place
  // What it was left in is told already.
  if (leftBehind(place)) return []
  const about = `container ${container!.name}`
  const all = host.disagreements.filter((one) => one.about === about || one.about.startsWith(`${about} on `))
  if (all.length === 0) return []
  const [off] = switchedOff(host, place.namespace.id).filter((one) => one.container === container!.name)
  if (off && all.length === 1) {
    const { what, code: cause, evidence, tries } = ipv6Off.tell({ ...off, sends: false })
    return [
      problem(
        {
          en: `${code(label)} has lost its IPv6 address ${code(off.address)}`,
          zh: `${code(label)} 丢了它的 IPv6 地址 ${code(off.address)}`,
        },
        { why: what, cause, evidence, tries },
      ),
    ]
  }
  const again = restartText(networkRestartOf(host, container!.name))
  return [
    problem(
      {
        en: `Engine and kernel do not agree about ${code(label)}`,
        zh: `关于 ${code(label)}，引擎与内核的说法不一致`,
      },
      {
        why: {
          en: 'somebody has changed its network by hand; the kernel is what counts',
          zh: '有人手工改动了它的网络；实际以内核为准',
        },
        evidence: all.map((one) => `${one.about}: Engine ${one.engine}, kernel ${one.kernel}`),
        tries: [
          {
            en: `Let the Engine set it up again: ${again.en}`,
            zh: `让引擎重新配置：${again.zh}`,
          },
        ],
      },
    ),
  ]
}
