import { createHash } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { didYouMean, schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { answerId, type Lab } from '../lab/lab.js'
import { parseYaml } from '../lab/yaml-file.js'
import { oneLine } from '../wording/one-line.js'
import type { Text } from '../wording/text.js'
import {
  archiveTree,
  type FileTree,
  folderTree,
  largestPacked,
  largestUnpacked,
  mostEntries,
  packerOf,
  readFrom,
  type TreeEntry,
  type TreeFault,
  TreeRefused,
} from './file-tree.js'

/** What a learner hands in for a lab. */
export interface Submission {
  /** In the order in which they run; the checks of `step` are made behind it, else those of all steps at the end. */
  parts: { step?: string; scripts: SubmittedScript[] }[]
  /** By the id of the check. */
  answers: Record<string, string>
  /** What was left out, and why. */
  notes: Text[]
}

/** A submission that can't be read; `said` is the same in both languages, for its student. */
export class SubmissionRefused extends VethlabError {
  constructor(
    place: string,
    [what, cure]: [what: string, cure: string],
    readonly said: Text,
  ) {
    super('submission.invalid', what, { place, cure })
  }
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

/** What lies beside scripts and is none, such as README.md or compose.yaml: a name with another ending, or in capitals. */
const besides = /\.(?!(?:sh|bash)$)[^.]+$|^[A-Z][A-Za-z]*$/

/**
 * Reads a submission: a script for the first docker host; or a folder with a script a host (`node1.sh`, `20-node2.sh`, run
 * in the order of their names); or a folder with such a folder a step; or a zip, tar or tar.gz of such a folder. `answers.yaml` holds
 * answers by id. Line ends may be those of Windows, and scripts need not be executable: systems that take work in often lose that.
 * @throws SubmissionRefused with the place; VethlabError submission.invalid where there is none at all
 */
export async function readSubmission(path: string, lab: Lab): Promise<Submission> {
  const found = await stat(path).catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'EACCES' || code === 'EPERM')
      throw noSubmission(path, { en: "can't be read: there is no permission for it", zh: '没有权限读取' })
  })
  if (!found) throw noSubmission(path, { en: 'there is no such file', zh: '没有这个文件' })
  const real = await realpath(path)
  if (found.isFile()) {
    const packer = await packerOf(real)
    if (packer === undefined) {
      const text = scriptIn(path, await readFrom(real, maxScriptBytes), found.size)
      return { parts: [{ scripts: [{ file: basename(path), host: lab.home, text }] }], answers: {}, notes: [] }
    }
    const steps = lab.steps.map(({ id }) => id)
    return readable(path, async () => new FolderReader(path, await archiveTree(real, packer, steps), lab).read())
  }
  if (!found.isDirectory())
    throw noSubmission(path, { en: 'is neither a file nor a folder', zh: '既不是文件，也不是文件夹' })
  return readable(path, () => new FolderReader(path, folderTree(real), lab).read())
}

/** @throws SubmissionRefused where it is the tree that can't be read */
async function readable(path: string, read: () => Promise<Submission>): Promise<Submission> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof TreeRefused)) throw error
    throw refused(error.entry === undefined ? path : join(path, oneLine(error.entry, 80)), treeReasons[error.fault])
  }
}

/** Of what counts in a submission: what was left out of it changes no grade. 20 hexadecimal digits of SHA-256. */
export function hashOf({ parts, answers }: Submission): string {
  return createHash('sha256').update(JSON.stringify({ parts, answers })).digest('hex').slice(0, 20)
}

/** What is neither a script nor a folder nor an archive, such as a link. */
export function irregular(path: string): SubmissionRefused {
  return refused(path, reasons.irregular)
}

class FolderReader {
  readonly #notes: Text[] = []

  constructor(
    private readonly root: string,
    private readonly tree: FileTree,
    private readonly lab: Lab,
  ) {}

