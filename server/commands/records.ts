import { constants, createReadStream, openSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { isAlive, type ProcessIdentity, readRecord } from '../rack/record.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { copyOf, exportLines, importLines } from '../store/archive.js'
import { forgetLearner } from '../store/outbox.js'
import { addressText } from '../store/postgres-database.js'
import { ask } from '../store/query.js'
import { deleteLearner, readLocalLearner } from '../store/reads.js'
import { databaseOption } from './database.js'
import { type RecordsOptions, recordsPlace, requireRecords } from './records-place.js'
import { recordOf } from './serve.js'

export function recordsCommand(): Command {
  const records = new Command('records').description(
    'what is kept of learners: copies of it, and what is to be deleted',
  )
  const command = (name: string, description: string) =>
    records
      .command(name)
      .description(description)
      .option('--state <directory>', 'the state directory')
      .addOption(databaseOption())
  command('export', 'all records as JSON Lines, on stdout')
    .option('--output <file>', 'write a new file, for its owner alone')
    .action(exportRecords)
  command('import', 'put an export into records that are empty: all of it, or nothing')
    .argument('<file>', 'an export; -: from stdin')
    .action(importRecords)
  command('backup', 'a copy of the SQLite file, also while the server runs')
    .argument('<file>', 'the new file')
    .action(backup)
  command('delete-learner', 'delete a learner with all that is kept of them')
    .argument('<id>', 'as an export has it; local: the learner of a server without accounts')
    .option('--yes', 'really', false)
    .action(deleteRecordsOf)
  return records
}

async function exportRecords({ output, ...options }: RecordsOptions & { output?: string }): Promise<void> {
  const where = await recordsPlace(options)
  if (output === undefined)
    return where.use((archive) => pipeline(Readable.from(exportLines(archive)), process.stdout, { end: false }))
  await intoNewFile(output, async (path) => {
    const file = await open(path, 'r+')
    await where.use((archive) => pipeline(Readable.from(exportLines(archive)), file.createWriteStream({ flush: true })))
  })
}

async function importRecords(file: string, options: RecordsOptions): Promise<void> {
  const where = await recordsPlace(options)
  await requireNoServer(where.state)
  const input = file === '-' ? process.stdin : createReadStream('', { fd: opened(file) })
  const rows = await where.use((archive) => importLines(archive, input))
  process.stdout.write(`${rows} rows are imported into ${where.name}\n`)
}

async function backup(file: string, options: RecordsOptions): Promise<void> {
  const where = await recordsPlace(options)
  const address = where.database
  if (address !== undefined) {
    process.stdout.write(`pg_dump --format=custom --file=${quoted(file)} ${quoted(addressText(address))}\n`)
    throw new VethlabError('argument.invalid', 'is copied by PostgreSQL’s own tools', {
      place: where.name,
      cure: 'Run the command above, or `vethlab records export`.',
    })
  }
  await requireRecords(where)
  await intoNewFile(file, async (path) => {
    // Made where the web's user may write, as that user: root follows no link that it could have laid.
    const copy = join(where.state.records, `backup-${process.pid}.sqlite`)
    await where.asWeb(async () => {
      await rm(copy, { force: true })
      await copyOf(where.path, copy)
    })
    try {
      const from = await where.asWeb(() => open(copy, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
      const to = await open(path, 'r+')
      await pipeline(from.createReadStream(), to.createWriteStream({ flush: true }))
    } finally {
      await rm(copy, { force: true })
    }
  })
  process.stderr.write(`${file} is a copy of ${where.path}\n`)
}

async function deleteRecordsOf(id: string, { yes, ...options }: RecordsOptions & { yes: boolean }): Promise<void> {
  const where = await recordsPlace(options)
  if (where.database === undefined) await requireRecords(where)
  const found = await where.use(async (archive) => {
    const local = await archive.ask(readLocalLearner())
    const learner = id === 'local' ? local : id
    const rows = learner === undefined ? [] : await archive.ask(ask('SELECT id FROM learner WHERE id = ?', learner))
    return rows.length === 0 ? undefined : { learner: learner!, isLocal: learner === local }
  })
  if (!found) {
    throw new VethlabError('records.refused', 'is no learner on record', {
      place: id,
      cure: '`vethlab records export` has all of them, a line each.',
    })
  }
  const { learner, isLocal } = found
  // The server would go on with one who is not there.
  if (isLocal) await requireNoServer(where.state)
  if (!yes) {
    throw new VethlabError('argument.invalid', 'would be deleted for ever, with all sessions, answers and verdicts', {
      place: `learner ${learner}`,
      cure: 'Say --yes where that is meant; `vethlab records export` keeps a copy.',
    })
  }
  const { ids, deleted } = await where.use(async (archive) => ({
    ids: await archive.ask(ask<{ id: string }>('SELECT id FROM session WHERE learner = ?', learner)),
    deleted: await archive.ask(deleteLearner(learner)),
  }))
  if (where.database !== undefined) {
    const sessions = ids.map((session) => session.id)
    await where.inOutbox((archive) => archive.ask(forgetLearner(learner, sessions)))
  }
  // Of the web's user alone, wherever links of it may lead.
  if (/^[0-9a-f]{32}$/.test(learner))
    await where.asWeb(() => rm(join(where.state.evidence, learner), { recursive: true, force: true }))
  const { sessions = 0, verdicts = 0, answers = 0 } = deleted ?? {}
  process.stdout.write(
    `learner ${learner} is deleted: ${sessions} sessions, ${verdicts} verdicts, ${answers} answers\n`,
  )
}

/** @throws VethlabError serve.running */
async function requireNoServer(state: StateDirectory): Promise<void> {
  const server = await readRecord<ProcessIdentity>(recordOf(state))
  if (!isAlive(server)) return
  throw new VethlabError('serve.running', `process ${server?.pid} works with these records`, {
    place: state.root,
    cure: 'End it first.',
  })
}

/** A file that was not there, for root alone; gone again where the work fails. @throws VethlabError argument.invalid */
async function intoNewFile(path: string, write: (path: string) => Promise<void>): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    throw unusable(path, error, 'Name a file that is not there, in a directory that is.')
  }
  try {
    await write(path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw unusable(path, error, 'Name an export.')
  }
}

function unusable(path: string, error: unknown, cure: string): VethlabError {
  return new VethlabError('argument.invalid', (error as NodeJS.ErrnoException).message, {
    place: path,
    cure,
    cause: error,
  })
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
