import { open, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { labFolder } from '../lab/catalogue.js'
import { loadLab } from '../lab/read-lab.js'
import { requireFeatures } from '../machine/features.js'
import { fromPackage } from '../package-root.js'
import { junit } from '../report/junit.js'
import { readable } from '../report/text.js'
import { grade } from '../trial/grade.js'
import { readSubmission } from '../trial/submission.js'
import { oneLine } from '../wording/one-line.js'
import { languages } from '../wording/text.js'
import { withOwnRacks } from './own-racks.js'
import { wholeNumber } from './whole-number.js'

interface GradeCommandOptions {
  json: boolean
  junit?: string
  timeout: number
  lang: string
}

/** Exit codes, as those who call it from a course's system switch on them. */
const exitCodes = { pass: 0, fail: 1, error: 2 } as const

export function gradeCommand(): Command {
  return new Command('grade')
    .description('grade a submission in a fresh rack; exit code 0 passed, 1 failed, 2 could not tell')
    .argument('<lab>', 'id or folder')
    .argument('<submission>', 'a script, or a folder with a script a host')
    .option('--json', 'print a JSON document', false)
    .option('--junit <file>', 'write a JUnit report, too')
    .option('--timeout <seconds>', 'deadline of the submission', wholeNumber(1, 86_400), 120)
    .option('--lang <language>', 'of the report: en or zh', 'en')
    .action(async (name: string, path: string, options: GradeCommandOptions) => {
      const language = languages.find((candidate) => candidate === options.lang)
      if (!language) {
        throw new VethlabError('argument.invalid', `"${oneLine(options.lang, 20)}" is no language`, {
          place: '--lang',
          cure: 'Say en or zh.',
        })
      }
      if (options.junit !== undefined) await requireWritable(options.junit)
      const lab = await loadLab(await labFolder(fromPackage('labs'), name))
      const submission = await readSubmission(path, lab)
      await requireFeatures(lab.requires)
      const report = await withOwnRacks((racks, signal) =>
        grade(racks, lab, submission, {
          timeoutMs: options.timeout * 1000,
          signal,
          say: (line) => process.stderr.write(`${line}\n`),
        }),
      )
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : readable(report, language))
      process.exitCode = exitCodes[report.outcome]
      if (options.junit !== undefined)
        await writeFile(options.junit, junit(report, language)).catch(cannotWrite(options.junit))
    })
}

/** Before a rack is opened for it: the grade takes a while, and is printed whatever becomes of the report. */
async function requireWritable(path: string): Promise<void> {
  const file = await open(path, 'a').catch(cannotWrite(path))
  await file.close()
}

function cannotWrite(path: string): (error: Error) => never {
  return (error) => {
    throw new VethlabError('argument.invalid', `can't be written: ${oneLine(error.message, 200)}`, {
      place: `--junit ${oneLine(path, 200)}`,
      cure: 'Name a file in a folder that is there.',
    })
  }
}
