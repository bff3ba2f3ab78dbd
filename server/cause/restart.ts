import type { Container, HostState } from '../network/state.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'

/**
 * What restarts a container without harm to others. With a restart it gets another network namespace, and its guests, the containers with
 * `--network container:` of it, would stay in the old one with nothing but a loopback (the cause `left-behind`).
 */

/** Guests may have guests; nobody has so many in a row. */
const deepest = 8

/** Commands that restart a container and then its guests, in this order. */
export function restartOf(host: HostState, name: string): string[] {
  const all = host.engine?.containers ?? []
  const commands = [`docker restart ${name}`]
  let level = all.filter((one) => one.name === name)
  const met = new Set(level)
  for (let depth = 0; depth < deepest; depth++) {
    level = all.filter((one) => !met.has(one) && level.some((other) => isGuestOf(one, other)))
    if (level.length === 0) break
    for (const one of level) met.add(one)
    commands.push(`docker restart ${level.map((one) => one.name).join(' ')}`)
  }
  return commands
}

/** Commands that let the Engine set up the network of a container anew. */
export function networkRestartOf(host: HostState, name: string): string[] {
  return restartOf(host, networkOwnerOf(host, name))
}

/** Whose network a container has: its own, or as a guest that of the one whose namespace it shares, which alone is on networks. */
export function networkOwnerOf(host: HostState, name: string): string {
  const all = host.engine?.containers ?? []
  let owner = all.find((one) => one.name === name)
  for (let depth = 0; depth < deepest; depth++) {
    const next = all.find((one) => owner !== undefined && isGuestOf(owner, one))
    if (!next) break
    owner = next
  }
  return owner?.name ?? name
}

/** Whether it runs in the other one's namespace because it was told to; one that was left behind before does not. */
function isGuestOf(
  { networkMode, sharesWith, namespace }: Container,
  { id, name, namespace: its }: Container,
): boolean {
  const [, other] = /^container:(.+)$/.exec(networkMode) ?? []
  if (other === undefined || namespace === undefined || namespace !== its) return false
  return other === id || other === name || sharesWith === name
}

/** The commands within a sentence. */
export function restartText([first = '', ...guests]: readonly string[]): Text {
  const own = code(first, 200)
  if (guests.length === 0) return { en: own, zh: own }
  const then = guests.map((command) => code(command, 200))
  return {
    en: `${own}, then ${then.join(', then ')} (what shares its network namespace would stay in the old one)`,
    zh: `${own}，然后 ${then.join('，再 ')}（共用其网络命名空间的容器否则会留在旧的里面）`,
  }
}
