import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { Command } from 'commander'
import { StateDirectory } from '../rack/state-directory.js'
import { oneLine } from '../wording/one-line.js'

/** Of one file; it is kept to about a third of that. */
const mostBytes = 4 * 1024 ** 2

export function logCommand(): Command {
  return new Command('log')
    .description('events of security: refused logins, foreign pages, Engines that could not be verified')
    .option('--json', 'a line of JSON each', false)
    .action(async ({ json }: { json: boolean }) => {
      const { securityLogs } = StateDirectory.at()
      const lines = (
        await Promise.all(Object.values(securityLogs).flatMap((path) => [linesOf(`${path}.1`), linesOf(path)]))
      ).flat()
      for (const line of lines.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
        process.stdout.write(`${json ? JSON.stringify(line) : inWords(line)}\n`)
      }
    })
}

interface Line {
  at: string
  event: string
  times: number
}

/** One of them is the web's own, who could put anything there: it is opened as what it should be, and read as what it is. */
async function linesOf(path: string): Promise<Line[]> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined)
  if (!file) return []
  try {
    const { size } = await file.stat()
    if (!(await file.stat()).isFile()) return []
    const bytes = Buffer.alloc(Math.min(size, mostBytes))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, Math.max(0, size - bytes.length))
    return bytes.toString('utf8', 0, bytesRead).split('\n').flatMap(lineOf)
  } finally {
    await file.close()
  }
}

function lineOf(text: string): Line[] {
  try {
    const line: unknown = JSON.parse(text)
    const { at, event, times } = (line ?? {}) as Partial<Line>
    return typeof at === 'string' && typeof event === 'string' && typeof times === 'number' ? [line as Line] : []
  } catch {
    // The last one may be cut off.
    return []
  }
}

function inWords({ at, event, times, ...details }: Line): string {
  const said = Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return oneLine([at, event, ...said, ...(times > 1 ? [`${times} times`] : [])].join('  '))
}
