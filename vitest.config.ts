import { defineConfig } from 'vitest/config'

/**
 * Host tests whose racks are all that they know of the machine: two files at a time. All others run alone, since they look at the
 * machine as a whole (what is left on it, its memory, who used its processors), sweep it, fill it, or start rackd, of which a
 * state directory has one.
 */
const sharing = [
  ...[
    'answers',
    'causes',
    'causes-agree',
    'checks',
    'diagnose',
    'guide',
    'handover',
    'incidents',
    'internet',
    'netdiag',
    'network-state',
    'observe',
    'racks',
  ],
  ...['receipts', 'session', 'session-network', 'trace-series'],
].map((name) => `test/hosts/${name}.test.ts`)

const hosts = { testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/hosts/**', 'test/stock-kernel/**', 'test/browser/**'],
          testTimeout: 15_000,
        },
      },
      {
        test: {
          ...hosts,
          name: 'hosts',
          include: sharing,
          // Much of a file's time is waiting for Engines; with more than two files at a time a small machine is only busier.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...hosts,
          name: 'hosts-alone',
          include: ['test/hosts/**/*.test.ts'],
          exclude: sharing,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
