import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { oneLine } from '../wording/one-line.js'
import { machinePath } from './command.js'
import { eye } from './eyes.js'

/** How long it goes on to listen after the answer, in seconds. */
const lingerSeconds = 0.1
/** Over the packet's own deadline, for a busy machine. */
const marginMs = 10_000
const mostOutputBytes = 2 * 1024 ** 2

/** What eyes/observe-packet.pl is told. */
export interface Errand {
  /** By which namespaces can be entered, from this process. */
  paths: string[]
  /** Which of them sends. */
  sender: number
  /** Whose packet it is (iptables-extensions(8), owner): the machine's number for root of the sender's host. */
  root: number
  filter: Uint8Array
  rules: Uint8Array
  token: Uint8Array
  protocol: 'icmp' | 'tcp' | 'udp'
  version: 4 | 6
  /** In network order. */
  address: Uint8Array
  port: number
  sourcePort: number
  /** 0: as it comes. */
  size: number
  timeoutMs: number
}

/**
 * Runs it to its end.
 * @returns its lines; the last one says the outcome, unless something went wrong
 */
export function observeWith(errand: Errand, signal: AbortSignal | undefined): Promise<string[]> {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const command = eye(
    'observe-packet',
    ...[hex(errand.filter), hex(errand.rules), hex(errand.token), errand.protocol],
    ...[
      `${errand.version}`,
      `${errand.sender}`,
      `${errand.root}`,
      hex(errand.address),
      `${errand.port}`,
      `${errand.sourcePort}`,
    ],
    ...[`${errand.size}`, `${errand.timeoutMs / 1000}`, `${lingerSeconds}`],
    ...errand.paths,
  )
  return linesOf(command, errand.timeoutMs, signal)
}

/**
 * Runs one that watches, to its end.
 * @param longestMs what it may take by itself
 * @returns its lines; the last one says the outcome, also where something went wrong
 */
export async function linesOf(
  [file, ...argv]: readonly [string, ...string[]],
  longestMs: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  signal?.throwIfAborted()
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(file, argv, {
    env: { PATH: machinePath, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
  })
  const end = () => child.kill('SIGKILL')
  const timer = setTimeout(end, longestMs + marginMs)
  signal?.addEventListener('abort', end, { once: true })
  let said = ''
  let complaints = ''
  child.stdin.on('error', () => {})
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.length > mostOutputBytes) end()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = oneLine(`${complaints}${text}`, 300)
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', () => resolve())
    })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
  signal?.throwIfAborted()
  const lines = said.split('\n').slice(0, -1)
  return lines.at(-1)?.startsWith('outcome ')
    ? lines
    : [...lines, `outcome error ${complaints || 'the watch ended early'}`]
}
