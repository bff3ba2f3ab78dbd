import { access, readFile } from 'node:fs/promises'
import os from 'node:os'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { judgeIdmap, tryIdmap } from './idmapped-mount.js'
import { runTool, type ToolResult } from './tool.js'
import { askXtMatch } from './xt-match.js'

/** In the order in which they are reported. */
export const featureNames = [
  'bridge',
  'veth',
  'vxlan',
  'macvlan',
  'nf_tables',
  'xt_matches',
  'br_netfilter',
  'btrfs',
  'loop',
  'overlayfs',
  'user_namespaces',
  'idmapped_mounts',
  'ipvlan',
  '8021q',
  'ip_vs',
  'esp',
] as const

export type FeatureName = (typeof featureNames)[number]

/** `unknown` when the kernel could not be asked: no root, or the tool to ask with is missing. */
export type FeatureState = 'present' | 'absent' | 'unknown'

export interface FeatureReport {
  name: FeatureName
  state: FeatureState
  /** `required` by every lab, or only by some: `lab`. */
  needed: 'required' | 'lab'
  /** What was seen, a few words; on one line, free of control characters. */
  found: string
  /** What does not work without it, one sentence. */
  fails: string
  /** How to get it. */
  cure: string
}

/** What a probe saw. */
export interface Answer {
  state: FeatureState
  found: string
}

interface Feature {
  needed: 'required' | 'lab'
  fails: string
  /** The module that has it, where one does. */
  module?: string
  /** What else it takes, or how to get what is in no module. */
  cure?: string
  probe: () => Promise<Answer>
}

/** Links of a probe, in a network namespace that ends with the probe's process. */
const PROBE_LINK = 'vlprobe0'
const PARENT_LINK = 'vlprobe1'
const PEER_LINK = 'vlprobe2'

/** What the Engine's encrypted overlays use; key and ids are made up. */
const ESP_STATE = [
  'xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 mode transport',
  'aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 64',
].join(' ')

/** How the kernel and the tools say that something is not there, as opposed to not allowed. */
const ABSENT = /unknown device type|unknown filesystem type|not supported|no such file or directory|not found/i

