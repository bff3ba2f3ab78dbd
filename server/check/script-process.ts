import { constants } from 'node:fs'
import { access, readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Probe } from '../place/ground.js'
import { Unanswerable } from '../place/unanswerable.js'
import { bare, code } from '../wording/wording.js'

/**
 * Has a file below the lab's `checks/` run, apart from the machine, and returns what it prints.
 * @throws Unanswerable script.missing, script.failed, script.timeout, script.output, script.memory
 */
export async function runScript(
  probe: Probe,
  labDirectory: string,
  file: string,
  { stdin, signal }: { stdin: string; signal: AbortSignal },
): Promise<string> {
  await locate(labDirectory, file, true)
  const run = await probe.runScript(labDirectory, file, { stdin, signal }).catch((error: unknown) => {
    if (signal.aborted) throw trouble.timeout(file)
    throw error
  })
  if (run.ended !== 'exit') throw trouble[run.ended](file)
  if (run.exitCode === 0) return run.stdout
  const said = `${run.signal ?? `exit code ${run.exitCode}`} ${run.stderr}`
  throw new Unanswerable('script.failed', {
    en: `the check's script ${code(file)} did not work: ${bare(said, 200)}`,
    zh: `检查脚本 ${code(file)} 运行失败：${bare(said, 200)}`,
  })
}

const trouble = {
  timeout: (file: string) =>
    new Unanswerable('script.timeout', {
      en: `the check's script ${code(file)} did not end in time`,
      zh: `检查脚本 ${code(file)} 没有在规定时间内结束`,
    }),
  output: (file: string) =>
    new Unanswerable('script.output', {
      en: `the check's script ${code(file)} printed too much`,
      zh: `检查脚本 ${code(file)} 的输出过多`,
    }),
  memory: (file: string) =>
    new Unanswerable('script.memory', {
      en: `the check's script ${code(file)} used up its memory`,
      zh: `检查脚本 ${code(file)} 用尽了允许的内存`,
    }),
}

/** No script of a check is nearly as long. */
const mostBytes = 64 * 1024

/** The text of a file below the lab's `checks/`. @throws Unanswerable script.missing */
export async function scriptText(labDirectory: string, file: string): Promise<string> {
  const text = await readFile(await locate(labDirectory, file, false), 'utf8')
  if (text.length <= mostBytes) return text
  throw new Unanswerable('script.missing', {
    en: `the check's script ${code(file)} is longer than 64 KiB`,
    zh: `检查脚本 ${code(file)} 超过了 64 KiB`,
  })
}

/** It must be there, and lead out of `checks/` by no link; what is run by itself must be executable. @returns its path */
async function locate(labDirectory: string, file: string, isRun: boolean): Promise<string> {
  const missing = (en: string, zh: string) =>
    new Unanswerable('script.missing', {
      en: `the check's script ${code(file)} ${en}`,
      zh: `检查脚本 ${code(file)} ${zh}`,
    })
  let path: string
  let ground: string
  try {
    ground = await realpath(join(labDirectory, 'checks'))
    path = await realpath(join(ground, file))
  } catch {
    throw missing('does not exist', '不存在')
  }
  if (!path.startsWith(ground + sep)) throw missing('is outside of `checks/`', '不在 `checks/` 目录里')
  const executable =
    !isRun ||
    (await access(path, constants.X_OK).then(
      () => true,
      () => false,
    ))
  if (!(await stat(path)).isFile() || !executable) throw missing('is no executable file', '不是可执行文件')
  return path
}
