import type { KeyObject } from 'node:crypto'
import { differences } from '../change/difference.js'
import { checkId, type Lab } from '../lab/lab.js'
import type { NetworkState } from '../network/state.js'
import type { Result } from '../report/result.js'
import type { Look, Witness } from '../trial/witness.js'
import type { Given } from './given.js'
import { type Manifest, type Moment, names, type StepRecord, type Verdicts } from './record.js'
import { type Again, judgeAgain, sameVerdict } from './replay.js'
import { sha256, signed } from './seal.js'
import { asciicast } from './transcript.js'

/** What graded, as far as it matters. */
export interface Grader {
  vethlab: string
  golden: string
  kernel: string
  key: KeyObject
}

/** What a grading is shown by. */
export interface Graded {
  lab: Lab
  result: Result
  given: Given | undefined
  /** Missing where nothing was run. */
  witness: Witness | undefined
  /** Of live work: what was done until it was judged. */
  moments?: readonly Moment[] | undefined
}

/**
 * The files of a bundle, by their names: the submission as given, the network before and after, what verdicts were found by, what was
 * run, what changed, and a manifest of all that, signed. Nothing in it but times, and what the network itself chose, differs from one
 * grading of a submission to the next.
 */
export async function makeBundle(
  { lab, result, given, witness, moments }: Graded,
  { key, ...grader }: Grader,
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const put = (name: string, content: Buffer | string) => files.set(name, Buffer.from(content))
  put(names.result, json(result))
  if (given) put(given.name, given.bytes)
  if (moments) put(names.timeline, json(moments))
  if (witness) {
    const states = new States((name, state) => put(name, json(state)))
    const { before, after } = witness
    if (before) states.name(before, 'before')
    if (after) states.name(after, 'after')
    put(names.verdicts, json(await verdictsOf(lab, witness, states)))
    // In a live session nothing was run.
    if (result.attempt.of === 'submission')
      put(names.transcript, asciicast(result.assignment.title.en, result.attempt.startedAt, witness.scripts))
    if (before && after) put(names.difference, json(differences(before, after).map(({ text }) => text)))
  }
  const manifest: Manifest = {
    version: 1,
    kind: 'evidence of a grading by vethlab',
    madeAt: new Date().toISOString(),
    ...grader,
    lab: { id: lab.id, hash: lab.contentHash },
    ...(given ? { submission: given.name } : {}),
    files: [...files]
      .map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) }))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  }
  const bytes = Buffer.from(json(manifest))
  files.set(names.manifest, bytes)
  put(names.signature, json(signed(bytes, key)))
  return files
}

/** Pictures with names; one that is named twice keeps its first. */
class States {
  readonly #names = new Map<NetworkState, string>()

  constructor(private readonly write: (name: string, state: NetworkState) => void) {}

  name(state: NetworkState, wanted: string): string {
    const known = this.#names.get(state)
    if (known !== undefined) return known
    const name = `states/${wanted}.json`
    this.#names.set(state, name)
    this.write(name, state)
    return name
  }
}

async function verdictsOf(lab: Lab, { steps, findings, chance }: Witness, states: States): Promise<Verdicts> {
  const records: StepRecord[] = []
  for (const step of lab.steps) {
    const seen = steps.get(step.id)
    const found = findings.get(step.id)
    if (!seen || !found) continue
    const { look, again } = await decidingLook(seen.looks, (one) =>
      Promise.all(step.checks.map((check) => judgeAgain(lab, check, { ...one, answers: seen.answers, chance }))),
    )
    records.push({
      id: step.id,
      ...(look ? { state: states.name(look.state, `step-${step.id}`) } : {}),
      answers: seen.answers,
      checks: step.checks.map(({ family }, index) => ({
        id: checkId(step, index),
        family,
        finding: found[index]!,
        repeats: again !== undefined && sameVerdict(again[index]!.finding, found[index]!),
      })),
      asked: look?.asked.map((one) => JSON.parse(JSON.stringify(one))) ?? [],
    })

    /** The first by which all is found again; else the first. */
    async function decidingLook(looks: readonly Look[], judge: (look: Look) => Promise<Again[]>) {
      const tried = []
      for (const one of looks) {
        const all = await judge(one)
        if (all.every(({ finding }, index) => sameVerdict(finding, found![index]!))) return { look: one, again: all }
        tried.push({ look: one, again: all })
      }
      return tried[0] ?? { look: undefined, again: undefined }
    }
  }
  return { version: 1, chance: { ...chance }, steps: records }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`
}
