import type { Drawn } from '../lab.js'
import { drawerOf } from './drawer.js'

/** More are not looked through for one that draws a certain entry. */
const mostCandidates = 1000

/**
 * So many seeds to prove a lab with, always the same ones. Where a parameter is one of several, each of these is drawn by one of the
 * seeds, as long as there are enough of them. Pure.
 */
export function proofSeeds(drawn: Drawn, count: number): string[] {
  const all = Array.from({ length: mostCandidates }, (_, n) => `proof-${n + 1}`)
  const chosen = new Set<string>()
  if (Object.values(drawn.parameters).some(({ kind }) => kind === 'oneOf')) {
    const draw = drawerOf(drawn)
    const met = new Set<string>()
    for (const seed of all) {
      if (chosen.size >= count) break
      // By their numbers: what they say differs with other parameters.
      const entries = Object.entries(draw(seed).entries).map(([name, entry]) => `${name} ${entry}`)
      if (entries.every((entry) => met.has(entry))) continue
      for (const entry of entries) met.add(entry)
      chosen.add(seed)
    }
  }
  for (const seed of all) if (chosen.size < count) chosen.add(seed)
  return [...chosen]
}
