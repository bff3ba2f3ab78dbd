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

/** Keeps what grades were found by, signed by this installation. */
export class EvidenceKeeper {
  private constructor(
    private readonly folder: EvidenceFolder,
    private readonly grader: Grader,
  ) {}

  /** Before anything is graded: a folder that can't be written is told then. */
  static async open(root: string): Promise<EvidenceKeeper> {
    const folder = await EvidenceFolder.open(root)
    const state = StateDirectory.at()
    return new EvidenceKeeper(folder, { ...(await ownGrader(state)), key: await ownKey(state.evidenceKeys.commands) })
  }

  /** @param path of what was handed in; undefined for a live session. @returns the folder of the bundle */
  async keep(key: string, path: string | undefined, graded: Omit<Graded, 'given'>): Promise<string> {
    const given = path === undefined ? undefined : await givenAt(path)
    return this.folder.keep(key, await makeBundle({ ...graded, given }, this.grader))
  }
}

/** What grades here, as evidence names it. @throws VethlabError golden.missing */
export async function ownGrader(state: StateDirectory): Promise<Omit<Grader, 'key'>> {
  const { version: golden } = await requireGolden(await Store.open(state))
  const { version: vethlab } = JSON.parse(readFileSync(fromPackage('package.json'), 'utf8')) as { version: string }
  return { vethlab, golden, kernel: release() }
}
