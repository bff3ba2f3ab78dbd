import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { didYouMean, schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { answerId, type Lab } from '../lab/lab.js'
import { parseYaml } from '../lab/yaml-file.js'
import { oneLine } from '../wording/one-line.js'

/** What a learner hands in for a lab. */
export interface Submission {
  /** In the order in which they run; the checks of `step` are made behind it, else those of all steps at the end. */
  parts: { step?: string; scripts: SubmittedScript[] }[]
  /** By the id of the check. */
  answers: Record<string, string>
}

export interface SubmittedScript {
  /** Below the submission. */
  file: string
  host: string
  text: string
}

/** The longest argument of a program (MAX_ARG_STRLEN, execve(2)) is 128 KiB, and no exercise needs as much. */
const maxScriptBytes = 100 * 1024
const answersFile = 'answers.yaml'
const scriptName = /^(?:\d{1,4}-)?([a-z][a-z0-9-]*?)(?:\.(?:sh|bash))?$/

/**
 * Reads a submission: a script for the first docker host; or a folder with a script a host (`node1.sh`, `20-node2.sh`, run
 * in the order of their names); or a folder with such a folder a step. `answers.yaml` holds answers by id.
 * @throws VethlabError submission.invalid with the place
 */
export async function readSubmission(path: string, lab: Lab): Promise<Submission> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw invalid(path, 'there is no such file', 'Name a script, or a folder with a script a host.')
  if (found.isFile()) {
    return {
      parts: [{ scripts: [{ file: basename(path), host: lab.home, text: await scriptText(path, found) }] }],
      answers: {},
    }
  }
  if (!found.isDirectory())
    throw invalid(path, 'is neither a file nor a folder', 'Name a script, or a folder with a script a host.')

  const entries = await entriesOf(path)
  const steps = lab.steps.map((step) => step.id)
  const folders = entries.filter((entry) => entry.isDirectory())
  const scripts = await scriptsIn(path, '', entries, lab)
  const answers = entries.some((entry) => entry.name === answersFile)
    ? await readAnswers(join(path, answersFile), lab)
    : {}
  for (const { name } of folders) {
    if (steps.includes(name)) continue
    throw invalid(
      join(path, name),
      'is the name of no step',
      `${didYouMean(name, steps)}Steps are: ${steps.join(', ')}.`,
    )
  }
  const parts: Submission['parts'] = scripts.length > 0 ? [{ scripts }] : []
  for (const step of steps.filter((id) => folders.some((folder) => folder.name === id))) {
    const folder = join(path, step)
    parts.push({ step, scripts: await scriptsIn(folder, step, await entriesOf(folder), lab) })
  }
  if (parts.length === 0 && Object.keys(answers).length === 0) {
    const hosts = lab.plan.hosts.map((host) => `${host.name}.sh`)
    throw invalid(path, 'is a folder without a script', `Put one a host into it: ${hosts.join(', ')}.`)
  }
  return { parts, answers }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter((entry) => !entry.name.startsWith('.')).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function scriptsIn(folder: string, below: string, entries: Dirent[], lab: Lab): Promise<SubmittedScript[]> {
  const scripts: SubmittedScript[] = []
  const hosts = lab.plan.hosts.map((host) => host.name)
  for (const { name } of entries.filter((entry) => !entry.isDirectory() && entry.name !== answersFile)) {
    const path = join(folder, name)
    const host = scriptName.exec(name)?.[1] ?? ''
    if (!hosts.includes(host)) {
      throw invalid(
        path,
        'is named after no host',
        `${didYouMean(host, hosts)}Hosts are: ${hosts.join(', ')}; call it ${hosts[0]}.sh, or 10-${hosts[0]}.sh.`,
      )
    }
    scripts.push({ file: join(below, name), host, text: await scriptText(path, await lstat(path)) })
  }
  return scripts
}

async function scriptText(path: string, { mode, size }: Stats): Promise<string> {
  if ((mode & 0o170000) !== 0o100000) throw invalid(path, 'is no regular file', 'Copy the script itself.')
  if (size > maxScriptBytes) {
    throw invalid(path, `has ${size} bytes, and at most ${maxScriptBytes} are allowed`, 'Hand in the script alone.')
  }
  if (size === 0) throw invalid(path, 'is empty', 'Write the commands into it.')
  if ((mode & 0o111) === 0) throw invalid(path, 'is not executable', 'Run `chmod +x` on it.')
  const text = utf8(path, await readFile(path))
  if (text.includes('\0')) throw invalid(path, 'is no script but a binary file', 'Hand in a script.')
  return text
}

function utf8(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid(path, 'is not UTF-8', 'Save it as UTF-8.')
  }
}

async function readAnswers(path: string, lab: Lab): Promise<Record<string, string>> {
  const found = await lstat(path)
  if (!found.isFile() || found.size > maxScriptBytes)
    throw invalid(path, 'is no file of answers', 'Write `ID: answer` lines.')
  const yaml = parseYaml(utf8(path, await readFile(path)))
  const [problem] = yaml.problems
  if (problem) throw invalid(`${path}:${problem.line}`, problem.what, 'Write `ID: answer` lines.')
  const schema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  const parsed = schema.safeParse(yaml.value ?? {})
  if (!parsed.success) {
    const issue = schemaIssues(schema, parsed.error, yaml.value ?? {})[0]!
    throw invalid(`${path}:${yaml.lineOf(issue.path)}`, issue.what, 'Write `ID: answer` lines.')
  }
  const ids = lab.steps.flatMap((step) => step.checks).flatMap((check) => answerId(check) ?? [])
  for (const id of Object.keys(parsed.data)) {
    if (ids.includes(id)) continue
    throw invalid(
      `${path}:${yaml.lineOf([id])}`,
      `nothing asks for "${id}"`,
      `${didYouMean(id, ids)}Answers are: ${ids.join(', ') || 'none'}.`,
    )
  }
  return parsed.data
}

function invalid(path: string, what: string, cure: string): VethlabError {
  return new VethlabError('submission.invalid', what, { place: oneLine(path, 200), cure })
}
