import type { Racks } from '../../server/racks/racks.js'

/** For sessions whose hosts don't matter: each opening goes on until it is broken off. */
export const racksThatNeverOpen = {
  list: () => Promise.resolve([]),
  open: (_topology: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
} as unknown as Racks
