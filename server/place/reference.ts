import type { CaptureQuestion } from '../network/capture.js'
import type {
  Container,
  EngineNetwork,
  EngineState,
  HostState,
  NamespaceState,
  NetworkState,
} from '../network/state.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { noContainer } from './near-miss.js'
import { ownNamespace, type Place, placeOf } from './place.js'
import { Unanswerable } from './unanswerable.js'

/** @throws Unanswerable reference.no-host */
export function hostNamed(state: NetworkState, name: string): HostState {
  const host = state.hosts.find((candidate) => candidate.name === name)
  if (host) return host
  throw new Unanswerable('reference.no-host', {
    en: `this lab has no host ${code(name)}`,
    zh: `这个实验里没有名为 ${code(name)} 的主机`,
  })
}

/** @throws Unanswerable engine.unverified, engine.silent, engine.none */
export function engineOf(host: HostState): EngineState {
  if (host.engine) return host.engine
  if (host.kind === 'plain') {
    throw new Unanswerable('engine.none', {
      en: `${code(host.name)} is a plain host, on which no Docker Engine runs`,
      zh: `${code(host.name)} 是普通主机，上面没有运行 Docker 引擎`,
    })
  }
  // In the words of the machine; why an Engine is silent is nothing that a learner could read from them.
  const detail = host.engineFault ? ` (${bare(host.engineFault.detail, 200)})` : ''
  const restart = code('systemctl restart docker')
  throw host.engineFault?.kind === 'unverified'
    ? new Unanswerable('engine.unverified', {
        en: `could not verify that what answers on ${code(host.name)} is its own Docker Engine${detail}`,
        zh: `无法确认 ${code(host.name)} 上应答的就是它原本的 Docker 引擎${detail}`,
      })
    : new Unanswerable('engine.silent', {
        en: `the Docker Engine of ${code(host.name)} does not answer: it is starting, busy, or has ended; ${restart} there restarts it`,
        zh: `${code(host.name)} 的 Docker 引擎没有应答：正在启动、正忙，或者已经停止；在那里执行 ${restart} 可以重新启动它`,
      })
}

/** Hosts that a REF names for certain: a bare word may be a container. */
export function hostsOf(...references: (string | undefined)[]): string[] {
  return references.flatMap((reference) => (reference?.includes('/') ? [reference.split('/')[0]!] : []))
}

/**
 * Finds what a REF names, or undefined where there is no such container. A container is found by its name; the tasks of a
 * swarm service, whose names end in chance, by the service's name or by `service.1`.
 * @throws Unanswerable reference.no-host, engine.*, state.incomplete where it may be among what was not looked at
 */
export function find(reference: string, state: NetworkState, home: string): Place | undefined {
  const slash = reference.indexOf('/')
  const host = slash < 0 ? state.hosts.find((candidate) => candidate.name === reference) : undefined
  if (host) return { label: reference, host, namespace: ownNamespace(host), dns: host.dns }
  const where = hostNamed(state, slash < 0 ? home : reference.slice(0, slash))
  const container = containerNamed(engineOf(where), reference.slice(slash + 1))
  requireSeen(where, container)
  return container && placeOf(where, container, reference)
}

/** What nobody has looked at is neither there nor not there. @throws Unanswerable state.incomplete */
function requireSeen(host: HostState, container: Container | undefined): void {
  const where = code(host.name)
  const unasked = host.engine?.unasked ?? 0
  if (!container && unasked > 0) {
    throw new Unanswerable('state.incomplete', {
      en: `${where} has ${unasked} containers more than are looked at, so it can't be said which there are: remove stopped ones with ${code('docker container prune')}`,
      zh: `${where} 上的容器太多，有 ${unasked} 个没有查看，因此无法断定有哪些容器：请用 ${code('docker container prune')} 删除已停止的容器`,
    })
  }
  if (container?.state === 'running' && container.namespace === undefined && host.unseen) {
    throw new Unanswerable('state.incomplete', {
      en: `${where} has more control groups than are looked through, so the processes of ${code(container.name)} were not found: remove those below ${code('/sys/fs/cgroup')} that nothing needs`,
      zh: `${where} 上的控制组太多，没有全部查看，因此没有找到 ${code(container.name)} 的进程：请删除 ${code('/sys/fs/cgroup')} 下不需要的控制组`,
    })
  }
}

function containerNamed(engine: EngineState, name: string): Container | undefined {
  const exact = engine.containers.find((container) => container.name === name)
  if (exact) return exact
  const tasks = engine.containers.filter(
    ({ name: full, labels }) =>
      labels['com.docker.swarm.service.name'] === name ||
      (labels['com.docker.swarm.task.id'] !== undefined && full.startsWith(`${name}.`)),
  )
  return tasks.find(({ state }) => state === 'running') ?? tasks[0]
}

