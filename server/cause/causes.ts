import { astray } from './astray.js'
import type { Attempt } from './attempt.js'
import { bridgePort } from './bridge-port.js'
import type { Case } from './case.js'
import { type Cause, type CauseKind, causeCodes } from './cause.js'
import { connectionLimit } from './connection-limit.js'
import { defaultNameservers } from './default-nameservers.js'
import { discipline } from './discipline.js'
import { dockerUserDrop } from './docker-user-drop.js'
import { duplicateAddress } from './duplicate-address.js'
import { forwardingOff } from './forwarding-off.js'
import { fullQueue } from './full-queue.js'
import { gossipBlocked } from './gossip-blocked.js'
import { hiddenBySubnet } from './hidden-by-subnet.js'
import { hostsEntry } from './hosts-entry.js'
import { iccOff } from './icc-off.js'
import { inputPolicy } from './input-policy.js'
import { internalNetwork } from './internal-network.js'
import { ipv6Off } from './ipv6-off.js'
import { isolatedBridges } from './isolated-bridges.js'
import { keptAddress } from './kept-address.js'
import { leftBehindCause } from './left-behind.js'
import { linkCut } from './link-cut.js'
import { listeningOnLoopback } from './listening-on-loopback.js'
import { loopbackKeptIn } from './loopback-kept-in.js'
import { macvlanHostToChild } from './macvlan-host-to-child.js'
import { mtuTooLarge } from './mtu-too-large.js'
import { nameOnDefaultBridge } from './name-on-default-bridge.js'
import { neighbourBlocked } from './neighbour-blocked.js'
import { noCommonNetwork } from './no-common-network.js'
import { noEsp } from './no-esp.js'
import { noIpvs } from './no-ipvs.js'
import { noMasquerade } from './no-masquerade.js'
import { noReply } from './no-reply.js'
import { noRoute } from './no-route.js'
import { noRouteBack } from './no-route-back.js'
import { noSuchAddress } from './no-such-address.js'
import { noTask } from './no-task.js'
import { nodeGone } from './node-gone.js'
import { noneNetwork } from './none-network.js'
import { notOnLink } from './not-on-link.js'
import { notRunning } from './not-running.js'
import { offline } from './offline.js'
import { oneWayTracking } from './one-way-tracking.js'
import { paused } from './paused.js'
import { pingIgnored } from './ping-ignored.js'
import { portNotListening } from './port-not-listening.js'
import { proxyArp } from './proxy-arp.js'
import { publishedElsewhere } from './published-elsewhere.js'
import { reversePath } from './reverse-path.js'
import { ruleDrop } from './rule-drop.js'
import { sameMac } from './same-mac.js'
import { sharedName } from './shared-name.js'
import type { Stage, Trail } from './trail.js'
import { trailForeseen } from './trail-foreseen.js'
import { trailSeen } from './trail-seen.js'
import { ttlExceeded } from './ttl-exceeded.js'
import { tunnelSource } from './tunnel-source.js'
import { type Failure, unknown, unknownForeseen, unknownSeen } from './unknown.js'
import { unknownName } from './unknown-name.js'
import { unmadePort } from './unmade-port.js'
import type { Unresolved } from './unresolved.js'
import { untranslatedAnswer } from './untranslated-answer.js'
import { vxlanBlocked } from './vxlan-blocked.js'
import { wrongGateway } from './wrong-gateway.js'
import { wrongNeighbour } from './wrong-neighbour.js'
import { wrongProtocol } from './wrong-protocol.js'

/** Why somebody is not reached: one answer for checks, traces and diagnoses. */

const all: CauseKind[] = [
  nameOnDefaultBridge,
  noCommonNetwork,
  internalNetwork,
  isolatedBridges,
  dockerUserDrop,
  inputPolicy,
  portNotListening,
  listeningOnLoopback,
  publishedElsewhere,
  wrongGateway,
  forwardingOff,
  noMasquerade,
  duplicateAddress,
  mtuTooLarge,
  vxlanBlocked,
  nodeGone,
  linkCut,
  macvlanHostToChild,
  noneNetwork,
  iccOff,
  ruleDrop,
  noRoute,
  unknownName,
  notRunning,
  noSuchAddress,
  noRouteBack,
  leftBehindCause,
  hiddenBySubnet,
  sameMac,
  wrongNeighbour,
  tunnelSource,
  untranslatedAnswer,
  unmadePort,
  defaultNameservers,
  sharedName,
  reversePath,
  fullQueue,
  bridgePort,
  discipline,
  noTask,
  gossipBlocked,
  ttlExceeded,
  proxyArp,
  neighbourBlocked,
  paused,
  hostsEntry,
  astray,
  offline,
  keptAddress,
  noReply,
  wrongProtocol,
  noIpvs,
  noEsp,
  oneWayTracking,
  ipv6Off,
  connectionLimit,
  loopbackKeptIn,
  pingIgnored,
  notOnLink,
  unknown,
]

/** All causes, in the order of their codes. */
export const causeKinds: readonly CauseKind[] = causeCodes.map((code) => all.find((kind) => kind.code === code)!)

