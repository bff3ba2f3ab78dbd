import { z } from 'zod'
import type { Link } from '../../network/state.js'
import { bridgeNamed, hostsOf, requireWhole } from '../../place/reference.js'
import type { Text } from '../../wording/text.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { expected, flag, linkName, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const schema = z.strictObject({
  of: reference.describe('in whose network namespace'),
  name: linkName.optional().describe('its name; without one, some link must have all that follows'),
  kind: z
    .string()
    .optional()
    .describe('bridge, veth, macvlan, ipvlan, vxlan, vlan, dummy, loopback, ... as ip-link(8) says'),
  master: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("the bridge it is a port of; a Docker network's name stands for its bridge"),
  up: flag.optional().describe('whether it is up'),
  mtu: z.int().min(68).max(65_536).optional().describe('bytes'),
  peer: reference.optional().describe('the other end of this veth pair is in that container or host'),
  parent: linkName.optional().describe('the link that a macvlan, ipvlan or vlan stands on'),
  vlan: z.int().min(0).max(4094).optional().describe('802.1q number'),
  expect: expected,
})
type Spec = z.output<typeof schema>

type Field = 'kind' | 'master' | 'peer' | 'parent' | 'vlan' | 'mtu' | 'up'

/** A link in a network namespace, with what it is and what it hangs on. */
export const link: Family<Spec> = {
  key: 'link',
  asksForm: ({ kind }) => kind !== undefined,
  schema,
  reasons: [
    'link.missing',
    'link.present',
    'link.kind',
    'link.master',
    'link.down',
    'link.up',
    'link.mtu',
    'link.peer',
    'link.parent',
    'link.vlan',
    'link.no-such',
  ],
  nothing: ['link.missing', 'link.no-such'],
  present: 'link.present',
  references: (spec) => [spec.of],
  hosts: (spec) => hostsOf(spec.of, spec.peer),
  async check(spec, context) {
    const place = liveOr('link.no-such', spec.of, context)
    if (isFinding(place)) return place
    const peer = spec.peer === undefined ? undefined : liveOr('link.no-such', spec.peer, context)
    if (peer && isFinding(peer)) return peer
    const master = spec.master === undefined ? undefined : bridgeNamed(place.host, spec.master)
    const { links } = place.namespace
    const named = links.filter(({ name }) => spec.name === undefined || name === spec.name)
    // Without a name the kind says which are meant at all.
    const among = spec.name === undefined && spec.kind ? named.filter(({ kind }) => kind === spec.kind) : named
    const ranked = among
      .map((candidate) => ({ candidate, wrong: differences(candidate, spec, master, peer?.namespace.id) }))
      .toSorted((a, b) => a.wrong.length - b.wrong.length)
    const best = ranked[0]
    const who = code(spec.of)
    const what = spec.name ? code(spec.name) : spec.kind ? `of kind ${code(spec.kind)}` : 'such as this'
    const whatZh = spec.name ? `接口 ${code(spec.name)}` : spec.kind ? `类型为 ${code(spec.kind)} 的接口` : '这样的接口'
    const names = codes(links.map(({ name }) => name))
    const observed = { en: `${who} has links ${names.en}`, zh: `${who} 的接口有 ${names.zh}` }
    if (!spec.expect) {
      if (!best || best.wrong.length > 0) {
        requireWhole(place.namespace, spec.of, 'links')
        return pass(`${who} has no link ${what}`, `${who} 没有${whatZh}`)
      }
      return fail('link.present', {
        expected: { en: `${who} has no link ${what}`, zh: `${who} 没有${whatZh}` },
        observed,
        why: {
          en: `${code(best.candidate.name)} is still there: links stay until they or their namespace are deleted`,
          zh: `${code(best.candidate.name)} 仍然存在：接口会一直保留，直到它自己或所在的网络命名空间被删除`,
        },
      })
    }
    if (!best) {
      requireWhole(place.namespace, spec.of, 'links')
      return fail('link.missing', {
        expected: { en: `${who} has a link ${what}`, zh: `${who} 有${whatZh}` },
        observed,
        why: {
          en: `no link ${what} is in the network namespace of ${who}; what was made in another namespace can't be seen here`,
          zh: `${who} 的网络命名空间里没有${whatZh}；在别的网络命名空间里创建的接口，这里看不到`,
        },
      })
    }
    const { candidate, wrong } = best
    const name = code(candidate.name)
    if (wrong.length === 0) return pass(`${who} has link ${name}`, `${who} 有接口 ${name}`)
    const [field] = wrong
    const words = wording(field!, candidate, spec)
    return fail(field === 'up' ? (spec.up ? 'link.down' : 'link.up') : `link.${field}`, {
      expected: { en: `${name} ${words.expected.en}`, zh: `${name} ${words.expected.zh}` },
      observed: { en: `${name} ${words.observed.en}`, zh: `${name} ${words.observed.zh}` },
      why: words.why,
    })
  },
}

