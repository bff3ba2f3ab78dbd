import { z } from 'zod'
import type { NetworkState, SwarmService } from '../../network/state.js'
import { type Manager, managers } from '../../place/swarm-manager.js'
import type { Text } from '../../wording/text.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { count, expected, hostName, name, port } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isImage } from '../image.js'
import type { Finding } from '../verdict.js'

const schema = z.strictObject({
  name: name.describe("the service's name"),
  replicas: count.optional().describe('how many tasks were asked for'),
  running: count.optional().describe('how many tasks run'),
  endpoint: z.enum(['vip', 'dnsrr']).optional().describe('how its name is resolved: one virtual address, or all tasks'),
  network: name.optional().describe('a network it must be on'),
  published: port.optional().describe('a port that the swarm publishes for it'),
  image: z.string().min(1).optional().describe('the image of its tasks'),
  nodes: z.array(hostName).optional().describe('hosts on each of which a task must run'),
  expect: expected,
})
type Spec = z.output<typeof schema>

/** A service of a swarm, as the swarm's managers see it. */
export const service: Family<Spec> = {
  key: 'service',
  schema,
  reasons: [
    'service.missing',
    'service.present',
    'service.replicas',
    'service.running',
    'service.endpoint',
    'service.network',
    'service.published',
    'service.image',
    'service.nodes',
  ],
  nothing: ['service.missing'],
  present: 'service.present',
  images: (spec) => [spec.image ?? []].flat(),
  needsEngine: true,
  hosts: (spec) => spec.nodes ?? [],
  async check(spec, { state, home }) {
    const all = managers(state, home)
    const manager = all.find(({ swarm }) => swarm.services.some((one) => one.name === spec.name))
    const found = manager?.swarm.services.find((one) => one.name === spec.name)
    const what = code(spec.name)
    const names = codes([...new Set(all.flatMap(({ swarm }) => swarm.services.map((one) => one.name)))])
    const observed =
      all.length === 0
        ? { en: 'there is no swarm yet', zh: '还没有 swarm 集群' }
        : { en: `the services are ${names.en}`, zh: `集群的服务有 ${names.zh}` }
    if (!spec.expect) {
      if (!found) return pass(`there is no service ${what}`, `没有服务 ${what}`)
      return fail('service.present', {
        expected: { en: `no service ${what}`, zh: `没有服务 ${what}` },
        observed,
        why: {
          en: `${what} still exists, and the swarm replaces each task of it that ends: only \`docker service rm\` ends it`,
          zh: `${what} 仍然存在，集群会补上它每一个结束的任务：只有 \`docker service rm\` 才能结束它`,
        },
      })
    }
    if (!manager || !found) {
      return fail('service.missing', {
        expected: { en: `a service ${what}`, zh: `有服务 ${what}` },
        observed,
        why: whyMissing(spec.name, all.length > 0, state),
      })
    }
    return mismatch(spec, found, manager) ?? pass(`service ${what} is as it should be`, `服务 ${what} 符合要求`)
  },
}

function whyMissing(name: string, hasSwarm: boolean, { hosts }: NetworkState): Text {
  const what = code(name)
  if (!hasSwarm) {
    return {
      en: `services belong to a swarm, and no host of this lab is a manager of one: \`docker swarm init\` comes first`,
      zh: `服务属于 swarm 集群，而这个实验里没有主机是管理节点：要先执行 \`docker swarm init\``,
    }
  }
  const host = hosts.find(({ engine }) => engine?.containers.some((one) => one.name === name))
  return host
    ? {
        en: `${what} is a container on ${code(host.name)}, and no manager knows a service of that name: \`docker service create\` on a manager makes one`,
        zh: `${what} 是 ${code(host.name)} 上的一个容器，管理节点都不知道叫这个名字的服务：要在管理节点上用 \`docker service create\` 创建`,
      }
    : {
        en: `no manager knows a service ${what}: \`docker service create\` on a manager makes one`,
        zh: `管理节点都不知道服务 ${what}：要在管理节点上用 \`docker service create\` 创建`,
      }
}