export function networkNamed(host: HostState, name: string): EngineNetwork | undefined {
  return engineOf(host).networks.find((network) => network.name === name)
}

/**
 * The kernel's name for a bridge that an author names: a user-defined network's bridge is called after its id, which nobody
 * can know beforehand, so the network's name stands for it.
 */
export function bridgeNamed(host: HostState, name: string): string {
  return host.engine?.networks.find((network) => network.name === name)?.bridge ?? name
}

/**
 * Why a place can't be looked into: there is no such container, or it does not run.
 * @param state where what may have been meant is looked for
 * @param image what it should have been made from, where that is known
 */
export function absence(
  reference: string,
  place: Place | undefined,
  home: string,
  state?: NetworkState,
  image?: string,
): { observed: Text; why: Text } {
  const name = code(reference)
  if (place?.container) {
    if (place.container.state === 'running') {
      return {
        observed: { en: `the kernel has no process of ${name}`, zh: `内核中没有 ${name} 的进程` },
        why: {
          en: `the Engine says that ${name} runs, but its process is not there: it is starting, or has just ended`,
          zh: `引擎说 ${name} 在运行，但找不到它的进程：可能正在启动，或者刚刚结束`,
        },
      }
    }
    return { observed: stateText(reference, place.container), why: whyStill(reference, place.container) }
  }
  const [host = home] = hostsOf(reference)
  const called = reference.split('/').at(-1)!
  const where = state?.hosts.find((one) => one.name === host)
  return {
    observed: { en: `there is no container ${name}`, zh: `没有容器 ${name}` },
    why: where
      ? noContainer(called, where, state, image)
      : {
          en: `the Engine of ${code(host)} has no container ${code(called)}: names count exactly as written`,
          zh: `${code(host)} 的 Docker 引擎中没有名为 ${code(called)} 的容器：名称必须完全一致`,
        },
  }
}

/** The state of a container that does not run, with its exit code where that tells something. */
export function stateText(reference: string, { state, exitCode }: Container): Text {
  const name = code(reference)
  const ended = state === 'exited'
  return {
    en: `${name} is ${code(state)}${ended ? ` (exit code ${exitCode})` : ''}`,
    zh: `${name} 的状态是 ${code(state)}${ended ? `（退出码 ${exitCode}）` : ''}`,
  }
}

/** Why nothing of a container runs (docker-ps(1) has the states). The Engine keeps an exit code where a start failed. */
export function whyStill(reference: string, { state, exitCode }: Container): Text {
  const name = code(reference)
  const start = code(`docker start ${reference.split('/').at(-1)!}`)
  switch (state) {
    case 'created':
      return exitCode === 0
        ? {
            en: `${name} was made, but has not been started: ${start} starts it, and says why where it can't`,
            zh: `${name} 已经创建，但还没有启动：用 ${start} 启动，启动不了时会说明原因`,
          }
        : {
            en: `${name} was made, but its start failed (exit code ${exitCode}): ${start} tries again and says why`,
            zh: `${name} 已经创建，但启动失败（退出码 ${exitCode}）：${start} 会再试一次，并说明原因`,
          }
    case 'paused':
      return {
        en: `${name} is paused: its processes stand still until \`docker unpause\``,
        zh: `${name} 已暂停：在执行 \`docker unpause\` 之前，它的进程都停着不动`,
      }
    case 'restarting':
      return {
        en: `${name} ends again and again, and the Engine waits a while before it starts it again; \`docker logs\` shows what it printed`,
        zh: `${name} 一再退出，引擎过一会儿会重新启动它；\`docker logs\` 可以看到它的输出`,
      }
    default:
      return {
        en: `${name} is not running: a container has a network namespace only while it runs, so there is nothing to look at`,
        zh: `${name} 没有在运行：容器只有在运行时才拥有网络命名空间，现在没有什么可看的`,
      }
  }
}

/**
 * What could not be read proves nothing by what is absent from it. Faults begin with the question that had no answer.
 * @throws Unanswerable state.incomplete
 */
export function requireWhole(namespace: NamespaceState, where: string, ...questions: CaptureQuestion[]): void {
  const fault = namespace.faults.find((one) => questions.some((question) => one.startsWith(`${question}:`)))
  if (fault === undefined) return
  if (/: (the answers are larger|other answers were too large)/.test(fault)) {
    throw new Unanswerable('state.incomplete', {
      en: `${code(where)} has more rules, routes or links than can be read at once, so not all of them are known: take away what you don't need`,
      zh: `${code(where)} 的规则、路由或接口太多，一次读不完，因此无法得知全部内容：请删掉不需要的`,
    })
  }
  throw new Unanswerable('state.incomplete', {
    en: `the network of ${code(where)} could not be read completely: ${bare(fault, 200)}`,
    zh: `无法完整读取 ${code(where)} 的网络状态：${bare(fault, 200)}`,
  })
}
