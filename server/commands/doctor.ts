import { Command } from 'commander'
import { foldersOf } from '../lab/catalogue.js'
import { missingImages } from '../lab/needed-images.js'
import { examine, type ImagesFound } from '../machine/doctor.js'
import { renderReport } from '../machine/doctor-report.js'
import { findGolden } from '../rack/golden/golden.js'
import { defaultStatePath, StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import { knownImages } from './known-images.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what this machine has, what it lacks, what fails without it and how to get it')
    .option('--json', 'print a JSON document', false)
    .addOption(labsOption('of which it says what they need'))
    .action(async ({ json, labs }: LabsOption & { json: boolean }) => {
      const golden = await goldenOrNothing()
      const images = golden ? await imagesFound(foldersOf(shelvesOf({ labs }))) : undefined
      const report = await examine({
        store: { path: defaultStatePath() },
        ...(golden ? { golden } : {}),
        ...(images ? { images } : {}),
      })
      const { isTTY, columns } = process.stdout
      process.stdout.write(
        json
          ? `${JSON.stringify(report, null, 2)}\n`
          : renderReport(report, { colour: isTTY === true, ...(isTTY ? { width: columns } : {}) }),
      )
      process.exitCode = report.ok ? 0 : 1
    })
}

/** The doctor looks and makes nothing: without a mounted store there is no golden system to speak of. */
async function goldenOrNothing() {
  try {
    const store = await Store.openMounted(StateDirectory.at())
    const golden = store && (await findGolden(store))
    if (!golden) return undefined
    const { version, builtAt, current } = golden
    const age = Date.now() - Date.parse(builtAt)
    return {
      version: current ? version : `${version} (its inputs have changed: run \`vethlab setup\`)`,
      builtAt,
      ageMs: age,
    }
  } catch {
    return undefined
  }
}

/** What was added, and of what labs need, what is not there. */
async function imagesFound(folders: readonly string[]): Promise<ImagesFound> {
  const { images, added = [] } = await knownImages()
  return { added: added.length, missing: await missingImages(folders, [...images, ...added]) }
}
