import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { EvidenceFolder } from './evidence-folder.js'
import { type Graded, type Grader, makeBundle } from './make-bundle.js'
import { type Bundle, readBundle } from './read-bundle.js'
import { ownKey, publicOf } from './seal.js'

/** As learners are named on record. */
const learnerName = /^[0-9a-f]{32}$/

/** In whose folder a bundle is. */
export function folderOf(place: string): string {
  return place.split('/')[0]!
}

/** Bundles of what learners of classes have handed in: a folder a learner, which goes when they go. */
export class LearnersEvidence {
  private constructor(
    private readonly root: string,
    private readonly grader: Grader,
  ) {}

  /** @param options `key`: file of the key that signs, made if missing */
  static async open({
    folder,
    key,
    ...grader
  }: Omit<Grader, 'key'> & { folder: string; key: string }): Promise<LearnersEvidence> {
    return new LearnersEvidence(folder, { ...grader, key: await ownKey(key) })
  }

  /**
   * @param place the learner's folder and the bundle, with a slash between
   * @throws VethlabError argument.invalid where it can't be written
   */
  async keep(place: string, graded: Omit<Graded, 'given'>): Promise<void> {
    const folder = await EvidenceFolder.open(this.#of(folderOf(place)))
    await folder.keep(basename(place), await makeBundle({ ...graded, given: undefined }, this.grader))
  }

  /** @throws VethlabError evidence.invalid where there is none, or not as it was signed */
  async read(place: string): Promise<Bundle> {
    const folder = join(this.#of(folderOf(place)), basename(place))
    const bundle = await readBundle(folder, publicOf(this.grader.key))
    const [fault] = bundle.faults
    if (!fault) return bundle
    const cure = 'Put a copy from a backup in its place.'
    throw new VethlabError('evidence.invalid', `is not as it was signed: ${fault.en}`, { place, cure })
  }

  /** Deletes all of a learner. */
  async forget(learner: string): Promise<void> {
    await rm(this.#of(learner), { recursive: true, force: true })
  }

  /** Whose bundles are there. */
  async learners(): Promise<string[]> {
    const names = await readdir(this.root).catch(() => [])
    return names.filter((name) => learnerName.test(name))
  }

  #of(learner: string): string {
    if (!learnerName.test(learner)) throw new Error('is no name of a learner')
    return join(this.root, learner)
  }
}
