import { code } from '../../wording/wording.js'
import { type Case, lastSpot, type Stage, stageOf } from '../case.js'
import { writeStep } from '../packet-text.js'
import type { Cause } from '../story.js'
import type { CauseFinder } from './cause-finder.js'
import {
  iccOff,
  internalNetwork,
  isolatedBridges,
  macvlanHostToChild,
  noCommonNetwork,
  noneNetwork,
} from './docker-networks.js'
import { forwardingOff, noMasquerade, noRoute, noRouteBack, wrongGateway } from './routes.js'
import { dockerUserDrop, inputPolicy, ruleDrop } from './rules.js'
import { listeningOnLoopback, portNotListening, publishedElsewhere } from './sockets.js'
import { nodeGone, vxlanBlocked } from './swarm.js'
import { duplicateAddress, linkCut, noSuchAddress } from './wire.js'

/** Which causes can be, by where the packet was last seen; the more particular ones come first. */
function finders(stage: Stage, home: string): CauseFinder[] {
  const gone = nodeGone(home)
  switch (stage) {
    case 'unsent':
      return [
        noneNetwork,
        linkCut,
        dockerUserDrop,
        inputPolicy,
        ruleDrop,
        internalNetwork,
        macvlanHostToChild,
        gone,
        noCommonNetwork,
        wrongGateway,
        duplicateAddress,
        noRoute,
        noSuchAddress,
      ]
    case 'dropped':
      return [vxlanBlocked, dockerUserDrop, iccOff, internalNetwork, isolatedBridges, inputPolicy, ruleDrop]
    case 'lost':
      return [
        linkCut,
        macvlanHostToChild,
        gone,
        vxlanBlocked,
        forwardingOff,
        duplicateAddress,
        noMasquerade,
        iccOff,
        internalNetwork,
        wrongGateway,
        noCommonNetwork,
        noRoute,
        noSuchAddress,
      ]
    case 'refused':
      return [duplicateAddress, publishedElsewhere, listeningOnLoopback, portNotListening, ruleDrop]
    case 'silent':
      return [duplicateAddress, noMasquerade, wrongGateway, linkCut, noRouteBack, publishedElsewhere]
    case 'no-return':
      return [
        dockerUserDrop,
        inputPolicy,
        ruleDrop,
        duplicateAddress,
        noMasquerade,
        wrongGateway,
        forwardingOff,
        linkCut,
        noRouteBack,
      ]
    case 'returned':
      return []
  }
}

/** Why a packet got no answer. What is not known is called unknown, with the last place that it was seen at. */
export function causeOf(one: Case, home: string): Cause {
  for (const finder of finders(stageOf(one), home)) {
    const cause = finder(one)
    if (cause) return cause
  }
  return unknownCause(one)
}

export function unknownCause(one: Case): Cause {
  const { seen } = one
  const last = (stageOf(one) === 'no-return' ? seen.back : seen.out).at(-1)
  const where = last ? placeOf(one, last) : { en: code(lastSpot(one).label), zh: code(lastSpot(one).label) }
  const blind = seen.whole
    ? { en: '', zh: '' }
    : {
        en: '; not everything could be watched, so it may have gone further',
        zh: '；有些地方没能观察到，它也可能走得更远',
      }
  const said = seen.observation.detail
  return {
    code: 'unknown',
    what: {
      en: `why is not known: the ${stageOf(one) === 'no-return' ? 'answer' : 'packet'} was last seen at ${where.en}${blind.en}`,
      zh: `原因不明：${stageOf(one) === 'no-return' ? '应答' : '数据包'}最后出现在 ${where.zh}${blind.zh}`,
    },
    evidence: [...(last ? [writeStep(last)] : []), ...seen.observation.faults.slice(0, 3), ...(said ? [said] : [])],
    tries: [
      {
        en: `look yourself from there on: ${code('tcpdump -ni any')} shows packets as they pass`,
        zh: `从那里继续查：${code('tcpdump -ni any')} 可以看到经过的数据包`,
      },
    ],
  }
}

function placeOf(one: Case, { sighting, spot }: Case['seen']['out'][number]): { en: string; zh: string } {
  if (sighting.lan !== undefined) return { en: `LAN ${code(sighting.lan)}`, zh: `局域网 ${code(sighting.lan)}` }
  const label = code(spot?.label ?? sighting.host ?? one.from.label)
  return { en: `${code(sighting.link)} of ${label}`, zh: `${label} 的 ${code(sighting.link)}` }
}
