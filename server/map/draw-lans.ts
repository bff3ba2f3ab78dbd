import type { LanState } from '../network/state.js'
import { bracketed, listed, sentence, text } from '../wording/phrase.js'
import { bare, code } from '../wording/wording.js'
import { command } from './commands.js'
import { fact, writeAddress } from './facts.js'
import { lanId } from './ids.js'
import type { MapElement } from './map.js'
import type { End } from './places.js'
import { addressesOf, labelOf, linksOf, type Rack } from './rack.js'

export function drawLans(rack: Rack): MapElement[] {
  return rack.state.lans.map((lan) => drawLan(rack, lan))
}

function drawLan(rack: Rack, lan: LanState): MapElement {
  const legs = rack.places.all.flatMap((place) =>
    linksOf(place)
      .filter((link) => link.lan === lan.name)
      .map((link): End => ({ place, link })),
  )
  const isCable = ({ link }: End) => link.parent === undefined
  const onIt = legs.filter(({ link, place }) => place.kind === 'container' || isCable({ link, place }))
  const first = legs.find(isCable)
  const who = onIt.map((end) => {
    const [address] = addressesOf(end.link)
    const name = end.place.kind === 'host' ? end.place.host.name : `${end.place.host.name}/${end.place.label}`
    const has = bracketed(address && code(address.address))
    const cut = isCable(end) && !end.link.carrier
    return text(`${code(name)}${has.en}${cut ? ', cut off' : ''}`, `${code(name)}${has.zh}${cut ? '（已断开）' : ''}`)
  })
  return {
    id: lanId(lan.name),
    kind: 'lan',
    label: labelOf(lan.name),
    notes: [lan.subnet, ...(lan.subnet6 ? [lan.subnet6] : [])],
    state: 'up',
    sentence: sentence([
      text(
        `LAN ${code(lan.name)} is ${code(lan.subnet)} with gateway ${code(lan.gateway)} and MTU ${lan.mtu}`,
        `局域网 ${code(lan.name)}：子网 ${code(lan.subnet)}，网关 ${code(lan.gateway)}，MTU ${lan.mtu}`,
      ),
      who.length > 0
        ? text(`on it are ${listed(who, 8).en}`, `接在上面的有 ${listed(who, 8).zh}`)
        : text('nothing is on it', '上面没有接任何设备'),
    ]),
    facts: [
      ...fact(text('Subnet', '子网'), [lan.subnet, ...(lan.subnet6 ? [lan.subnet6] : [])]),
      ...fact(text('Gateway', '网关'), [lan.gateway, ...(lan.gateway6 ? [lan.gateway6] : [])]),
      ...fact(text('MTU', 'MTU'), [`${lan.mtu}`]),
      ...fact(
        text('On it', '接在上面的'),
        onIt.map(({ place, link }) => {
          const where = place.kind === 'host' ? place.host.name : `${place.host.name}/${bare(place.label)}`
          return `${where} ${link.name} ${link.mac} ${addressesOf(link).map(writeAddress).join(' ')}`
        }),
      ),
    ],
    commands: first ? command(first.place.host.name, ['ip', 'neigh', 'show', 'dev', first.link.name]) : [],
  }
}
