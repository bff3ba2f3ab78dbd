import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { evidencePage } from '../evidence/page.js'
import { type Bundle, readBundle, resultOf, stateOf, verdictsOf } from '../evidence/read-bundle.js'
import { type Regrading, type Rejudged, regrade } from '../evidence/regrade.js'
import { fingerprintOf, ownKey, publicOf, readPublic } from '../evidence/seal.js'
import { labFolder } from '../lab/catalogue.js'
import { practiceSeed } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { StateDirectory } from '../rack/state-directory.js'
import type { Result } from '../report/result.js'
import { findings, pointsText, stateWord } from '../report/words.js'
import { readFrom } from '../trial/file-tree.js'
import { oneLine } from '../wording/one-line.js'
import { type Language, languages } from '../wording/text.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'
import { recordsPlace } from './records-place.js'

interface EvidenceOptions {
  key?: string
  lang: Language
}

export function evidenceCommand(): Command {
  const evidence = new Command('evidence').description(
    'what a grade was found by: is it whole, show it, judge it again',
  )
  const bundle = (name: string, description: string) =>
    evidence
      .command(name)
      .description(description)
      .argument('<bundle>', 'a folder that `vethlab grade --evidence` wrote')
      .option('--key <file>', 'public key of who graded, in PEM; those of this installation by default')
  const inLanguage = (command: Command) =>
    command.addOption(new Option('--lang <language>', 'of what was found').choices(languages).default('en'))

  bundle('verify', 'whether all is as it was signed; exit code 0 yes, 1 no, 2 it is no bundle').action(
    async (folder: string, { key }: EvidenceOptions) => {
      const { faults, manifest, signedBy } = await open(folder, key)
      for (const fault of faults) process.stdout.write(`${fault}\n`)
      const files = `${manifest.files.length} files of ${manifest.lab.id}, graded ${manifest.madeAt}`
      if (faults.length === 0) process.stdout.write(`whole: ${files}, signed by ${fingerprintOf(signedBy!)}\n`)
      process.exitCode = faults.length === 0 ? 0 : 1
    },
  )
  inLanguage(bundle('show', 'write one page with all of it, to be read without a network'))
    .option('--out <file>', 'the page; evidence.html by default', 'evidence.html')
    .action(async (folder: string, { key, lang, out }: EvidenceOptions & { out: string }) => {
      const read = await open(folder, key)
      const page = evidencePage(folder, read, read.signedBy ? fingerprintOf(read.signedBy) : '', lang)
      await writeFile(out, page).catch(cannotWrite(out))
      process.stdout.write(`${out}\n`)
    })
  inLanguage(bundle('regrade', "judge what was captured by the lab's checks of today; nothing is run"))
    .option('--lab <lab>', 'id or folder; by default the lab that the bundle names')
    .addOption(labsOption())
    .option('--out <file>', 'write the new result there, as `vethlab grade --format json` does')
    .action(
      async (
        folder: string,
        { key, lang, lab: name, labs, out }: EvidenceOptions & LabsOption & { lab?: string; out?: string },
      ) => {
        const read = await open(folder, key)
        const [fault] = read.faults
        if (fault !== undefined)
          throw invalid(
            folder,
            `is not as it was signed: ${fault}`,
            'Take a copy that `vethlab evidence verify` passes.',
          )
        const before = resultOf(folder, read)
        const verdicts = verdictsOf(folder, read)
        if (!verdicts)
          throw invalid(folder, 'has nothing that could be judged: nothing was run', 'Grade the work anew.')
        const asWritten = await loadLab(await labFolder(shelvesOf({ labs }), name ?? read.manifest.lab.id))
        const lab = withSeed(asWritten, before.assignment.seed ?? practiceSeed)
        const again = await regrade(lab, before, verdicts, (state) => stateOf(folder, read, state))
        process.stdout.write(told(before, again, lang))
        if (out !== undefined)
          await writeFile(out, `${JSON.stringify(again.result, null, 2)}\n`).catch(cannotWrite(out))
      },
    )
  evidence
    .command('key')
    .description('print the public key of this installation, for those who verify elsewhere')
    .option('--live', 'the one by which the server signs what is handed in on its pages', false)
    .action(async ({ live }: { live: boolean }) => {
      const key = live ? await liveKey() : await commandsKey()
      if (!key) {
        throw new VethlabError('argument.invalid', 'nothing was handed in yet, so there is none', {
          place: '--live',
          cure: 'Start `vethlab serve` once.',
        })
      }
      process.stderr.write(`${fingerprintOf(key)}\n`)
      process.stdout.write(key.export({ type: 'spki', format: 'pem' }))
    })
  return evidence
}