const features: Record<FeatureName, Feature> = {
  bridge: {
    needed: 'required',
    fails: 'No Lan can be built, and the Engine cannot make its default network.',
    module: 'bridge',
    probe: () => probeLink('bridge'),
  },
  veth: {
    needed: 'required',
    fails: 'Hosts cannot be joined to a Lan, nor containers to a network.',
    module: 'veth',
    probe: () => probeLink('veth', { options: `peer name ${PEER_LINK}` }),
  },
  vxlan: {
    needed: 'required',
    fails: 'Overlay networks cannot join containers across hosts.',
    module: 'vxlan',
    probe: () => probeLink('vxlan', { options: 'id 4242 dstport 4789' }),
  },
  macvlan: {
    needed: 'required',
    fails: 'Containers cannot have an address of their own on the Lan.',
    module: 'macvlan',
    probe: () => probeLink('macvlan', { options: 'mode bridge', onLink: true }),
  },
  nf_tables: {
    needed: 'required',
    fails: 'The Engine cannot make firewall or address translation rules, so it does not start.',
    module: 'nf_tables',
    probe: async () =>
      judge(
        await runTool(['unshare', '--net', '--', 'nft', '-f', '-'], { input: 'add table inet vlprobe\n' }),
        'a table was made',
      ),
  },
  xt_matches: {
    needed: 'required',
    fails: 'The Engine’s iptables rules are refused, so it does not start.',
    module: 'nft_compat',
    cure: 'It takes xt_addrtype and xt_conntrack too.',
    probe: probeXtMatches,
  },
  br_netfilter: {
    needed: 'lab',
    fails: 'The Engine cannot make overlay networks, nor keep the containers of a network apart.',
    module: 'br_netfilter',
    probe: probeBridgeFilter,
  },
  btrfs: {
    needed: 'required',
    fails: 'The store of golden and of the hosts’ disks cannot be made.',
    module: 'btrfs',
    probe: probeBtrfs,
  },
  loop: {
    needed: 'required',
    fails: 'The store, a file that holds a filesystem, cannot be mounted.',
    module: 'loop',
    cure: 'A container also needs the device /dev/loop-control.',
    probe: () =>
      access('/dev/loop-control').then(
        () => present('/dev/loop-control'),
        () => absent('no /dev/loop-control'),
      ),
  },
  overlayfs: {
    needed: 'required',
    fails: 'The Engine inside a host cannot stack the layers of an image.',
    module: 'overlay',
    cure: 'In user namespaces it takes kernel 5.11 or later.',
    // A read-only overlay of two directories that every machine has, over a directory of a mount namespace of its own.
    probe: async () =>
      judge(
        await runTool([
          ...(['unshare', '--user', '--map-root-user', '--mount', '--'] as const),
          ...['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=/usr:/etc', os.tmpdir()],
        ]),
        'mounted in a user namespace',
      ),
  },
  user_namespaces: {
    needed: 'required',
    fails: 'No host can start: its root would be the machine’s root.',
    cure: 'Set the sysctl user.max_user_namespaces above 0; a container needs to be privileged.',
    probe: probeUserNamespaces,
  },
  idmapped_mounts: {
    needed: 'required',
    fails: 'The root filesystem of a host would belong to ids that the host does not have.',
    cure: 'Boot a kernel of 5.15 or later, such as that of Debian 12 or Ubuntu 22.04.',
    probe: async () => judgeIdmap(await tryIdmap(), os.release()),
  },
  ipvlan: {
    needed: 'lab',
    fails: 'ipvlan networks cannot be made; bridge and macvlan networks work.',
    module: 'ipvlan',
    probe: () => probeLink('ipvlan', { options: 'mode l2', onLink: true }),
  },
  '8021q': {
    needed: 'lab',
    fails: 'Networks on a trunk’s VLANs cannot be made; untagged ones work.',
    module: '8021q',
    probe: () => probeLink('vlan', { options: 'id 7', onLink: true }),
  },
  ip_vs: {
    needed: 'lab',
    fails: 'Swarm service virtual IPs and the routing mesh do not answer; endpoint mode dnsrr works.',
    module: 'ip_vs',
    probe: probeIpVs,
  },
  esp: {
    needed: 'lab',
    fails: 'Encrypted overlay networks pass no packets; plain overlays work.',
    module: 'esp4',
    cure: 'It takes the cipher gcm too.',
    probe: async () => judge(await inThrowawayNetwork([ESP_STATE]), 'a security association was made'),
  },
}

/** Asks the kernel for features, all unless named. Leaves nothing behind but modules that the kernel loaded to answer. */
export async function probeFeatures(names: readonly FeatureName[] = featureNames): Promise<FeatureReport[]> {
  const loads = await kernelLoadsModules()
  return Promise.all(
    [...new Set(names)].map(async (name) => {
      const feature = features[name]
      const { needed, fails } = feature
      if (!isRoot()) return { name, ...unknown('not probed'), needed, fails, cure: 'Run as root to probe it.' }
      const { state, found } = await feature.probe()
      return { name, state, needed, found: oneLine(found, 200), fails, cure: describeCure(feature, state, loads) }
    }),
  )
}

/** Throws `machine.missing-feature` for the first of these that the kernel does not have, `machine.not-root` without root. */
export async function requireFeatures(names: readonly FeatureName[]): Promise<void> {
  if (names.length === 0) return
  if (!isRoot()) {
    throw new VethlabError('machine.not-root', 'only root can ask the kernel for its features', {
      place: 'kernel features',
      cure: 'Run vethlab as root.',
    })
  }
  for (const { name, state, found, fails, cure } of await probeFeatures(names)) {
    if (state === 'present') continue
    const what = state === 'absent' ? `this kernel does not have it (${found})` : `it could not be probed (${found})`
    throw new VethlabError('machine.missing-feature', what, {
      place: `kernel feature ${name}`,
      cure: `${fails} ${cure}`,
    })
  }
}

