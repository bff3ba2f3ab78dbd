import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { Unanswerable } from '../place/unanswerable.js'
import { bare, code } from '../wording/wording.js'

const timeoutMs = 10_000
const largestOutputBytes = 64 * 1024
/** Output that somebody else holds open is waited for this long after the script's end. */
const drainMs = 200
/** nobody and nogroup on Debian. */
const unprivilegedId = 65_534

/**
 * Runs a file below the lab's `checks/` and returns what it prints. It has no shell, no privileges, no environment but
 * PATH and LANG, and ends with its whole process group at the deadline.
 * @throws Unanswerable script.missing, script.failed, script.timeout, script.output
 */
export async function runScript(
  labDirectory: string,
  file: string,
  stdin: string,
  signal: AbortSignal,
): Promise<string> {
  const path = await locate(labDirectory, file)
  const asRoot = process.getuid?.() === 0
  const child = spawn(path, [], {
    cwd: labDirectory,
    env: { PATH: `/usr/local/bin:/usr/bin:/bin:${dirname(process.execPath)}`, LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(asRoot ? { uid: unprivilegedId, gid: unprivilegedId } : {}),
  })
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
  }
  let ended: 'timeout' | 'aborted' | 'output' | undefined
  const end = (why: NonNullable<typeof ended>) => {
    ended ??= why
    killGroup()
  }
  const deadline = setTimeout(() => end('timeout'), timeoutMs)
  const abort = () => end('aborted')
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const collect = (stream: NodeJS.ReadableStream) => {
    const chunks: Buffer[] = []
    let size = 0
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > largestOutputBytes) end('output')
      else chunks.push(chunk)
    })
    return () => Buffer.concat(chunks).toString('utf8')
  }
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  // It need not read what it is given.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  try {
    const result = await new Promise<{ exitCode: number | null; signal: string | null } | Error>((resolve) => {
      child.once('error', resolve)
      child.once('exit', (exitCode, by) => {
        killGroup()
        const end = () => resolve({ exitCode, signal: by })
        child.once('close', end)
        // Whoever left the group (setsid) may hold the streams for ever.
        setTimeout(end, drainMs).unref()
      })
    })
    if (ended === 'timeout' || ended === 'aborted') {
      throw new Unanswerable('script.timeout', {
        en: `the check's script ${code(file)} did not end within ${timeoutMs / 1000} s`,
        zh: `检查脚本 ${code(file)} 在 ${timeoutMs / 1000} 秒内没有结束`,
      })
    }
    if (ended === 'output') {
      throw new Unanswerable('script.output', {
        en: `the check's script ${code(file)} printed more than ${largestOutputBytes} bytes`,
        zh: `检查脚本 ${code(file)} 的输出超过了 ${largestOutputBytes} 字节`,
      })
    }
    if (result instanceof Error || result.exitCode !== 0) {
      const said =
        result instanceof Error ? result.message : `${result.signal ?? `exit code ${result.exitCode}`} ${stderr()}`
      throw new Unanswerable('script.failed', {
        en: `the check's script ${code(file)} did not work: ${bare(said, 200)}`,
        zh: `检查脚本 ${code(file)} 运行失败：${bare(said, 200)}`,
      })
    }
    return stdout()
  } finally {
    clearTimeout(deadline)
    signal.removeEventListener('abort', abort)
    killGroup()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
  }
}

/** The script's real path, which must not lead out of `checks/`. */
async function locate(labDirectory: string, file: string): Promise<string> {
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
  const executable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!(await stat(path)).isFile() || !executable) throw missing('is no executable file', '不是可执行文件')
  return path
}
