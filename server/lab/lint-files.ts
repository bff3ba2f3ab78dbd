import { execFile } from 'node:child_process'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { familyOf } from '../check/checks.js'
import { didYouMean } from '../error/schema-issue.js'
import { languages } from '../wording/text.js'
import type { Lab, Say } from './lab.js'
import { languageNames } from './languages.js'
import type { Position } from './yaml-file.js'

/** All that a lab's folder may have. */
const known = [
  ...['lab.yaml', 'en.md', 'zh.md', 'setup.sh', 'solution', 'alternatives', 'mistakes', 'checks', 'files'],
  // What an import has to say.
  'IMPORT.md',
]
const parseMs = 5_000

/** What is wrong with the files of a lab beside what is in them: names that mean nothing, scripts that can't run. */
export async function lintFiles(lab: Lab, say: Say): Promise<void> {
  const names = await readdir(lab.directory)
  for (const name of names) {
    const foreign = languages.find((language) => name === `${language}.md` && !lab.languages.includes(language))
    if (foreign)
      say(
        name,
        1,
        `means nothing: the lab is not in ${languageNames[foreign]}`,
        'Take it away, or add it to `languages`.',
      )
    if (known.includes(name) || name.startsWith('.')) continue
    say(name, 1, 'means nothing in a lab', `${didYouMean(name, known)}A lab has: ${known.join(', ')}.`)
  }
  if (lab.setup !== undefined) await lintSetup(lab, say)
  for (const step of lab.steps) {
    for (const [n, check] of step.checks.entries()) {
      for (const file of familyOf(check).files?.(check.spec) ?? []) await lintScript(lab, file, step.checksAt[n]!, say)
    }
  }
}

/** bash reads it and runs nothing of it (bash(1), -n). */
async function lintSetup(lab: Lab, say: Say): Promise<void> {
  const reading = promisify(execFile)('bash', ['-n', join(lab.directory, 'setup.sh')], { timeout: parseMs })
  const error = await reading.then(
    () => undefined,
    (thrown: { stderr?: string }) => thrown.stderr ?? '',
  )
  if (error === undefined) return
  const [, line = '1', what = 'cannot be read'] = /: line (\d+): (.*)/.exec(error) ?? []
  say('setup.sh', Number(line), `bash says: ${what}`, 'Mend the script; `bash -n setup.sh` reads it too.')
}

async function lintScript(lab: Lab, file: string, at: Position, say: Say): Promise<void> {
  const found = await lstat(join(lab.directory, file)).catch(() => undefined)
  if (found === undefined) say('lab.yaml', at, `there is no ${file}`, 'Write it, or mend `run`.')
  else if (!found.isFile()) say(file, 1, 'is no file', 'Put the script itself there, no link to it.')
  else if ((found.mode & 0o111) === 0) say(file, 1, 'is not executable', `chmod +x ${file}`)
}
