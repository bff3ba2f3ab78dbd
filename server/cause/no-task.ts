import type { SwarmService } from '../network/state.js'
import { type Manager, servicesOf } from '../place/swarm-manager.js'
import { code } from '../wording/wording.js'
import { askedService } from './asked-service.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import type { Unresolved } from './unresolved.js'

interface Found {
  service: string
  /** `vip`: its virtual address; `name`: its name resolves to nothing; `port`: its published port. */
  asked: 'vip' | 'name' | 'port'
  replicas?: number
  /** Nodes that take no tasks, and why. */
  closed: { node: string; availability: string }[]
  shown: string[]
}

function found({ host, swarm }: Manager, service: SwarmService, asked: Found['asked']): Found | undefined {
  const { name, replicas, running, tasks } = service
  if (running > 0) return undefined
  const states = [...new Set(tasks.filter(({ desired }) => desired === 'running').map(({ state }) => state))]
  const closed = swarm.nodes
    .filter(({ availability, state }) => state === 'ready' && availability !== 'active')
    .map(({ hostname, availability }) => ({ node: hostname, availability }))
  return {
    ...{ service: name, asked, closed },
    ...(replicas === undefined ? {} : { replicas }),
    shown: [
      `${host.name}: service ${name}: ${running} of ${replicas ?? 'all'} running${states.length > 0 ? `; tasks: ${states.join(', ')}` : ''}`,
      ...closed.map(({ node, availability }) => `${host.name}: node ${node}: availability ${availability}`),
    ],
  }
}

function find(trail: Trail): Found | undefined {
  const one = askedService(trail)
  return one && found(one.manager, one.service, one.how)
}

function findName({ state, home, name }: Unresolved): Found | undefined {
  const one = servicesOf(state, home).find(({ service }) => service.name === name || `tasks.${service.name}` === name)
  return one && found(one.manager, one.service, 'name')
}

export const noTask = define<Found>({
  code: 'no-task',
  byState: find,
  bySight: find,
  byName: findName,
  say: ({ service, asked, replicas, closed, shown }) => {
    const who = code(service)
    const why =
      replicas === 0
        ? { en: 'it is scaled to 0', zh: '它的副本数是 0' }
        : { en: 'none of its tasks runs', zh: '它没有任何一个任务在运行' }
    const what = {
      vip: {
        en: `the address is the virtual one of the service ${who}, which shares requests out among its tasks, and ${why.en}`,
        zh: `这个地址是服务 ${who} 的虚拟地址（VIP），请求会分给它的各个任务，而${why.zh}`,
      },
      port: {
        en: `the port is published by the service ${who}, and ${why.en}`,
        zh: `这个端口由服务 ${who} 发布，而${why.zh}`,
      },
      name: {
        en: `${who} is a service whose name stands for its tasks, and ${why.en}`,
        zh: `${who} 是一个服务，它的名字代表它的各个任务，而${why.zh}`,
      },
    }
    return {
      what: what[asked],
      evidence: shown,
      tries: [
        replicas === 0
          ? {
              en: `scale it up on a manager: ${code(`docker service scale ${service}=1`)}`,
              zh: `在管理节点上增加副本：${code(`docker service scale ${service}=1`)}`,
            }
          : {
              en: `see on a manager what keeps its tasks from running: ${code(`docker service ps --no-trunc ${service}`)}`,
              zh: `在管理节点上查看任务为什么没有运行：${code(`docker service ps --no-trunc ${service}`)}`,
            },
        ...(replicas === 0 ? [] : closed).map(({ node, availability }) => {
          const [which, command] = [code(node), code(`docker node update --availability active ${node}`)]
          return {
            en: `${which} takes no tasks now (${code(availability)}); if it is to take some again: ${command}`,
            zh: `${which} 现在不接受任务（${code(availability)}）；如果要它重新接受任务：${command}`,
          }
        }),
      ],
    }
  },
  broken: '`docker service scale web=0` of a service that is asked for',
  hidden: {
    diagnose: 'a diagnosis is of a container, and such a service has none',
    netdiag: 'it asks the containers of its own host, and not services',
  },
  example: {
    ...{ service: 'web', asked: 'vip', replicas: 0, closed: [] },
    shown: ['node1: service web: 0 of 0 running'],
  },
})