  async read(): Promise<Submission> {
    const { root, tree, lab } = this
    const entries = await tree.entries('')
    const steps = lab.steps.map((step) => step.id)
    const folders = entries.filter(({ kind }) => kind === 'folder')
    const scripts = await this.#scriptsIn('', entries)
    const answers = entries.find(({ name }) => name === answersFile)
    const given = answers ? await this.#answers(answers) : {}
    for (const { name } of folders) {
      if (steps.includes(name)) continue
      throw refused(join(root, name), reasons.noStep(name, steps))
    }
    const parts: Submission['parts'] = scripts.length > 0 ? [{ scripts }] : []
    for (const step of steps.filter((id) => folders.some((folder) => folder.name === id)))
      parts.push({ step, scripts: await this.#scriptsIn(step, await tree.entries(step)) })
    if (parts.length === 0 && Object.keys(given).length === 0) {
      const hosts = lab.plan.hosts.map((host) => `${host.name}.sh`)
      throw refused(root, reasons.noScript(hosts))
    }
    return { parts, answers: given, notes: this.#notes }
  }

  async #scriptsIn(below: string, entries: TreeEntry[]): Promise<SubmittedScript[]> {
    const scripts: SubmittedScript[] = []
    const hosts = this.lab.plan.hosts.map((host) => host.name)
    for (const entry of entries.filter(({ kind, name }) => kind !== 'folder' && name !== answersFile)) {
      const file = join(below, entry.name)
      const path = join(this.root, file)
      const host = scriptName.exec(entry.name)?.[1] ?? ''
      if (hosts.includes(host)) {
        if (entry.kind !== 'file') throw irregular(path)
        scripts.push({ file, host, text: scriptIn(path, await this.tree.read(file, maxScriptBytes), entry.bytes) })
      } else if (besides.test(entry.name)) {
        this.#note(file, 'is no script, and was left out', '不是脚本，没有用到')
      } else {
        throw refused(path, reasons.noHost(host, hosts))
      }
    }
    return scripts
  }

  async #answers({ kind, bytes }: TreeEntry): Promise<Record<string, string>> {
    const path = join(this.root, answersFile)
    if (kind !== 'file' || bytes > maxScriptBytes) throw refused(path, reasons.noAnswers('', ''))
    const yaml = parseYaml(utf8(path, await this.tree.read(answersFile, maxScriptBytes)))
    const [problem] = yaml.problems
    if (problem) throw refused(`${path}:${problem.line}`, reasons.noAnswers(problem.what, `第 ${problem.line} 行`))
    const schema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    const parsed = safeParse(schema, yaml.value ?? {})
    if (!parsed.success) {
      const issue = schemaIssues(schema, parsed.error, yaml.value ?? {})[0]!
      const line = yaml.lineOf(issue.path)
      throw refused(`${path}:${line}`, reasons.noAnswers(issue.what, `第 ${line} 行`))
    }
    const ids = this.lab.steps.flatMap((step) => step.checks).flatMap((check) => answerId(check) ?? [])
    const known = Object.entries(parsed.data).filter(([id]) => ids.includes(id))
    for (const id of Object.keys(parsed.data)) {
      if (ids.includes(id)) continue
      const name = oneLine(id, 80)
      const place = `${answersFile}:${yaml.lineOf([id])}`
      const list = ids.join(', ') || 'none'
      this.#note(
        place,
        `nothing asks for "${name}", and it was left out. ${didYouMean(id, ids)}Answers are: ${list}.`,
        `没有哪个问题的编号是“${name}”，这一条没有用到。问题编号有：${ids.join('、') || '无'}。`,
      )
    }
    return Object.fromEntries(known)
  }

  #note(place: string, en: string, zh: string): void {
    const shown = oneLine(place, 200)
    this.#notes.push({ en: `${shown}: ${en}`, zh: `${shown}：${zh}` })
  }
}

/**
 * Answers that a script printed, the last of each: a line `answer ID: TEXT`, for what only the network itself can tell, such as the
 * name of a link. Other lines, and ids that no question has, are output like any other.
 */
export function answersIn(output: string, { steps }: Lab): Record<string, string> {
  const ids = new Set(steps.flatMap(({ checks }) => checks).flatMap((check) => answerId(check) ?? []))
  const lines = output.matchAll(/^answer ([a-z][a-z0-9-]{0,63}): *(.*?)\r?$/gm)
  return Object.fromEntries([...lines].filter(([, id]) => ids.has(id!)).map(([, id, text]) => [id!, text!]))
}

/** @param size of the whole, of which no more than what is allowed was read */
function scriptIn(path: string, bytes: Buffer, size: number): string {
  if (size > maxScriptBytes) throw refused(path, reasons.tooLarge(size))
  if (size === 0) throw refused(path, reasons.empty)
  if (bytes.includes(0)) throw refused(path, reasons.binary)
  return utf8(path, bytes).replaceAll('\r\n', '\n')
}

function utf8(place: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused(place, reasons.encoding)
  }
}

/** What is wrong, what helps, and both in Chinese. */
type Reason = readonly [what: string, cure: string, zh: string]

