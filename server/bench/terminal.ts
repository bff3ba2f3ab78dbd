import { setTimeout as sleep } from 'node:timers/promises'
import { RACK_BURST_BYTES, RACK_BYTES_PER_SECOND } from '../terminal/output-allowance.js'
import { PtyProcess } from '../terminal/pty-process.js'
import { Learner } from './learner.js'
import { residentBytes, ServerProcess } from './server-process.js'
import { atPrompt, promptMark, remoteShell, type Shell, timeEcho, until, untilPrompt } from './shell.js'
import { type Distribution, distribution } from './statistics.js'

export interface TerminalBenchmark {
  /** From a key to its echo by the shell's line editor. */
  echoMs: Distribution
  /** 64 MiB of text, from its first byte to its last, each time after a rest: so much a rack may put out at once. */
  throughputMiBs: Distribution
  /** From Ctrl-C to the last byte of `yes`: the next prompt is there. */
  interruptMs: Distribution
  /** The most that the web process grew by, over what it was before the first flood, while floods of 64 MiB went through it. */
  floodRssMiB: number
  /** The same key and text with a shell of this machine on a bare pty, no server and no socket between. */
  bareEchoMs: Distribution
  bareThroughputMiBs: Distribution
}

const lab = 'user-bridge'
const keys = 500
const settleMs = 5_000
const floodBytes = 64 * 1024 ** 2
const mebibyte = 1024 ** 2
/** A line of 80 bytes, as a log has. */
const flood = `yes ${'vethlab '.repeat(9)}1234567 | head -c ${floodBytes}`

/** From a shell inside a lab's host through pty host, web process and socket to a client on loopback. */
export async function benchTerminal(runs: number, say: (line: string) => void): Promise<TerminalBenchmark> {
  const server = await ServerProcess.start()
  try {
    const learner = await Learner.arrive(server.address)
    const { id: session, terminals, hosts } = await learner.open(lab)
    try {
      const host = hosts[0]!.name
      const { id } = terminals[0] ?? (await learner.ask('terminal.open', { session, host, cols: 80, rows: 24 }))
      const shell = remoteShell(learner, id)
      await learner.ask('terminal.attach', { session, terminal: id })
      await atPrompt(shell)
      // The pool makes hosts anew in the place of those that were taken.
      await sleep(settleMs)
      say(`echo of ${keys} keys`)
      const echo = await timeEcho(shell, keys)
      // Before the first flood: what its buffers grow to and keep counts as well.
      const before = residentBytes(server.webPid)
      let most = before
      const sampler = setInterval(() => {
        most = Math.max(most, residentBytes(server.webPid))
      }, 20)
      // Warms the compiler up.
      await timeFlood(shell)
      const throughput: number[] = []
      for (let run = 1; run <= runs; run++) {
        say(`64 MiB of output, ${run} of ${runs}`)
        await allowanceFull()
        throughput.push(await timeFlood(shell))
      }
      clearInterval(sampler)
      const interrupts: number[] = []
      for (let run = 0; run < runs; run++) interrupts.push(await timeInterrupt(shell))
      say('a bare pty')
      return {
        echoMs: distribution(echo),
        throughputMiBs: distribution(throughput),
        interruptMs: distribution(interrupts),
        floodRssMiB: Math.round((most - before) / mebibyte),
        ...(await bare(runs)),
      }
    } finally {
      await learner.ask('session.leave', { session })
      learner.leave()
    }
  } finally {
    await server.stop()
  }
}

/** The yardstick: bash on a pty of this process. */
async function bare(runs: number): Promise<Pick<TerminalBenchmark, 'bareEchoMs' | 'bareThroughputMiBs'>> {
  let listen = (_: Uint8Array) => {}
  const pty = new PtyProcess(
    {
      argv: ['bash', '--norc', '--noprofile'],
      env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', PS1: `$ \\[${promptMark}\\a\\]` },
      cwd: '/',
      cols: 80,
      rows: 24,
    },
    { onOutput: (bytes) => listen(bytes.slice()), onExit: () => {} },
  )
  const shell: Shell = {
    type: (text) => pty.write(Buffer.from(text)),
    onOutput: (listener) => {
      listen = listener
    },
  }
  try {
    await atPrompt(shell)
    const echo = await timeEcho(shell, keys)
    const throughput: number[] = []
    for (let run = 0; run < runs; run++) throughput.push(await timeFlood(shell))
    return { bareEchoMs: distribution(echo), bareThroughputMiBs: distribution(throughput) }
  } finally {
    pty.kill('SIGKILL')
  }
}

/** What a rack's terminals may put out at once has grown to its full size again. */
function allowanceFull(): Promise<void> {
  return sleep((RACK_BURST_BYTES / RACK_BYTES_PER_SECOND) * 1000)
}

/** @returns MiB a second */
async function timeFlood(shell: Shell): Promise<number> {
  let received = 0
  let first = 0
  let last = 0
  const done = until(shell, (bytes) => {
    if (received === 0) first = performance.now()
    received += bytes.length
    last = performance.now()
    return received >= floodBytes
  })
  shell.type(`${flood}\r`)
  await done
  const seconds = (last - first) / 1000
  await atPrompt(shell)
  return received / mebibyte / seconds
}

async function timeInterrupt(shell: Shell): Promise<number> {
  const started = until(shell, (bytes) => bytes.length > 1000)
  shell.type('yes\r')
  await started
  // It runs on for a while, with what is on its way as full as it gets.
  await sleep(500)
  const prompted = untilPrompt(shell)
  const at = performance.now()
  shell.type('\u0003')
  await prompted
  const took = performance.now() - at
  await atPrompt(shell)
  return took
}