/** Whether the kernel makes links of a kind, such as `bridge`; `onLink` for kinds that sit on another link. */
export async function probeLink(
  kind: string,
  { options = '', onLink = false }: { options?: string; onLink?: boolean } = {},
): Promise<Answer> {
  const parent = `link add ${PARENT_LINK} type veth peer name ${PEER_LINK}`
  const link = `link add ${onLink ? `link ${PARENT_LINK} ` : ''}name ${PROBE_LINK} type ${kind} ${options}`
  const result = await inThrowawayNetwork(onLink ? [parent, link] : [link])
  if (onLink && /Command failed -:1\b/.test(result.complaint)) {
    return unknown(`its parent could not be made: ${result.complaint}`)
  }
  return judge(result, 'a link was made')
}

/** `ip` commands in a new network namespace, which has no name and ends with the process. */
function inThrowawayNetwork(commands: readonly string[]): Promise<ToolResult> {
  return runTool(['unshare', '--net', '--', 'ip', '-batch', '-'], { input: `${commands.join('\n')}\n` })
}

/** A refusal means absent only when it says so; anything else, such as a missing tool or permission, is no answer. */
function judge({ ok, complaint }: ToolResult, done: string): Answer {
  if (ok) return present(done)
  // unshare names itself when it could not make the namespace or find the tool.
  const asked = !complaint.startsWith('unshare:') && !complaint.includes('ENOENT')
  const found = complaint.replace(/ ?Command failed -:\d+/, '')
  return asked && ABSENT.test(complaint) ? absent(found) : unknown(found)
}

async function probeXtMatches(): Promise<Answer> {
  // The two that every Engine uses: published ports, and answers to what containers asked.
  for (const match of [
    { name: 'addrtype', revision: 1 },
    { name: 'conntrack', revision: 3 },
  ]) {
    const answer = await askXtMatch(match)
    if (answer.kind === 'unasked') return unknown(answer.why)
    if (answer.kind === 'refused') {
      const { EPERM, EACCES } = os.constants.errno
      const found = `${match.name} is refused with error ${answer.errno}`
      return answer.errno === EPERM || answer.errno === EACCES ? unknown(found) : absent(found)
    }
  }
  return present('nf_tables takes addrtype and conntrack')
}

async function probeBtrfs(): Promise<Answer> {
  const listed = async () => /\tbtrfs$/m.test(await readFile('/proc/filesystems', 'utf8'))
  if (await listed()) return present('in /proc/filesystems')
  await runTool(['modprobe', 'btrfs'])
  return (await listed()) ? present('its module was loaded') : absent('not in /proc/filesystems')
}

async function probeUserNamespaces(): Promise<Answer> {
  const result = await runTool(['unshare', '--user', '--map-root-user', '--', 'true'])
  if (result.ok) return present('one was made')
  return result.complaint.startsWith('unshare:') ? absent(result.complaint) : unknown(result.complaint)
}

/** Loaded it would change what the machine's own bridges let pass, so it is only asked whether it could be. */
async function probeBridgeFilter(): Promise<Answer> {
  const loaded = await access('/proc/sys/net/bridge').then(
    () => true,
    () => false,
  )
  if (loaded) return present('it is at work')
  return judge(await runTool(['modprobe', '--dry-run', 'br_netfilter']), 'it can be loaded')
}

/** Asks for the family that ip_vs is configured through; the kernel loads the module for that. */
async function probeIpVs(): Promise<Answer> {
  const result = await runTool(['unshare', '--net', '--', 'genl', 'ctrl', 'get', 'name', 'IPVS'])
  if (result.ok && /Name: IPVS/.test(result.stdout)) return present('the family IPVS answers')
  return judge({ ...result, ok: false }, '')
}

function describeCure({ module, cure = '' }: Feature, state: FeatureState, loadsModules: boolean): string {
  if (module === undefined) return cure
  if (state === 'absent' && !loadsModules) {
    return 'This kernel was built without it and loads no modules: boot a distribution’s kernel, such as Debian’s.'
  }
  const load = `Run modprobe ${module}: Debian’s kernels have it, on Ubuntu it may be in linux-modules-extra.`
  return cure === '' ? load : `${load} ${cure}`
}

async function kernelLoadsModules(): Promise<boolean> {
  return access('/proc/modules').then(
    () => true,
    () => false,
  )
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function present(found: string): Answer {
  return { state: 'present', found }
}

function absent(found: string): Answer {
  return { state: 'absent', found }
}

function unknown(found: string): Answer {
  return { state: 'unknown', found }
}
