import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Host tests whose racks are all that they know of the machine: two files at a time. All others run alone, since they look at the
 * machine as a whole (what is left on it, its memory, who used its processors), sweep it, fill it, or start rackd, of which a
 * state directory has one.
 */
const sharing = [
  ...[
    'answers',
    'author',
    'causes',
    'causes-agree',
    'checks',
    'checks-ipv6',
    'commands',
    'diagnose',
    'guide',
    'handover',
    'images',
    'incidents',
    'incidents-links',
    'internet',
    'netdiag',
    'network-state',
    'observe',
    'racks',
  ],
  ...['receipts', 'session', 'session-network', 'survives', 'trace-series', 'tutorials', 'user'],
].map((name) => `test/hosts/${name}.test.ts`)

/** Begin first, or one of them is left alone at the end: as long as vitest has no times of its own it begins with the largest file. */
const longest = ['test/hosts/incidents.test.ts', 'test/hosts/incidents-links.test.ts']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => longest.some((file) => moduleId.endsWith(`/${file}`))
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

const hosts = { testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/hosts/**', 'test/stock-kernel/**', 'test/browser/**', 'test/lighthouse/**'],
          // Much of their time is waiting for clocks and databases: one file at a time leaves a small machine idle.
          maxWorkers: 2,
          testTimeout: 60_000,
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
      {
        test: {
          name: 'lighthouse',
          include: ['test/lighthouse/**/*.test.ts'],
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
