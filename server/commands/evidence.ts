import { createPrivateKey, type KeyObject } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { invalidArgument } from '../error/invalid-argument.js'
import { messageIn } from '../error/message-in.js'
import { VethlabError } from '../error/vethlab-error.js'
import { type BundlePlace, bundlesIn } from '../evidence/bundles.js'
import { evidencePage } from '../evidence/page.js'
import { type Bundle, readBundle, resultOf, stateOf, verdictsOf } from '../evidence/read-bundle.js'
import { type Regrading, regrade } from '../evidence/regrade.js'
import { fingerprintOf, ownKey, publicOf, readPublic } from '../evidence/seal.js'
import { type LabShelves, labFolder } from '../lab/catalogue.js'
import type { Lab } from '../lab/lab.js'
import { practiceSeed } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { StateDirectory } from '../rack/state-directory.js'
import type { Result } from '../report/result.js'
import { words } from '../report/words.js'
import { readFrom } from '../trial/file-tree.js'
import { oneLine } from '../wording/one-line.js'
import { type Language, languages } from '../wording/text.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'
import { recordsPlace } from './records-place.js'
import { evidenceWords, type Outcome, regradingLines, regradingTable } from './told-of-evidence.js'

interface EvidenceOptions {
  key?: string
  lang: Language
}

interface RegradeOptions extends EvidenceOptions, LabsOption {
  lab?: string
  out?: string
}

