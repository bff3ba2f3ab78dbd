import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RackShape } from '../../server/network/assemble.js'
import type { HostCapture } from '../../server/network/capture.js'

export const fixturesDirectory = join(import.meta.dirname, 'fixtures')

/** A fresh copy: tests may spoil it. `capture-fixtures.ts` makes the files. */
export function fixture(host: 'node1' | 'node2' | 'laptop'): HostCapture {
  return JSON.parse(readFileSync(join(fixturesDirectory, `${host}.json`), 'utf8'))
}

export function rackShape(): RackShape {
  return JSON.parse(readFileSync(join(fixturesDirectory, 'rack.json'), 'utf8'))
}