async function commandsKey(): Promise<KeyObject> {
  return publicOf(await ownKey(StateDirectory.at().evidenceKeys.commands))
}

/** The server's own; undefined where there is none. The file is the web's: what lies there is read as its user. */
async function liveKey(): Promise<KeyObject | undefined> {
  const { asWeb, state } = await recordsPlace({})
  const bytes = await asWeb(() => readFrom(state.evidenceKeys.web, mostKeyBytes).catch(() => undefined))
  try {
    return bytes && publicOf(createPrivateKey(bytes))
  } catch {
    // Whatever lies there is no key, so that it has signed nothing.
    return undefined
  }
}

const mostKeyBytes = 64 * 1024

/** Those whose signature counts. */
async function keysOf(file: string | undefined): Promise<KeyObject[]> {
  if (file === undefined) return [await commandsKey(), ...[(await liveKey()) ?? []].flat()]
  try {
    return [readPublic(await readFile(file, 'utf8'))]
  } catch (error) {
    const what = `is no public key: ${oneLine((error as Error).message, 120)}`
    throw new VethlabError('argument.invalid', what, {
      place: `--key ${oneLine(file, 200)}`,
      cure: 'Name what `vethlab evidence key` has printed.',
    })
  }
}

async function open(folder: string, key: string | undefined): Promise<Bundle> {
  return readBundle(folder, ...(await keysOf(key)))
}

function told(before: Result, { result, checks, isSameLab, gone }: Regrading, language: Language): string {
  const ids = (how: Rejudged['how']) => checks.filter((check) => check.how === how).map(({ id }) => id)
  const list = (words: string, names: string[]) => (names.length === 0 ? [] : [`${words}: ${names.join(', ')}`])
  const changed = checks.filter(({ before: then, now }) => then?.state !== now.state || then?.points !== now.points)
  return `${[
    `${pointsText(before, language)} -> ${pointsText(result, language)}`,
    isSameLab ? 'the lab is the same as then' : 'the lab has changed since',
    ...changed.flatMap((check) => changeOf(check, language)),
    ...(changed.length === 0 ? ['no verdict has changed'] : []),
    ...list('with what was answered then', ids('answered')),
    ...list('kept, since they rest on time', ids('kept')),
    ...list('nothing was captured for', ids('nothing')),
    ...list('no longer in the lab', gone),
  ].join('\n')}\n`
}

/** `web.2 port: failed -> passed`, and why, from the side on which it failed. */
function changeOf({ id, before, now }: Rejudged, language: Language): string[] {
  const was = before ? stateWord(before.state, language) : 'new'
  const why = (when: string, check: Rejudged['now']) =>
    findings(check, language).map(({ label, text }) => `  ${when}, ${label}: ${oneLine(text)}`)
  return [
    `${id} ${now.check}: ${was} -> ${stateWord(now.state, language)}`,
    ...(before ? why('then', before) : []),
    ...why('now', now),
  ]
}

function invalid(folder: string, what: string, cure: string): VethlabError {
  return new VethlabError('evidence.invalid', what, { place: oneLine(folder, 200), cure })
}

function cannotWrite(path: string): (error: Error) => never {
  return (error) => {
    const what = `can't be written: ${oneLine(error.message, 200)}`
    throw new VethlabError('argument.invalid', what, {
      place: `--out ${oneLine(path, 200)}`,
      cure: 'Name a file in a folder that is there.',
    })
  }
}