export function evidenceCommand(): Command {
  const evidence = new Command('evidence').description(
    'what a grade was found by: is it whole, show it, judge it again',
  )
  const command = (name: string, description: string, argument: string) =>
    evidence
      .command(name)
      .description(description)
      .argument('<bundle>', argument)
      .option('--key <file>', 'public key of who graded, in PEM; those of this installation by default')
      .addOption(new Option('--lang <language>', 'of what was found').choices(languages).default('en'))
  const one = 'a folder that `vethlab grade --evidence` wrote'
  const several = 'a folder of one grading, or all of them: what `vethlab grade --evidence` wrote'

  command('verify', 'whether all is as it was signed; exit code 0 yes, 1 no, 2 it is no bundle', several).action(
    async (folder: string, { key, lang }: EvidenceOptions) => {
      const keys = await keysOf(key)
      const many = await bundlesIn(folder)
      process.exitCode = many
        ? await verifyMany(many, keys, lang)
        : tellVerified(await readBundle(folder, ...keys), lang)
    },
  )
  command('show', 'write one page with all of it, to be read without a network', one)
    .option('--out <file>', 'the page; evidence.html by default', 'evidence.html')
    .action(async (folder: string, { key, lang, out }: EvidenceOptions & { out: string }) => {
      const read = await readBundle(folder, ...(await keysOf(key)))
      const page = evidencePage(folder, read, read.signedBy ? fingerprintOf(read.signedBy) : '', lang)
      await writeFile(out, page).catch(cannotWrite(out))
      process.stdout.write(`${out}\n`)
    })
  command(
    'regrade',
    "judge what was captured by the lab's checks of today; nothing is run. Of all of a folder, " +
      'exit code 0 all that were run were judged, 1 some are not as they were signed, 2 some are no bundles or their lab is not there',
    several,
  )
    .option('--lab <lab>', 'id or folder; by default the lab that the bundle names')
    .addOption(labsOption())
    .option(
      '--out <path>',
      'write the new result there, as `vethlab grade --format json` does; of many, into that folder',
    )
    .action(async (folder: string, { key, lang, lab, labs: further, out }: RegradeOptions) => {
      const keys = await keysOf(key)
      const labs = new LabsOfToday(shelvesOf({ labs: further }), lab)
      const many = await bundlesIn(folder)
      if (many) {
        process.exitCode = await regradeMany(many, { keys, labs, language: lang, out })
        return
      }
      const read = await readBundle(folder, ...keys)
      const [fault] = read.faults
      if (fault !== undefined) {
        const cure = 'Take a copy that `vethlab evidence verify` passes.'
        throw invalid(folder, `is not as it was signed: ${fault.en}`, cure, {
          what: `与签名时不一致（${fault.zh}）`,
          cure: '请使用能通过 `vethlab evidence verify` 的副本。',
        })
      }
      const { before, again } = await judgedAgain(folder, read, labs)
      if (!again) {
        throw invalid(folder, 'has nothing that could be judged: nothing was run', 'Grade the work anew.', {
          what: '没有可判定的内容，当时没有运行任何东西',
          cure: '请重新评分。',
        })
      }
      process.stdout.write(`${regradingLines(before, again, lang).join('\n')}\n`)
      if (out !== undefined) await writeFile(out, jsonOf(again.result)).catch(cannotWrite(out))
    })
  evidence
    .command('key')
    .description('print the public key of this installation, for those who verify elsewhere')
    .option('--live', 'the one by which the server signs what is handed in on its pages', false)
    .action(async ({ live }: { live: boolean }) => {
      const key = live ? await liveKey() : await commandsKey()
      if (!key) {
        const cure = 'Start `vethlab serve` once.'
        throw invalidArgument('--live', 'nothing was handed in yet, so there is none', cure, {
          what: '还没有人提交过，所以没有这把密钥',
          cure: '请先启动一次 `vethlab serve`。',
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
    const said = oneLine((error as Error).message, 120)
    const cure = 'Name what `vethlab evidence key` has printed.'
    throw invalidArgument(`--key ${file}`, `is no public key: ${said}`, cure, {
      what: `不是公钥（${said}）`,
      cure: '请指定 `vethlab evidence key` 打印的内容。',
    })
  }
}

/** Prints whether one is whole. @returns the exit code */
function tellVerified({ faults, manifest, signedBy }: Bundle, language: Language, before = ''): 0 | 1 {
  const { lab, madeAt, files } = manifest
  const lines =
    faults.length > 0
      ? faults.map((fault) => fault[language])
      : [evidenceWords(language).whole(files.length, lab.id, madeAt, fingerprintOf(signedBy!))]
  for (const line of lines) process.stdout.write(`${before}${line}\n`)
  return faults.length > 0 ? 1 : 0
}

/** Prints it of each, and how many are. @returns the exit code: that of the worst */
async function verifyMany(
  places: readonly BundlePlace[],
  keys: readonly KeyObject[],
  language: Language,
): Promise<0 | 1 | 2> {
  const codes: (0 | 1 | 2)[] = []
  for (const { name, path } of places) {
    const before = `${oneLine(name, 80)}${words[language].colon}`
    const read = await readBundle(path, ...keys).catch(asExpected)
    if (read instanceof VethlabError) {
      process.stdout.write(`${before}${whatIn(read, language)}\n`)
      codes.push(2)
    } else codes.push(tellVerified(read, language, before))
  }
  const count = (wanted: 0 | 1 | 2) => codes.filter((code) => code === wanted).length
  process.stdout.write(`${evidenceWords(language).verified(codes.length, count(0), count(1), count(2))}\n`)
  return count(2) > 0 ? 2 : count(1) > 0 ? 1 : 0
}

/** The labs by which bundles are judged, each read once. */
class LabsOfToday {
  readonly #read = new Map<string, Promise<Lab>>()

  /** @param name in place of those that bundles name */
  constructor(
    private readonly shelves: Required<LabShelves>,
    private readonly name: string | undefined,
  ) {}

  /** @throws VethlabError lab.not-found, lab.invalid */
  async of(id: string, seed: string | undefined): Promise<Lab> {
    const name = this.name ?? id
    const read = this.#read.get(name) ?? labFolder(this.shelves, name).then((folder) => loadLab(folder))
    this.#read.set(name, read)
    return withSeed(await read, seed ?? practiceSeed)
  }
}

/** `again` is undefined where nothing was run. @throws VethlabError evidence.invalid, lab.not-found, lab.invalid */
async function judgedAgain(
  folder: string,
  read: Bundle,
  labs: LabsOfToday,
): Promise<{ before: Result; again: Regrading | undefined }> {
  const before = resultOf(folder, read)
  const verdicts = verdictsOf(folder, read)
  if (!verdicts) return { before, again: undefined }
  const lab = await labs.of(read.manifest.lab.id, before.assignment.seed)
  return { before, again: await regrade(lab, before, verdicts, (state) => stateOf(folder, read, state)) }
}

/** Judges all again, prints who changed and why, and writes the new results. @returns the exit code: that of the worst */
async function regradeMany(
  places: readonly BundlePlace[],
  {
    keys,
    labs,
    language,
    out,
  }: { keys: readonly KeyObject[]; labs: LabsOfToday; language: Language; out: string | undefined },
): Promise<0 | 1 | 2> {
  const fileFor = (name: string) => join(out!, `${name}.json`)
  if (out !== undefined) {
    await mkdir(out, { recursive: true }).catch(cannotWrite(out))
    const there = new Set(await readdir(out))
    // Results of before stay: both are wanted for a score.
    const taken = places.find(({ name }) => there.has(`${name}.json`))
    if (taken) {
      throw invalidArgument(`--out ${fileFor(taken.name)}`, 'is there already', 'Name another folder.', {
        what: '已经存在',
        cure: '请指定另一个文件夹。',
      })
    }
  }
  const outcomes: Outcome[] = []
  let worst: 0 | 1 | 2 = 0
  for (const { name, path } of places) {
    const read = await readBundle(path, ...keys).catch(asExpected)
    const found =
      read instanceof VethlabError || read.faults.length > 0
        ? read
        : await judgedAgain(path, read, labs).catch(asExpected)
    if (found instanceof VethlabError) {
      outcomes.push({ name, fault: whatIn(found, language) })
      worst = 2
    } else if ('faults' in found) {
      outcomes.push({ name, fault: evidenceWords(language).notSigned(found.faults[0]![language]) })
      if (worst === 0) worst = 1
    } else {
      outcomes.push({ name, ...found })
      if (out !== undefined && found.again)
        await writeFile(fileFor(name), jsonOf(found.again.result), { flag: 'wx' }).catch(cannotWrite(out))
    }
  }
  process.stdout.write(regradingTable(outcomes, language))
  return worst
}

/** One of many that can't be read, or whose lab is not there, ends nothing. */
function asExpected(error: unknown): VethlabError {
  if (error instanceof VethlabError) return error
  throw error
}

/** What is wrong; of a bundle without its place, which is named before it. */
function whatIn(error: VethlabError, language: Language): string {
  if (error.code !== 'evidence.invalid') return messageIn(error, language)
  return language === 'zh' ? (error.zh?.what ?? error.what) : error.what
}

function jsonOf(result: Result): string {
  return `${JSON.stringify(result, null, 2)}\n`
}

function invalid(folder: string, what: string, cure: string, zh: { what: string; cure: string }): VethlabError {
  return new VethlabError('evidence.invalid', what, { place: oneLine(folder, 200), cure, zh })
}

function cannotWrite(path: string): (error: Error) => never {
  return (error) => {
    const said = oneLine(error.message, 200)
    throw invalidArgument(`--out ${path}`, `can't be written: ${said}`, 'Name a file in a folder that is there.', {
      what: `无法写入（${said}）`,
      cure: '请指定一个已有文件夹里的文件。',
    })
  }
}
