import { spawn } from 'node:child_process'
import type { HostCapture } from '../network/capture.js'
import { oneLine } from '../wording/one-line.js'
import { machinePath } from './command.js'
import { eye } from './eyes.js'
import type { FoundNamespace } from './namespaces.js'

type ResolverFiles = HostCapture['files'][string]

const paths = { resolvConf: 'etc/resolv.conf', hosts: 'etc/hosts' }
const largestFileBytes = 64 * 1024
/** Of all containers together: a capture goes through rackd's socket in one piece. */
const largestFilesBytes = 512 * 1024
/** They need milliseconds. A learner decides where a path leads and what it is there: no longer is waited. */
const timeoutMs = 3000

/** Whose files are read: the host's own have no id, a container's have its. The process is the machine's number of one there. */
export interface FilesOf {
  id: string
  process: number
}

/** The containers that have a first process. */
export function filesOfContainers(inspected: unknown[], found: FoundNamespace[]): FilesOf[] {
  const machineNumbers = new Map(
    found.flatMap(({ processes }) => processes.map(({ host, machine }) => [host, machine] as const)),
  )
  return (inspected as ({ Id?: unknown; State?: { Pid?: unknown } } | null)[]).flatMap((container) => {
    const id = container?.Id
    const process = machineNumbers.get(Number(container?.State?.Pid))
    return typeof id === 'string' && /^[0-9a-f]{64}$/.test(id) && process !== undefined ? [{ id, process }] : []
  })
}

/**
 * What names and resolvers a host and its containers have: read from the root directories of their processes, by a process that
 * has the rights of the host's root and that can be ended (eyes/read-files.pl). What was not read says why.
 * @param user path of the host's user namespace
 */
export async function readResolverFiles(user: string, all: FilesOf[]): Promise<HostCapture['files']> {
  const { answers, fault } = await readAll(user, all)
  const files: HostCapture['files'] = {}
  let left = largestFilesBytes
  for (const { id, process } of all) {
    const own: ResolverFiles = { resolvConf: '', hosts: '' }
    const unread: ResolverFiles['unread'] = {}
    for (const [name, path] of Object.entries(paths) as [keyof typeof paths, string][]) {
      const answer = answers.get(`${process} ${path}`)
      if (answer === undefined) unread[name] = fault
      else if (answer.status === 'unread') unread[name] = oneLine(answer.bytes.toString('utf8'), 100)
      else if (answer.bytes.length > left) unread[name] = 'other files were too large'
      else {
        own[name] = answer.bytes.toString('utf8')
        left -= answer.bytes.length
      }
    }
    files[id] = Object.keys(unread).length > 0 ? { ...own, unread } : own
  }
  return files
}

interface Answer {
  status: string
  bytes: Buffer
}

async function readAll(user: string, all: FilesOf[]): Promise<{ answers: Map<string, Answer>; fault: string }> {
  const [file, ...args] = eye('read-files', user, `${largestFileBytes}`, ...Object.values(paths))
  const child = spawn(file, args, { env: { PATH: machinePath, LC_ALL: 'C.UTF-8' }, cwd: '/' })
  const chunks: Buffer[] = []
  let complaints = ''
  let late = false
  child.stdin.on('error', () => {})
  child.stdin.end(all.map(({ process }) => `${process}\n`).join(''))
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = oneLine(`${complaints}${text}`, 300)
  })
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      // The kernel may take its time to end it: nobody waits for that.
      resolve()
    }, timeoutMs)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    child.on('error', (error) => {
      complaints = error.message
      done()
    })
    child.on('close', done)
  })
  const fault = late ? `no answer within ${timeoutMs} ms` : complaints || 'the reading ended early'
  return { answers: answersIn(Buffer.concat(chunks)), fault }
}

/** For each process and path a line with the length of what follows it, in the order of asking. */
function answersIn(said: Buffer): Map<string, Answer> {
  const answers = new Map<string, Answer>()
  const order = Object.values(paths)
  for (let at = 0, count = 0; ; count++) {
    const end = said.indexOf('\n', at)
    const [, process, status, length] = /^(\d+) (\w+) (\d+)$/.exec(said.toString('latin1', at, Math.max(at, end))) ?? []
    if (end < 0 || process === undefined) return answers
    const next = end + 1 + Number(length)
    if (next > said.length) return answers
    answers.set(`${process} ${order[count % order.length]}`, { status: status!, bytes: said.subarray(end + 1, next) })
    at = next
  }
}
