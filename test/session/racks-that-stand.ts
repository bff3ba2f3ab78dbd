import type { NetworkState } from '../../server/network/state.js'
import type { RackInfo, Racks } from '../../server/racks/racks.js'

/**
 * For sessions whose hosts don't matter: each rack opens at once, and shows that network, in which nobody answers. Whatever else is asked of
 * it is never answered.
 */
export function racksThatStand(state: NetworkState): {
  racks: Racks
  closed: string[]
  /** From now on, whoever judges waits for its first look until that is called. */
  holdLooks(): () => void
} {
  const open = new Map<string, RackInfo>()
  const closed: string[] = []
  let held: Promise<void> = Promise.resolve()
  const own = {
    states: { make: async () => state },
    list: async () => [...open.values()],
    info: async (id: string) => open.get(id)!,
    open: async (_topology: unknown, { label, owner }: { label: string; owner: string }) => {
      const id = `rack${open.size + closed.length + 1}`
      const info = { id, label, owner, hosts: [], lans: [], internet: 'none' } as unknown as RackInfo
      open.set(id, info)
      return info
    },
    close: async (id: string) => {
      open.delete(id)
      closed.push(id)
    },
    probe: async () => ({ outcome: 'no', detail: 'timed out', cause: 'silent', durationMs: 1 }),
    captureStill: async () => {
      await held
      return { hosts: [], engines: {} }
    },
  }
  const racks = new Proxy(own, {
    get: (target, name) => (name in target ? target[name as keyof typeof target] : () => new Promise(() => {})),
  }) as unknown as Racks
  return {
    racks,
    closed,
    holdLooks: () => {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => release()
    },
  }
}