/** Which causes can be, by how far a packet comes; the more particular ones come first. */
const byStage: Record<Stage, CauseKind[]> = {
  unsent: [
    astray,
    loopbackKeptIn,
    noTask,
    noIpvs,
    leftBehindCause,
    noneNetwork,
    linkCut,
    connectionLimit,
    dockerUserDrop,
    inputPolicy,
    ruleDrop,
    internalNetwork,
    macvlanHostToChild,
    nodeGone,
    noCommonNetwork,
    wrongGateway,
    wrongNeighbour,
    hiddenBySubnet,
    duplicateAddress,
    offline,
    ipv6Off,
    noRoute,
    bridgePort,
    notRunning,
    noSuchAddress,
    notOnLink,
    discipline,
    neighbourBlocked,
    reversePath,
  ],
  dropped: [
    astray,
    bridgePort,
    proxyArp,
    ttlExceeded,
    noEsp,
    vxlanBlocked,
    duplicateAddress,
    hiddenBySubnet,
    connectionLimit,
    dockerUserDrop,
    iccOff,
    internalNetwork,
    isolatedBridges,
    inputPolicy,
    ruleDrop,
  ],
  lost: [
    astray,
    ttlExceeded,
    noTask,
    noIpvs,
    proxyArp,
    notRunning,
    linkCut,
    sameMac,
    wrongNeighbour,
    macvlanHostToChild,
    nodeGone,
    noEsp,
    vxlanBlocked,
    tunnelSource,
    forwardingOff,
    hiddenBySubnet,
    duplicateAddress,
    noMasquerade,
    iccOff,
    internalNetwork,
    wrongGateway,
    noCommonNetwork,
    offline,
    ipv6Off,
    noRoute,
    bridgePort,
    noSuchAddress,
    notOnLink,
    ruleDrop,
    discipline,
    neighbourBlocked,
    reversePath,
  ],
  refused: [
    astray,
    noTask,
    noIpvs,
    duplicateAddress,
    publishedElsewhere,
    unmadePort,
    listeningOnLoopback,
    portNotListening,
    connectionLimit,
    dockerUserDrop,
    inputPolicy,
    ruleDrop,
    offline,
  ],
  silent: [
    paused,
    pingIgnored,
    astray,
    ttlExceeded,
    noTask,
    noIpvs,
    fullQueue,
    duplicateAddress,
    sameMac,
    wrongNeighbour,
    hiddenBySubnet,
    noMasquerade,
    wrongGateway,
    linkCut,
    noRouteBack,
    notOnLink,
    publishedElsewhere,
    bridgePort,
    discipline,
    neighbourBlocked,
    reversePath,
    ruleDrop,
  ],
  'no-return': [
    astray,
    hiddenBySubnet,
    connectionLimit,
    dockerUserDrop,
    inputPolicy,
    ruleDrop,
    sameMac,
    wrongNeighbour,
    duplicateAddress,
    untranslatedAnswer,
    tunnelSource,
    noMasquerade,
    wrongGateway,
    forwardingOff,
    linkCut,
    noRouteBack,
    notOnLink,
    proxyArp,
    bridgePort,
    discipline,
    neighbourBlocked,
    reversePath,
  ],
  returned: [],
  open: [
    astray,
    paused,
    pingIgnored,
    noTask,
    noIpvs,
    proxyArp,
    notRunning,
    leftBehindCause,
    noneNetwork,
    linkCut,
    internalNetwork,
    macvlanHostToChild,
    nodeGone,
    noEsp,
    vxlanBlocked,
    tunnelSource,
    sameMac,
    wrongNeighbour,
    hiddenBySubnet,
    noCommonNetwork,
    wrongGateway,
    duplicateAddress,
    noMasquerade,
    iccOff,
    noRouteBack,
    offline,
    fullQueue,
    bridgePort,
    discipline,
    neighbourBlocked,
    reversePath,
  ],
}

/** Why a packet that was watched got no answer. What is not known is called unknown, with the last place that it was seen at. */
export function causeSeen(one: Case): Cause {
  const trail = trailSeen(one)
  for (const { bySight } of byStage[trail.stage]) {
    const cause = bySight?.(trail)
    if (cause) return cause
  }
  return unknownSeen(trail)
}

/** Why an attempt fails by the state alone, as a trace would find it; undefined where nothing stops it. */
export function causeForeseen(attempt: Attempt, failure: Failure = 'silent'): Cause | undefined {
  return foreseen(trailOf(attempt, failure), failure)
}

/** The same, or what is known all the same of an attempt that failed. */
export function causeOf(attempt: Attempt, failure: Failure): Cause {
  const trail = trailOf(attempt, failure)
  return foreseen(trail, failure) ?? unknownForeseen(trail, failure)
}

function foreseen(trail: Trail, failure: Failure): Cause | undefined {
  const kinds = failure === 'refused' ? byStage[trail.stage] : [...byStage[trail.stage], ...byStage.open]
  for (const { byState } of kinds) {
    const cause = byState?.(trail)
    if (cause) return cause
  }
  return undefined
}

/** Somebody said no: a rule that rejects, or else the one who was asked. */
function trailOf(attempt: Attempt, failure: Failure): Trail {
  const trail = trailForeseen(attempt)
  if (failure !== 'refused' || trail.drop?.rejects) return trail
  const { drop: _notThis, ...rest } = trail
  return { ...rest, stage: 'refused' }
}

/** Why a name did not resolve where the sender stands. */
export function causeOfName(unresolved: Unresolved): Cause {
  const kinds = [
    nodeGone,
    noTask,
    leftBehindCause,
    noneNetwork,
    notRunning,
    gossipBlocked,
    noCommonNetwork,
    nameOnDefaultBridge,
    offline,
    defaultNameservers,
    unknownName,
  ]
  for (const { byName } of kinds) {
    const cause = byName?.(unresolved)
    if (cause) return cause
  }
  throw new Error('unknownName takes any name')
}

/** As much of it as checks tell apart in their reasons. */
export function unresolvedReason({ code }: Cause): 'default-bridge' | 'no-common-network' | 'unresolved' {
  if (code === 'name-on-default-bridge') return 'default-bridge'
  return code === 'no-common-network' ? code : 'unresolved'
}
