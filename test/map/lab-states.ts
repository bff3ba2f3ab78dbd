import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NetworkState } from '../../server/network/state.js'

/** What the network of a lab was after a step that was done as its solution says; `step` is '' for the beginning. */
export interface LabMoment {
  step: string
  state: NetworkState
}

export const labStatesDirectory = join(import.meta.dirname, 'lab-states')

/** Ids of the labs whose states are kept. */
export function labsWithStates(): string[] {
  return readdirSync(labStatesDirectory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .toSorted()
}

/** Of real hosts, in order; `capture-lab-states.ts` makes the files. */
export function labMoments(id: string): LabMoment[] {
  return readFileSync(join(labStatesDirectory, `${id}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
