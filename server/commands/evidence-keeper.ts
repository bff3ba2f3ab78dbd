import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { EvidenceFolder } from '../evidence/evidence-folder.js'
import { givenAt } from '../evidence/given.js'
import { type Graded, type Grader, makeBundle } from '../evidence/make-bundle.js'
import { ownKey } from '../evidence/seal.js'
import { fromPackage } from '../package-root.js'
import { requireGolden } from '../rack/golden/golden.js'
import { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import { keyFile } from './evidence.js'

/** Keeps what grades were found by, signed by this installation. */
export class EvidenceKeeper {
  private constructor(
    private readonly folder: EvidenceFolder,
    private readonly grader: Grader,
  ) {}

  /** Before anything is graded: a folder that can't be written is told then. */
  static async open(root: string): Promise<EvidenceKeeper> {
    const folder = await EvidenceFolder.open(root)
    const { version: golden } = await requireGolden(await Store.open(StateDirectory.at()))
    const { version: vethlab } = JSON.parse(readFileSync(fromPackage('package.json'), 'utf8')) as { version: string }
    return new EvidenceKeeper(folder, { vethlab, golden, kernel: release(), key: await ownKey(keyFile()) })
  }

  /** @returns the folder of the bundle */
  async keep(key: string, path: string, graded: Omit<Graded, 'given'>): Promise<string> {
    return this.folder.keep(key, await makeBundle({ ...graded, given: await givenAt(path) }, this.grader))
  }
}
