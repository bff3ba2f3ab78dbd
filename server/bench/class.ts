import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { liveCells } from '../classroom/matrix.js'
import { VethlabError } from '../error/vethlab-error.js'
import { blocksOf, type Lab } from '../lab/lab.js'
import { placeholders } from '../lab/page.js'
import { loadLab } from '../lab/read-lab.js'
import { fromPackage } from '../package-root.js'
import type { MatrixView, SeatView } from '../protocol/classes.js'
import { Learner } from './learner.js'
import { ServerProcess } from './server-process.js'
import { type Distribution, distribution } from './statistics.js'

export interface ClassBenchmark {
  learners: number
  failed: number
  /** What went wrong, with how often. */
  reasons: Record<string, number>
  /** From a key to its echo. */
  echoMs: Distribution
  /** From the wish to open the lab to its first prompt. */
  openMs: Distribution
  /** From the wish for a check to its verdicts. */
  checkMs: Distribution
  /** From the Enter behind a command that changes the network to the map of that. */
  mapMs: Distribution
  /** From a verdict on a learner's page to the row of the matrix. */
  matrixLagMs: Distribution
  /** What the machine has less to give than before, and used of its processors, for each. */
  memoryMiBPerLearner: number
  cpuPercentPerLearner: number
}

export interface ClassBenchOptions {
  learners: number
  minutes: number
}

const labId = 'default-bridge'
/** All have joined by then. */
const joinMs = 120_000
/** A hand at a keyboard, and somebody who reads what a command printed. */
const keyMs = { least: 80, most: 220 }
const readMs = { least: 4_000, most: 15_000 }
const echoDeadlineMs = 10_000
const commandDeadlineMs = 60_000
const promptMark = '\u001b]633;B'
/** Those whose work is the network. */
const changing = /^docker (run|network (create|connect|disconnect|rm)|rm|stop|start)\b/

/** What all of a class measured. */
interface Samples {
  echo: number[]
  open: number[]
  check: number[]
  map: number[]
  lag: number[]
  reasons: Record<string, number>
  /** When a learner saw a state of a step, by name and step: what a teacher's row is compared with. */
  seen: Map<string, number>
}

/**
 * A class over real sockets: learners join within two minutes, open a lab, type the commands of its page at a human pace, with a map open, and
 * check; two teachers watch the matrix, and one of them looks into a terminal.
 */
export async function benchClass(
  { learners, minutes }: ClassBenchOptions,
  say: (line: string) => void,
): Promise<ClassBenchmark> {
  const lab = await loadLab(fromPackage('labs', labId))
  const server = await ServerProcess.start(['--max-racks', String(learners + 2), '--close-racks'])
  const samples: Samples = { echo: [], open: [], check: [], map: [], lag: [], reasons: {}, seen: new Map() }
  const failed = new Set<string>()
  try {
    const before = availableMiB()
    const teachers = await Promise.all([Learner.arrive(server.address), Learner.arrive(server.address)])
    const [first] = teachers
    const made = await first.ask('class.create', { title: 'Bench', labs: [labId] })
    const { code } = await first.ask('class.code', { class: made.id, on: true })
    for (const teacher of teachers) await watch(teacher, made.id, samples)
    const ends = Date.now() + joinMs * Math.min(1, learners / 30) + minutes * 60_000
    const spread = joinMs * Math.min(1, learners / 30)
    say(`${learners} learners join within ${Math.round(spread / 1000)} s`)
    busyShare()
    const people = Array.from({ length: learners }, async (_, n) => {
      const name = `Learner ${n + 1}`
      await sleep((spread * n) / learners)
      try {
        await learn(server.address, code!, name, lab, ends, samples, n === 0 ? first : undefined, made.id)
      } catch (error) {
        failed.add(name)
        const reason = (error as Error).message
        samples.reasons[reason] = (samples.reasons[reason] ?? 0) + 1
      }
    })
    await sleep(Math.max(0, ends - Date.now() - 10_000))
    const memory = (before - availableMiB()) / learners
    const cpu = busyShare() / learners
    await Promise.all(people)
    for (const teacher of teachers) teacher.leave()
    return {
      learners,
      failed: failed.size,
      reasons: samples.reasons,
      echoMs: distribution(samples.echo),
      openMs: distribution(samples.open),
      checkMs: distribution(samples.check),
      mapMs: distribution(samples.map),
      matrixLagMs: distribution(samples.lag),
      memoryMiBPerLearner: Math.round(memory * 10) / 10,
      cpuPercentPerLearner: Math.round(cpu * 100) / 100,
    }
  } finally {
    await server.stop()
  }
}

async function watch(teacher: Learner, id: string, samples: Samples): Promise<void> {
  const states = new Map<string, string>()
  const look = (seats: readonly SeatView[]) => {
    const now = performance.now()
    for (const { name, cells } of seats) {
      for (const [step, { state }] of Object.entries(cells[labId] ?? {})) {
        const key = `${name} ${step} ${state}`
        const at = samples.seen.get(key)
        if (states.get(`${name} ${step}`) === state) continue
        states.set(`${name} ${step}`, state)
        if (at !== undefined) samples.lag.push(Math.max(0, now - at))
      }
    }
  }
  const follow = async () => look(((await teacher.ask('class.follow', { class: id })) as MatrixView).seats)
  teacher.socket.on('class.seats', (_id, seats) => {
    if (seats === null) void follow().catch(() => {})
    else look(seats)
  })
  await follow()
}