function differences(is: Link, spec: Spec, master: string | undefined, peer: string | undefined): Field[] {
  const wrong: Field[] = []
  if (spec.kind !== undefined && is.kind !== spec.kind) wrong.push('kind')
  if (master !== undefined && is.master !== master) wrong.push('master')
  if (peer !== undefined && is.peer?.namespace !== peer) wrong.push('peer')
  if (spec.parent !== undefined && is.parent?.name !== spec.parent) wrong.push('parent')
  if (spec.vlan !== undefined && is.vlan !== spec.vlan) wrong.push('vlan')
  if (spec.mtu !== undefined && is.mtu !== spec.mtu) wrong.push('mtu')
  if (spec.up !== undefined && is.up !== spec.up) wrong.push('up')
  return wrong
}

function wording(field: Field, is: Link, spec: Spec): Record<'expected' | 'observed' | 'why', Text> {
  const name = code(is.name)
  const value = (data: string | number | undefined) => code(data ?? 'none')
  const pair = (
    en: string,
    zh: string,
    wanted: string | number | undefined,
    got: string | number | undefined,
    why: Text,
  ) => ({
    expected: { en: `has ${en} ${value(wanted)}`, zh: `的${zh}是 ${value(wanted)}` },
    observed: { en: `has ${en} ${value(got)}`, zh: `的${zh}是 ${value(got)}` },
    why,
  })
  switch (field) {
    case 'kind':
      return pair('kind', '类型', spec.kind, is.kind, {
        en: `a link's kind is fixed when it is made, and ${name} was made as ${code(is.kind)}`,
        zh: `接口的类型在创建时就定了，${name} 创建时的类型是 ${code(is.kind)}`,
      })
    case 'master':
      return pair('master', '所属网桥', spec.master, is.master, {
        en: `a bridge forwards frames only between its ports, and ${name} is ${is.master ? `a port of ${code(is.master)}` : 'no port of any'}`,
        zh: `网桥只在自己的端口之间转发帧，而 ${name} ${is.master ? `是 ${code(is.master)} 的端口` : '不是任何网桥的端口'}`,
      })
    case 'peer':
      return {
        expected: { en: `has its other end in ${code(spec.peer!)}`, zh: `的另一端在 ${code(spec.peer!)} 里` },
        observed: is.peer
          ? { en: `has its other end elsewhere (${code(is.peer.name)})`, zh: `的另一端在别处（${code(is.peer.name)}）` }
          : { en: 'has no other end', zh: '没有另一端' },
        why: {
          en: `what goes into one end of a veth pair comes out of the other, and the other end of ${name} is not in ${code(spec.peer!)}`,
          zh: `veth 从一端进去的会从另一端出来，而 ${name} 的另一端不在 ${code(spec.peer!)} 里`,
        },
      }
    case 'parent':
      return pair('parent', '父接口', spec.parent, is.parent?.name, {
        en: `${name} sends and receives through its parent ${value(is.parent?.name)}, so it stands on the segment of that link`,
        zh: `${name} 通过父接口 ${value(is.parent?.name)} 收发，因此它处在那个接口所在的子网`,
      })
    case 'vlan':
      return pair('VLAN', ' VLAN 编号', spec.vlan, is.vlan, {
        en: `links with different VLAN numbers do not hear each other on one cable; ${name} has ${value(is.vlan)}`,
        zh: `同一条线上 VLAN 编号不同就互相听不到；${name} 的编号是 ${value(is.vlan)}`,
      })
    case 'mtu':
      return pair('MTU', ' MTU ', spec.mtu, is.mtu, {
        en: `${name} carries packets of at most ${is.mtu} bytes in one piece; an MTU that does not fit the path loses large packets`,
        zh: `${name} 一次最多承载 ${is.mtu} 字节的数据包；MTU 与路径不符时，大的数据包会丢失`,
      })
    case 'up':
      return {
        expected: { en: spec.up ? 'is up' : 'is down', zh: spec.up ? '处于启用状态' : '处于停用状态' },
        observed: { en: is.up ? 'is up' : 'is down', zh: is.up ? '处于启用状态' : '处于停用状态' },
        why: is.up
          ? {
              en: `${name} is up, so it still sends and receives; \`ip link set\` takes it down`,
              zh: `${name} 已启用，仍会收发；可以用 \`ip link set\` 停用`,
            }
          : {
              en: `${name} is down: new links begin so, and carry nothing until \`ip link set ${is.name.replaceAll('`', "'")} up\``,
              zh: `${name} 处于停用状态：新建的接口默认如此，执行 \`ip link set ${is.name.replaceAll('`', "'")} up\` 之前什么也传不了`,
            },
      }
  }
}
