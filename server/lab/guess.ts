import { safeParse } from '../error/safe-parse.js'
import type { RackPlan } from '../racks/topology.js'
import { Id, LabFile } from './lab-file.js'

/** What a wrong `lab.yaml` may have meant, so that the other files of the lab can be looked at all the same. Pure. */

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Steps by their ids, and names of values; all else as if it were right. @returns undefined where there is no step */
export function guessedFile(raw: Record<string, unknown>): LabFile | undefined {
  const steps = (Array.isArray(raw.steps) ? raw.steps : []).map((step: unknown) => ({
    id: isMap(step) && safeParse(Id, step.id).success ? step.id : undefined,
    checks: [{}],
  }))
  if (steps.length === 0 || steps.some(({ id }) => id === undefined)) return undefined
  const guess = safeParse(LabFile, {
    ...fine,
    ...(safeParse(LabFile.shape.languages, raw.languages).success ? { languages: raw.languages } : {}),
    ...(safeParse(LabFile.shape.images, raw.images).success ? { images: raw.images } : {}),
    steps,
    values: fitting('values', raw.values),
    chance: fitting('chance', raw.chance),
  })
  return guess.success ? guess.data : undefined
}

const fine = {
  title: { en: '?', zh: '?' },
  summary: { en: '?', zh: '?' },
  topic: 'bridge',
  order: 0,
  level: 'beginner',
  minutes: 1,
  rack: {},
}

/** Entries that can be read by themselves. */
function fitting(field: 'values' | 'chance', raw: unknown): Record<string, unknown> {
  const entries = Object.entries(isMap(raw) ? raw : {})
  return Object.fromEntries(
    entries.filter(([name, value]) => safeParse(LabFile.shape[field], { [name]: value }).success),
  )
}

/** Hosts by their names and kinds, without their LANs. @returns undefined where none can be read */
export function guessedPlan(rack: unknown): RackPlan | undefined {
  const hosts = isMap(rack) && isMap(rack.hosts) ? Object.entries(rack.hosts) : []
  if (hosts.length === 0) return undefined
  return {
    hosts: hosts.map(([name, host]) => ({
      name,
      kind: host === 'plain' || (isMap(host) && host.kind === 'plain') ? 'plain' : 'docker',
      limits: { memoryBytes: 0, diskBytes: 0, pids: 0, cpuShares: 0 },
      interfaces: [],
    })),
    lans: [],
    internet: false,
  }
}
