import { oneLine } from '../wording/one-line.js'
import { startEye } from './eye-starter.js'

/** They need milliseconds. A learner decides where a path leads and what it is there: no longer is waited. */
const timeoutMs = 3000

/** Of one path. `status`: read, none, unread; then `bytes` say why. */
export interface FileAnswer {
  status: string
  bytes: Buffer
}

/**
 * Reads files, and the names in directories, below the root directories of a host's processes, by a process that has the rights of
 * the host's root and that can be ended (eyes/read-files.pl).
 * @param user path of the host's user namespace
 * @param processes their numbers on the machine
 * @param paths without a slash in front; one that ends with a slash is a directory
 * @returns the answers by process and path, such as `4711 etc/hosts`; and why some are missing, where they are
 */
export async function readInRoots(
  user: string,
  processes: number[],
  paths: string[],
  largestBytes: number,
): Promise<{ answers: Map<string, FileAnswer>; fault: string }> {
  const chunks: Buffer[] = []
  let complaints = ''
  let late = false
  await new Promise<void>((resolve) => {
    const started = startEye(
      'read-files',
      [user, `${largestBytes}`, ...paths],
      { input: processes.map((process) => `${process}\n`).join('') },
      {
        onOutput: (chunk) => chunks.push(chunk),
        onComplaint: (chunk) => {
          complaints = oneLine(`${complaints}${chunk.toString('utf8')}`, 300)
        },
        onEnd: (fault) => {
          clearTimeout(timer)
          complaints ||= fault ?? ''
          resolve()
        },
      },
    )
    const timer = setTimeout(() => {
      late = true
      // The kernel may take its time to end it: nobody waits for that.
      started.kill()
    }, timeoutMs)
  })
  const fault = late ? `no answer within ${timeoutMs} ms` : complaints || 'the reading ended early'
  return { answers: answersIn(Buffer.concat(chunks), paths), fault }
}

/** For each process and path a line with the length of what follows it, in the order of asking. */
function answersIn(said: Buffer, paths: string[]): Map<string, FileAnswer> {
  const answers = new Map<string, FileAnswer>()
  for (let at = 0, count = 0; ; count++) {
    const end = said.indexOf('\n', at)
    const [, process, status, length] = /^(\d+) (\w+) (\d+)$/.exec(said.toString('latin1', at, Math.max(at, end))) ?? []
    if (end < 0 || process === undefined) return answers
    const next = end + 1 + Number(length)
    if (next > said.length) return answers
    answers.set(`${process} ${paths[count % paths.length]}`, { status: status!, bytes: said.subarray(end + 1, next) })
    at = next
  }
}
