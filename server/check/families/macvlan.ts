import { z } from 'zod'
import { hostsOf, requireWhole } from '../../place/reference.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { linkName, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const schema = z.strictObject({
  container: reference.describe('the container'),
  parent: linkName.optional().describe("the host's link that it stands on"),
  mode: z.enum(['bridge', 'private', 'vepa', 'passthru']).default('bridge').describe('bridge by default'),
})
type Spec = z.output<typeof schema>

/** A macvlan link in a container: a MAC address of its own on the host's LAN. */
export const macvlan: Family<Spec> = {
  key: 'macvlan',
  asksForm: () => true,
  schema,
  reasons: ['macvlan.no-such', 'macvlan.kind', 'macvlan.parent', 'macvlan.mode'],
  nothing: ['macvlan.no-such'],
  needsEngine: true,
  hosts: (spec) => hostsOf(spec.container),
  async check(spec, context) {
    const place = liveOr('macvlan.no-such', spec.container, context)
    if (isFinding(place)) return place
    const who = code(spec.container)
    const links = place.namespace.links.filter(({ kind }) => kind !== 'loopback')
    const all = links.filter(({ kind }) => kind === 'macvlan')
    if (all.length === 0) {
      requireWhole(place.namespace, spec.container, 'links')
      const there = codes(links.map(({ name, kind }) => `${name} (${kind})`))
      return fail('macvlan.kind', {
        expected: { en: `${who} has a macvlan link`, zh: `${who} 有 macvlan 接口` },
        observed: { en: `its links are ${there.en}`, zh: `它的接口有 ${there.zh}` },
        why: links.some(({ kind }) => kind === 'veth')
          ? {
              en: `on a bridge network a container gets one end of a veth pair; a network of driver \`macvlan\` puts it onto the LAN itself`,
              zh: `在网桥网络上容器得到的是 veth 的一端；\`macvlan\` 驱动的网络才会把它直接放到局域网上`,
            }
          : {
              en: `${who} gets such a link on a network of driver \`macvlan\`, and it is on none that gave it one`,
              zh: `接入 \`macvlan\` 驱动的网络才会有这样的接口，而 ${who} 没有从任何网络得到它`,
            },
      })
    }
    const onParent = all.filter(({ parent }) => spec.parent === undefined || parent?.name === spec.parent)
    if (onParent.length === 0) {
      const is = code(all[0]!.parent?.name ?? 'none')
      return fail('macvlan.parent', {
        expected: { en: `its parent is ${code(spec.parent!)}`, zh: `父接口是 ${code(spec.parent!)}` },
        observed: { en: `its parent is ${is}`, zh: `父接口是 ${is}` },
        why: {
          en: `a macvlan link is on the LAN of its parent, and ${is} is another cable than ${code(spec.parent!)} (\`-o parent=\` chooses it)`,
          zh: `macvlan 接口处在父接口所在的局域网，而 ${is} 和 ${code(spec.parent!)} 不是同一条线（用 \`-o parent=\` 指定）`,
        },
      })
    }
    const hit = onParent.find(({ macvlanMode }) => macvlanMode === spec.mode)
    if (!hit) {
      const is = code(onParent[0]!.macvlanMode ?? 'unknown')
      return fail('macvlan.mode', {
        expected: { en: `its mode is ${code(spec.mode)}`, zh: `模式是 ${code(spec.mode)}` },
        observed: { en: `its mode is ${is}`, zh: `模式是 ${is}` },
        why: {
          en: `the mode decides whether macvlan links on one parent hear each other: in \`bridge\` they do, and here it is ${is}`,
          zh: `模式决定同一父接口上的 macvlan 接口能否互通：\`bridge\` 模式可以，而这里是 ${is}`,
        },
      })
    }
    return pass(
      `${who} has macvlan link ${code(hit.name)} on ${code(hit.parent?.name ?? '?')}`,
      `${who} 的 macvlan 接口 ${code(hit.name)} 建在 ${code(hit.parent?.name ?? '?')} 上`,
    )
  },
}