const reasons = {
  noStep: (name: string, steps: string[]): Reason => [
    'is the name of no step',
    `${didYouMean(name, steps)}Steps are: ${steps.join(', ')}.`,
    `没有叫这个名字的步骤。步骤有：${steps.join('、')}。`,
  ],
  noScript: (files: string[]): Reason => [
    'is a folder without a script',
    `Put one a host into it: ${files.join(', ')}.`,
    `文件夹里没有脚本。请为每台主机放一个：${files.join('、')}。`,
  ],
  noHost: (name: string, hosts: string[]): Reason => [
    'is named after no host',
    `${didYouMean(name, hosts)}Hosts are: ${hosts.join(', ')}; call it ${hosts[0]}.sh, or 10-${hosts[0]}.sh.`,
    `文件名不对应任何主机。主机有：${hosts.join('、')}；请命名为 ${hosts[0]}.sh 或 10-${hosts[0]}.sh。`,
  ],
  noAnswers: (en: string, zh: string): Reason => [
    en || 'is no file of answers',
    'Write `ID: answer` lines.',
    `${zh}不是答案的写法。请每行写一条 \`编号: 答案\`。`,
  ],
  irregular: ['is no regular file', 'Copy the script itself.', '不是普通文件。请提交脚本本身。'],
  tooLarge: (size: number): Reason => [
    `has ${size} bytes, and at most ${maxScriptBytes} are allowed`,
    'Hand in the script alone.',
    `有 ${size} 字节，最多允许 ${maxScriptBytes} 字节。请只提交脚本。`,
  ],
  empty: ['is empty', 'Write the commands into it.', '是空文件。请把命令写进去。'],
  binary: ['is no script but a binary file', 'Hand in a script.', '是二进制文件，不是脚本。请提交脚本。'],
  encoding: ['is not UTF-8', 'Save it as UTF-8.', '不是 UTF-8 编码。请保存为 UTF-8。'],
} as const satisfies Record<string, Reason | ((...args: never[]) => Reason)>

const mebibytes = (bytes: number) => `${bytes / 1024 ** 2} MiB`

const treeReasons: Record<TreeFault, Reason> = {
  'packed-large': [
    `is larger than ${mebibytes(largestPacked)}`,
    'Hand in the scripts alone.',
    `大于 ${mebibytes(largestPacked)}。请只提交脚本。`,
  ],
  large: [
    `has more than ${mebibytes(largestUnpacked)} in it`,
    'Hand in the scripts alone.',
    `解开后超过 ${mebibytes(largestUnpacked)}。请只提交脚本。`,
  ],
  many: [
    `has more than ${mostEntries} files in it`,
    'Hand in the scripts alone.',
    `里面的文件超过 ${mostEntries} 个。请只提交脚本。`,
  ],
  outside: [
    'has a name that leads out of the archive, or is too long',
    'Pack the folder of the scripts anew.',
    '这个名字指向压缩包之外，或者过长。请重新打包脚本所在的文件夹。',
  ],
  link: ['is a link', 'Pack the scripts themselves.', '是链接。请打包脚本本身。'],
  special: ['is neither a file nor a folder', 'Pack the scripts alone.', '既不是文件，也不是文件夹。请只打包脚本。'],
  twice: ['is in the archive twice', 'Pack the folder of the scripts anew.', '在压缩包里出现了两次。请重新打包。'],
  encrypted: ['is encrypted', 'Pack it without a password.', '有密码保护。请不加密码重新打包。'],
  packer: [
    'is packed in a way that is not read',
    'Hand in a zip or a tar.gz.',
    '压缩格式不支持。请提交 zip 或 tar.gz。',
  ],
  broken: ['is no whole archive', 'Pack and upload it again.', '压缩包不完整。请重新打包并上传。'],
}

function refused(path: string, [what, cure, zh]: Reason): SubmissionRefused {
  const place = oneLine(path, 200)
  const file = oneLine(basename(path), 200)
  return new SubmissionRefused(place, [what, cure], { en: `${file}: ${what}. ${cure}`, zh: `${file}：${zh}` })
}

/** Nothing was handed in there, so that nobody can have handed in something wrong. */
function noSubmission(path: string, what: Text): VethlabError {
  const cure = 'Name a script, or a folder with a script a host.'
  const zh = { what: what.zh, cure: '请指定一个脚本，或一个每台主机有一个脚本的文件夹。' }
  return new VethlabError('submission.invalid', what.en, { place: oneLine(path, 200), cure, zh })
}