async function learn(
  address: URL,
  code: string,
  name: string,
  lab: Lab,
  ends: number,
  samples: Samples,
  looker: Learner | undefined,
  id: string,
): Promise<void> {
  const learner = await Learner.join(address, code, name)
  try {
    const asked = performance.now()
    const view = await learner.open(labId)
    const shell = new TypedShell(learner, view.terminals[0]!.id)
    await learner.ask('terminal.attach', { session: view.id, terminal: shell.terminal })
    await shell.prompted()
    samples.open.push(performance.now() - asked)
    learner.socket.on('session', (now) => {
      for (const [step, { state }] of Object.entries(liveCells(now))) {
        const key = `${name} ${step} ${state}`
        if (!samples.seen.has(key)) samples.seen.set(key, performance.now())
      }
    })
    await learner.ask('network.follow', { session: view.id })
    if (looker) void lookInto(looker, learner, id, name).catch(() => {})
    const commands = lab.steps.flatMap((step) => [
      ...[...blocksOf(lab.pages.en, step.id), ...step.solution]
        .filter(({ text, answer }) => placeholders(text).length === 0 && answer === undefined)
        .flatMap(({ text }) => text.split('\n'))
        .map((text) => ({ text, step: step.id })),
    ])
    for (let at = 0; Date.now() < ends; at++) {
      const command = commands[at % commands.length]!
      await shell.type(command.text, samples.echo)
      const entered = performance.now()
      const mapped = changing.test(command.text) ? nextMap(learner, entered) : undefined
      await shell.enter()
      const ms = await mapped
      if (ms !== undefined) samples.map.push(ms)
      if (at % 3 === 2) samples.check.push(await check(learner, view.id, command.step))
      await sleep(between(readMs))
    }
    await learner.ask('session.leave', { session: view.id })
  } finally {
    learner.leave()
  }
}

/** A teacher is let look, and has the terminal on the screen. */
async function lookInto(teacher: Learner, learner: Learner, id: string, name: string): Promise<void> {
  const { seats } = await teacher.ask('class.follow', { class: id })
  const seat = seats.find((one) => one.name === name)!
  const look = await teacher.ask('look.ask', { class: id, seat: seat.id, mayWrite: false })
  await learner.ask('look.give', { look: look.id, minutes: 60 })
  const { terminals } = await teacher.ask('look.open', { look: look.id })
  acknowledgeAll(teacher)
  await teacher.ask('look.attach', { look: look.id, terminal: terminals[0]!.id })
}

/** The first map that comes now; undefined where the command changed nothing. */
function nextMap(learner: Learner, from: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const end = (ms: number | undefined) => {
      clearTimeout(timer)
      learner.socket.off('network.map', onMap)
      resolve(ms)
    }
    const onMap = () => end(performance.now() - from)
    const timer = setTimeout(() => end(undefined), 5_000)
    learner.socket.on('network.map', onMap)
  })
}

async function check(learner: Learner, session: string, step: string): Promise<number> {
  const from = performance.now()
  await learner.ask('step.check', { session, step })
  await learner.until(({ steps }) => {
    const found = steps.find((one) => one.id === step)
    return (
      found !== undefined && (found.state !== 'open' || (found.checking !== 'asked' && found.checkedAt !== undefined))
    )
  })
  return performance.now() - from
}

function acknowledgeAll({ socket }: Learner): void {
  socket.on('terminal.data', (terminal, offset, bytes) => {
    socket.emit('terminal.acknowledge', terminal, offset + bytes.length)
  })
}

/** A shell as a hand uses it. */
class TypedShell {
  #text = ''
  #wake: (() => void) | undefined

  constructor(
    private readonly learner: Learner,
    readonly terminal: string,
  ) {
    learner.socket.on('terminal.data', (id, offset, bytes) => {
      if (id !== terminal) return
      learner.socket.emit('terminal.acknowledge', id, offset + bytes.length)
      this.#text = (this.#text + Buffer.from(bytes as Uint8Array).toString('latin1')).slice(-20_000)
      this.#wake?.()
    })
  }

  prompted(): Promise<void> {
    return this.#until((text) => text.includes(promptMark), commandDeadlineMs, 'no prompt came')
  }

  /** Key by key: the next one comes after a pause, and its echo is waited for. */
  async type(text: string, echo: number[]): Promise<void> {
    for (const key of text) {
      this.#text = ''
      const from = performance.now()
      await this.learner.ask('terminal.write', { terminal: this.terminal, text: key })
      await this.#until((seen) => seen !== '', echoDeadlineMs, 'no echo came')
      echo.push(performance.now() - from)
      await sleep(between(keyMs))
    }
  }

  async enter(): Promise<void> {
    this.#text = ''
    await this.learner.ask('terminal.write', { terminal: this.terminal, text: '\r' })
    await this.prompted()
  }

  async #until(is: (text: string) => boolean, ms: number, what: string): Promise<void> {
    const deadline = Date.now() + ms
    while (!is(this.#text)) {
      if (Date.now() > deadline) {
        throw new VethlabError('command.failed', `${what} within ${ms / 1000} s`, {
          place: 'bench class',
          cure: 'Take fewer learners.',
        })
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

function between({ least, most }: { least: number; most: number }): number {
  return least + Math.random() * (most - least)
}

function availableMiB(): number {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) / 1024
}

let lastTimes: { busy: number; all: number } | undefined
/** Share of all processors that was used since it was asked before, in percent. @see proc_stat(5) */
function busyShare(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1, 9).map(Number)
  const all = fields.reduce((sum, field) => sum + field, 0)
  const busy = all - fields[3]! - fields[4]!
  const before = lastTimes
  lastTimes = { busy, all }
  return before && all > before.all ? (100 * (busy - before.busy)) / (all - before.all) : 0
}
