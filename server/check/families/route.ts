import { z } from 'zod'
import { holds, ipFamilyOf, isAddress, isCidr, sameAddress, sameNetwork } from '../../network/addresses.js'
import type { Route } from '../../network/state.js'
import { bridgeNamed, hostsOf, requireWhole } from '../../place/reference.js'
import { code, codes } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { address, expected, reference } from '../fields.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'

const schema = z
  .strictObject({
    of: reference.describe('in whose network namespace'),
    to: z
      .string()
      .refine((to) => to === 'default' || isCidr(to) || isAddress(to), 'is neither `default` nor a network')
      .describe('default, or a network'),
    via: address.optional().describe('the next hop'),
    device: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe("the link it leaves by; a Docker network's name stands for its bridge"),
    expect: expected,
  })
  .refine(({ to, via }) => to === 'default' || via === undefined || ipFamilyOf(to) === ipFamilyOf(via), {
    path: ['via'],
    message:
      'is of another family than the network: no route of IPv6 leads over an IPv4 address, nor the other way round',
  })
type Spec = z.output<typeof schema>

/** A route of the kernel, in any table but `local`. More specific routes that together do the same count as well. */
export const route: Family<Spec> = {
  key: 'route',
  schema,
  reasons: ['route.missing', 'route.via', 'route.device', 'route.present', 'route.no-such'],
  nothing: ['route.missing', 'route.no-such'],
  present: 'route.present',
  references: (spec) => [spec.of],
  hosts: (spec) => hostsOf(spec.of),
  async check(spec, context) {
    const place = liveOr('route.no-such', spec.of, context)
    if (isFinding(place)) return place
    const who = code(spec.of)
    const goal = spec.to === 'default' ? 'elsewhere' : `to ${code(spec.to)}`
    const goalZh = spec.to === 'default' ? '发往别处' : `发往 ${code(spec.to)} `
    const device = spec.device === undefined ? undefined : bridgeNamed(place.host, spec.device)
    const routes = place.namespace.routes.filter(({ table, type }) => table !== 'local' && type === 'unicast')
    const there = routes.filter((candidate) => leadsTo(candidate, spec))
    const byVia = there.filter(({ gateway }) => spec.via === undefined || sameAddress(gateway, spec.via))
    const hit = byVia.find((candidate) => device === undefined || candidate.device === device)
    if (spec.expect && !hit && isCidr(spec.to) && (spec.via !== undefined || device !== undefined)) {
      const parts = partsOf(spec.to, routes)
      const right = (one: Route) =>
        (device === undefined || one.device === device) &&
        (spec.via === undefined || sameAddress(one.gateway, spec.via))
      if (parts?.every(right)) {
        const used = codes([...new Set(parts.map(written))])
        return pass(`${who} has routes ${used.en}`, `${who} 的路由：${used.zh}`)
      }
    }
    const wanted = written({ destination: spec.to, gateway: spec.via, device })
    const list = codes((there.length > 0 ? there : routes).map(written))
    const observed = { en: `${who} has routes ${list.en}`, zh: `${who} 的路由：${list.zh}` }
    if (!spec.expect) {
      if (!hit) {
        requireWhole(place.namespace, spec.of, 'routes', 'routes6')
        return pass(`${who} has no route ${code(wanted)}`, `${who} 没有路由 ${code(wanted)}`)
      }
      return fail('route.present', {
        expected: { en: `${who} has no route ${code(wanted)}`, zh: `${who} 没有路由 ${code(wanted)}` },
        observed,
        why: {
          en: `${code(written(hit))} is still in the routing table, so packets ${goal} still leave that way`,
          zh: `路由表里仍有 ${code(written(hit))}，${goalZh}的数据包还会走这条路`,
        },
      })
    }
    if (hit) return pass(`${who} has route ${code(written(hit))}`, `${who} 有路由 ${code(written(hit))}`)
    requireWhole(place.namespace, spec.of, 'routes', 'routes6')
    const expectedText = { en: `${who} has route ${code(wanted)}`, zh: `${who} 有路由 ${code(wanted)}` }
    if (there.length === 0) {
      return fail('route.missing', {
        expected: expectedText,
        observed,
        why:
          spec.to === 'default'
            ? {
                en: `${who} has no default route, so it reaches only what another of its routes leads to`,
                zh: `${who} 没有默认路由，只能到达其他路由通往的地方`,
              }
            : {
                en: `no route of ${who} names ${code(spec.to)}, so packets to it follow the default route, or go nowhere`,
                zh: `${who} 没有到 ${code(spec.to)} 的路由，发往那里的数据包只能走默认路由，或者无路可走`,
              },
      })
    }
    if (byVia.length === 0) {
      const is = there[0]!.gateway
      return fail('route.via', {
        expected: expectedText,
        observed,
        why: {
          en: `packets ${goal} go ${is ? `to the next hop ${code(is)}` : 'straight onto the link'} instead of ${code(spec.via!)}`,
          zh: `${goalZh}的数据包${is ? `交给了下一跳 ${code(is)}` : '直接发到了链路上'}，而不是交给 ${code(spec.via!)}`,
        },
      })
    }
    return fail('route.device', {
      expected: expectedText,
      observed,
      why: {
        en: `packets ${goal} leave by ${code(byVia[0]!.device ?? 'none')}, not by ${code(spec.device!)}`,
        zh: `${goalZh}的数据包从 ${code(byVia[0]!.device ?? 'none')} 出去，而不是从 ${code(spec.device!)} 出去`,
      },
    })
  },
}

/**
 * The routes that the addresses of a network take, where each of them is in a more specific one: two of /28 are as good as one
 * of /27. Undefined where some address is in none of those, or for IPv6.
 */
function partsOf(cidr: string, routes: readonly Route[]): Route[] | undefined {
  const [network = '', length = ''] = cidr.split('/')
  const bits = Number(length)
  if (network.includes(':')) return undefined
  const same = routes.filter(({ destination }) => sameNetwork(destination, cidr))
  const best = same.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0]
  const within = routes.some(
    ({ family, destination }) =>
      family === 4 && Number(destination.split('/')[1] ?? 32) > bits && holds(cidr, destination.split('/')[0]!),
  )
  if (!within || bits >= 32) return best && [best]
  const start = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const halves = [start, start + 2 ** (31 - bits)].map((at) => {
    const address = [24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join('.')
    return partsOf(`${address}/${bits + 1}`, routes) ?? (best && [best])
  })
  return halves.every((half) => half !== undefined) ? halves.flat() : undefined
}

function leadsTo({ destination, family }: Route, spec: Spec): boolean {
  if (spec.to !== 'default') return sameNetwork(destination, spec.to)
  if (!['default', '0.0.0.0/0', '::/0'].includes(destination)) return false
  // Unless its next hop says otherwise, the default route is the one of IPv4.
  return family === (spec.via?.includes(':') ? 6 : 4)
}

function written({ destination, gateway, device }: Pick<Route, 'destination' | 'gateway' | 'device'>): string {
  return [destination, ...(gateway ? ['via', gateway] : []), ...(device ? ['dev', device] : [])].join(' ')
}
