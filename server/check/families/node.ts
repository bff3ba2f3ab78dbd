import { z } from 'zod'
import type { SwarmNode } from '../../network/state.js'
import { managers } from '../../place/swarm-manager.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { expected, name } from '../fields.js'
import { fail, pass } from '../finding.js'

const schema = z.strictObject({
  name: name.describe("the node's hostname"),
  role: z.enum(['manager', 'worker']).optional().describe('its role'),
  state: z.enum(['ready', 'down', 'disconnected', 'unknown']).default('ready').describe('ready by default'),
  availability: z.enum(['active', 'pause', 'drain']).optional().describe('whether tasks are given to it'),
  expect: expected,
})
type Spec = z.output<typeof schema>

/** A node of a swarm, as the swarm's managers see it. */
export const node: Family<Spec> = {
  key: 'node',
  schema,
  reasons: ['node.missing', 'node.present', 'node.role', 'node.state', 'node.availability'],
  nothing: ['node.missing'],
  present: 'node.present',
  needsEngine: true,
  hosts: () => [],
  async check(spec, { state, home }) {
    const all = managers(state, home)
    const who = code(spec.name)
    // A host that left and joined again is listed twice; the one that is ready counts.
    const found = all
      .flatMap(({ swarm }) => swarm.nodes.filter(({ hostname }) => hostname === spec.name))
      .toSorted((a, b) => Number(b.state === 'ready') - Number(a.state === 'ready'))[0]
    const names = codes([...new Set(all.flatMap(({ swarm }) => swarm.nodes.map(({ hostname }) => hostname)))])
    const observed =
      all.length === 0
        ? { en: 'there is no swarm yet', zh: '还没有 swarm 集群' }
        : { en: `the nodes are ${names.en}`, zh: `集群的节点有 ${names.zh}` }
    if (!spec.expect) {
      if (!found) return pass(`${who} is not a node of a swarm`, `${who} 不是集群节点`)
      return fail('node.present', {
        expected: { en: `${who} is not a node of the swarm`, zh: `${who} 不是集群节点` },
        observed,
        why: {
          en: `the managers still list ${who} as ${code(found.state)}: after it has left, \`docker node rm\` removes it from the list`,
          zh: `管理节点仍把 ${who} 列为 ${code(found.state)}：它离开后还要用 \`docker node rm\` 移除`,
        },
      })
    }
    if (!found) {
      return fail('node.missing', {
        expected: { en: `${who} is a node of the swarm`, zh: `${who} 是集群节点` },
        observed,
        why:
          all.length === 0
            ? {
                en: `no host of this lab is a manager: \`docker swarm init\` on one of them makes the swarm that ${who} can join`,
                zh: `这个实验里没有管理节点：先在一台主机上执行 \`docker swarm init\`，${who} 才有集群可加入`,
              }
            : {
                en: `the managers know no node ${who}: it joins with \`docker swarm join\` and a token`,
                zh: `管理节点不认识 ${who}：它要用令牌执行 \`docker swarm join\` 加入`,
              },
      })
    }
    return (
      mismatch(spec, found) ??
      pass(
        `${who} is ${code(found.role)} and ${code(found.state)}`,
        `${who} 的角色是 ${code(found.role)}，状态是 ${code(found.state)}`,
      )
    )
  },
}

function mismatch(spec: Spec, is: SwarmNode) {
  const who = code(spec.name)
  const fields = [
    [
      'role',
      ['role', '角色'],
      {
        en: `the token decides the role at joining; \`docker node promote\` and \`demote\` change it later`,
        zh: `加入时的令牌决定角色；之后可以用 \`docker node promote\` 和 \`demote\` 修改`,
      },
    ],
    [
      'state',
      ['state', '状态'],
      {
        en: `the managers count a node as ready while they hear its heartbeat, and ${who} is ${code(is.state)}`,
        zh: `管理节点能收到心跳时才认为节点就绪，而 ${who} 的状态是 ${code(is.state)}`,
      },
    ],
    [
      'availability',
      ['availability', '可用性'],
      {
        en: `availability says whether tasks may be placed on a node: ${who} is ${code(is.availability)}, and \`docker node update --availability\` sets it`,
        zh: `可用性决定能否向节点分配任务：${who} 是 ${code(is.availability)}，用 \`docker node update --availability\` 设置`,
      },
    ],
  ] as const
  for (const [key, [en, zh], why] of fields) {
    const wanted = spec[key]
    if (wanted === undefined || wanted === is[key]) continue
    return fail(`node.${key}`, {
      expected: { en: `the ${en} of ${who} is ${code(wanted)}`, zh: `${who} 的${zh}是 ${code(wanted)}` },
      observed: { en: `it is ${code(is[key])}`, zh: `是 ${code(is[key])}` },
      why,
    })
  }
  return undefined
}