function mismatch(spec: Spec, is: SwarmService, { swarm }: Manager): Finding | undefined {
  const what = code(spec.name)
  const differs = (field: string, en: string, zh: string, wanted: string | number, got: Text, why: Text) =>
    fail(`service.${field}`, {
      expected: { en: `${what} has ${en} ${code(wanted)}`, zh: `${what} 的${zh}是 ${code(wanted)}` },
      observed: { en: `it has ${got.en}`, zh: `是 ${got.zh}` },
      why,
    })
  const plain = (data: string | number): Text => ({ en: code(data), zh: code(data) })
  if (spec.image !== undefined && !isImage(is, spec.image)) {
    return differs('image', 'image', '镜像', spec.image, plain(is.image), {
      en: `every task of ${what} is a container from ${code(is.image)}; \`docker service update --image\` changes that`,
      zh: `${what} 的每个任务都是用 ${code(is.image)} 启动的容器；用 \`docker service update --image\` 修改`,
    })
  }
  if (spec.replicas !== undefined && spec.replicas !== is.replicas) {
    return differs('replicas', 'replicas', '副本数', spec.replicas, plain(is.replicas ?? 'global'), {
      en: `the swarm keeps as many tasks running as were asked for, and that is ${code(is.replicas ?? 'one a node')}; \`docker service scale\` changes it`,
      zh: `集群会维持所要求的任务数，现在要求的是 ${code(is.replicas ?? 'global')}；用 \`docker service scale\` 修改`,
    })
  }
  if (spec.endpoint !== undefined && spec.endpoint !== is.endpointMode) {
    return differs('endpoint', 'endpoint mode', '端点模式', spec.endpoint, plain(is.endpointMode), {
      en: `with \`vip\` the name leads to one virtual address that spreads connections, with \`dnsrr\` to the addresses of all tasks; ${what} has ${code(is.endpointMode)}`,
      zh: `\`vip\` 模式下名称解析为一个分摊连接的虚拟 IP，\`dnsrr\` 模式下解析为所有任务的地址；${what} 现在是 ${code(is.endpointMode)}`,
    })
  }
  if (spec.network !== undefined && !is.networks.includes(spec.network)) {
    return differs('network', 'network', '网络', spec.network, codes(is.networks), {
      en: `tasks of ${what} join only the networks that the service names, and ${code(spec.network)} is not among them (\`--network\`)`,
      zh: `${what} 的任务只会接入服务指定的网络，其中没有 ${code(spec.network)}（用 \`--network\` 指定）`,
    })
  }
  if (spec.published !== undefined && !is.ports.some(({ publishedPort }) => publishedPort === spec.published)) {
    return differs(
      'published',
      'published port',
      '发布端口',
      spec.published,
      codes(is.ports.map(({ publishedPort }) => publishedPort)),
      {
        en: `the routing mesh opens a port on every node only if the service publishes it, and ${what} does not publish ${spec.published}`,
        zh: `只有服务发布了端口，路由网格才会在每个节点上打开它，而 ${what} 没有发布 ${spec.published}`,
      },
    )
  }
  if (spec.running !== undefined && spec.running !== is.running) {
    const troubled = is.tasks.find((task) => task.desired === 'running' && task.state !== 'running')
    const also = troubled
      ? { en: `; one is ${code(troubled.state)}`, zh: `；有任务处于 ${code(troubled.state)}` }
      : { en: '', zh: '' }
    return fail('service.running', {
      expected: { en: `${spec.running} tasks of ${what} run`, zh: `${what} 有 ${spec.running} 个任务在运行` },
      observed: { en: `${is.running} run${also.en}`, zh: `在运行的有 ${is.running} 个${also.zh}` },
      why: {
        en: `asking for tasks and having them are two things: ${is.running} of ${what} run now; \`docker service ps\` says what keeps the others`,
        zh: `要求多少任务和实际运行多少是两回事：${what} 现在有 ${is.running} 个在运行；\`docker service ps\` 会说明其余的卡在哪里`,
      },
    })
  }
  const hostOf = (task: { node: string }) => swarm.nodes.find(({ id }) => id === task.node)?.hostname ?? task.node
  const on = [...new Set(is.tasks.filter((task) => task.state === 'running').map(hostOf))]
  const missing = spec.nodes?.find((host) => !on.includes(host))
  if (missing !== undefined) {
    const list = codes(on)
    return fail('service.nodes', {
      expected: { en: `a task of ${what} runs on ${code(missing)}`, zh: `${code(missing)} 上运行着 ${what} 的任务` },
      observed: { en: `its tasks run on ${list.en}`, zh: `任务运行在 ${list.zh}` },
      why: {
        en: `the scheduler spreads tasks over the nodes that are active and fit the constraints, and ${code(missing)} has got none`,
        zh: `调度器把任务分散到可用且满足约束的节点上，而 ${code(missing)} 没有分到任务`,
      },
    })
  }
  return undefined
}
