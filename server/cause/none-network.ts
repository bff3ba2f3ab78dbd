import { endpointsOf, isInHostNamespace, type Place } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import { called, networksOf } from './words.js'

interface Found {
  who: string
  name: string
  shown: string[]
}

/** In a namespace that has nothing but a loopback. One that was taken off its last network is on none either, but not on `none`. */
export function isOnNone(place: Place): boolean {
  if (!place.container || !place.namespace || isInHostNamespace(place)) return false
  const endpoints = endpointsOf(place)
  return (
    place.namespace.links.every(({ kind }) => kind === 'loopback') &&
    endpoints.every(({ network }) => network === 'none') &&
    (endpoints.length > 0 || place.container.networkMode === 'none')
  )
}

function lonely(...places: (Place | undefined)[]): Found | undefined {
  const place = places.find((one) => one !== undefined && isOnNone(one))
  if (!place) return undefined
  const links = (place.namespace?.links ?? []).map(({ name }) => name)
  return {
    who: place.label,
    name: called(place),
    shown: [...networksOf(place), `${place.label}: links ${links.join(', ')}`],
  }
}

const find = ({ from, meant }: Trail) => lonely(from, meant)

export const noneNetwork = define<Found>({
  code: 'none-network',
  byState: find,
  bySight: find,
  byName: ({ from, meant }) => lonely(from, meant),
  say: ({ who: label, name, shown }) => {
    const who = code(label)
    const [off, on] = [code(`docker network disconnect none ${name}`), code(`docker network connect my_net ${name}`)]
    return {
      what: {
        en: `${who} is on the network ${code('none')}: it has a namespace of its own with a loopback in it and nothing else, so it reaches nobody and nobody reaches it`,
        zh: `${who} 使用的是 ${code('none')} 网络：它的网络命名空间里只有回环接口，因此它访问不到别人，别人也访问不到它`,
      },
      evidence: shown,
      tries: [
        {
          en: `take it off, and put it on a network: ${off}, then ${on}`,
          zh: `先断开再接入一个网络：${off}，然后 ${on}`,
        },
      ],
    }
  },
  broken: 'a container on the network `none`',
  asked: '`api` to `lone`, ping',
  example: { who: 'lone', name: 'lone', shown: ['lone: networks none', 'lone: links lo'] },
})
