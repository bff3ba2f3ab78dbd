import { z } from 'zod'
import { engineOf, hostNamed } from '../../place/reference.js'
import { managers } from '../../place/swarm-manager.js'
import { code } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { count, hostName } from '../fields.js'
import { fail, pass } from '../finding.js'

const schema = z.strictObject({
  host: hostName.optional().describe('the first docker host by default'),
  state: z.enum(['active', 'inactive']).default('active').describe('active by default'),
  role: z.enum(['manager', 'worker']).optional().describe('what the host is in its swarm'),
  nodes: count.optional().describe('how many nodes of its swarm are ready'),
})
type Spec = z.output<typeof schema>

/** Whether a host is in a swarm, and as what. */
export const swarm: Family<Spec> = {
  key: 'swarm',
  schema,
  reasons: ['swarm.inactive', 'swarm.active', 'swarm.role', 'swarm.nodes'],
  nothing: ['swarm.inactive'],
  needsEngine: true,
  hosts: (spec) => (spec.host ? [spec.host] : []),
  async check(spec, { state, home }) {
    const host = hostNamed(state, spec.host ?? home)
    const { swarm: is } = engineOf(host)
    const who = code(host.name)
    const active = is.state === 'active'
    if (spec.state === 'inactive') {
      if (is.state === 'inactive') return pass(`${who} is not in a swarm`, `${who} 不在任何 swarm 集群中`)
      return fail('swarm.active', {
        expected: { en: `${who} is not in a swarm`, zh: `${who} 不在任何 swarm 集群中` },
        observed: { en: `its swarm state is ${code(is.state)}`, zh: `它的集群状态是 ${code(is.state)}` },
        why: {
          en: `${who} is still a member: a node stays in its swarm until \`docker swarm leave\``,
          zh: `${who} 仍是集群成员：节点会一直留在集群里，直到执行 \`docker swarm leave\``,
        },
      })
    }
    if (!active) {
      return fail('swarm.inactive', {
        expected: { en: `${who} is in a swarm`, zh: `${who} 在 swarm 集群中` },
        observed: { en: `its swarm state is ${code(is.state)}`, zh: `它的集群状态是 ${code(is.state)}` },
        why: {
          en: `an Engine works alone until \`docker swarm init\` makes a swarm or \`docker swarm join\` enters one, and ${who} is in none now`,
          zh: `引擎默认单独工作，要用 \`docker swarm init\` 建立集群或用 \`docker swarm join\` 加入集群，而 ${who} 还没有成功做到`,
        },
      })
    }
    const role = is.manager ? 'manager' : 'worker'
    const roleZh = { manager: '管理节点', worker: '工作节点' }
    if (spec.role !== undefined && spec.role !== role) {
      return fail('swarm.role', {
        expected: { en: `${who} is a ${spec.role}`, zh: `${who} 是${roleZh[spec.role]}` },
        observed: { en: `it is a ${role}`, zh: `是${roleZh[role]}` },
        why: {
          en: `the token used to join decides the role, and \`docker node promote\` and \`demote\` change it later; managers know nodes and services, workers run what they are told`,
          zh: `加入时用的令牌决定角色，${who} 是以${roleZh[role]}身份加入的；管理节点掌握节点和服务，工作节点只执行任务`,
        },
      })
    }
    if (spec.nodes !== undefined) {
      const knower = is.manager
        ? is
        : managers(state, home).find(({ swarm: other }) => other.nodes.some(({ id }) => id === is.nodeId))?.swarm
      const ready = knower?.nodes.filter((node) => node.state === 'ready').length ?? 0
      if (ready !== spec.nodes) {
        return fail('swarm.nodes', {
          expected: {
            en: `${spec.nodes} ${spec.nodes === 1 ? 'node is' : 'nodes are'} ready`,
            zh: `有 ${spec.nodes} 个节点就绪`,
          },
          observed: { en: `${ready} ${ready === 1 ? 'is' : 'are'} ready`, zh: `就绪的有 ${ready} 个` },
          why:
            ready < spec.nodes
              ? {
                  en: `the swarm of ${who} counts ${ready} ready nodes: each host must join it with a token, and reach a manager at port 2377`,
                  zh: `${who} 所在的集群只有 ${ready} 个就绪节点：每台主机都要凭令牌加入，并且能访问管理节点的 2377 端口`,
                }
              : {
                  en: `the swarm of ${who} counts ${ready} ready nodes, more than it should: \`docker swarm leave\` takes one out`,
                  zh: `${who} 所在的集群有 ${ready} 个就绪节点，多于要求：用 \`docker swarm leave\` 让节点离开`,
                },
        })
      }
    }
    return pass(`${who} is ${role} of an active swarm`, `${who} 是集群的${roleZh[role]}`)
  },
}
