import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { liveCells } from '../classroom/matrix.js'
import { blocksOf, type Lab } from '../lab/lab.js'
import { placeholders } from '../lab/page.js'
import { loadLab } from '../lab/read-lab.js'
import { RackdClient } from '../node/rackd-client.js'
import { fromPackage } from '../package-root.js'
import type { MatrixView, SeatView } from '../protocol/classes.js'
import type { SessionView } from '../protocol/protocol.js'
import { StateDirectory } from '../rack/state-directory.js'
import { ClassSamples, type NoiseFigures, noiseFigures } from './class-samples.js'
import { Learner } from './learner.js'
import { MatrixLag } from './matrix-lag.js'
import { ServerProcess } from './server-process.js'
import type { Distribution } from './statistics.js'
import { between, TypedShell } from './typed-shell.js'
import { whileAttacked } from './vandal.js'
import { vandals } from './vandals.js'

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
  /** Of all processors: what was used in all, and what of it by the simulated learners themselves. */
  processorsPercent: number
  simulationPercent: number
  /** What the machine had left to give at the end. */
  memoryFreeMiB: number
  /** What all feel while one of them does something, by what that is. */
  noise?: Record<string, NoiseFigures>
}

export interface ClassBenchOptions {
  learners: number
  minutes: number
  /** One more learner makes noise, of each kind for so many minutes, once all others were measured without. */
  noise?: boolean
}

const labId = 'default-bridge'
/** All have joined by then. */
const joinMs = 120_000
/** Somebody who reads what a command printed. */
const readMs = { least: 4_000, most: 15_000 }
/** Those whose work is the network. */
const changing = /^docker (run|network (create|connect|disconnect|rm)|rm|stop|start)\b/

const quiet = 'quiet'
/** Of those that `bench vandal` has: floods, rules without number, processes without number. */
const noises = ['UDP over docker0', 'UDP over the LAN', '50,000 rules, loaded again and again', 'a fork bomb'].map(
  (name) => vandals.find((vandal) => vandal.name === name)!,
)
/** Until what one kind of noise left behind is gone. */
const settleMs = 10_000

/** A class while it goes on. */
interface Room {
  address: URL
  /** Of the class, and the code that it is joined by. */
  id: string
  code: string
  lab: Lab
  samples: ClassSamples
  /** When learners leave, in milliseconds since 1970. */
  ends: number
  lag: MatrixLag
}

/**
 * A class over real sockets: learners join within two minutes, open a lab, type the commands of its page at a human pace, with a map open, and
 * check; two teachers watch the matrix, and one of them looks into a terminal.
 */
export async function benchClass(
  { learners, minutes, noise = false }: ClassBenchOptions,
  say: (line: string) => void,
): Promise<ClassBenchmark> {
  const lab = await loadLab(fromPackage('labs', labId))
  // A rack for each, and for who makes noise and whose rack is just being closed: what bounds the class is to be the machine alone.
  const server = await ServerProcess.start(['--max-racks', String(learners + 3), '--close-racks'])
  try {
    const before = availableMiB()
    const teachers = await Promise.all([Learner.arrive(server.address), Learner.arrive(server.address)])
    const [first] = teachers
    const made = await first.ask('class.create', { title: 'Bench', labs: [labId] })
    const { code } = await first.ask('class.code', { class: made.id, on: true })
    const spread = joinMs * Math.min(1, learners / 30)
    const samples = new ClassSamples(quiet)
    const ends = Date.now() + spread + minutes * 60_000
    const room: Room = { address: server.address, id: made.id, code: code!, lab, samples, ends, lag: new MatrixLag() }
    for (const [number, teacher] of teachers.entries()) await watch(teacher, number, room)
    say(`${learners} learners join within ${Math.round(spread / 1000)} s`)
    // Who comes later stays until all has been measured.
    if (noise) room.ends = Number.POSITIVE_INFINITY
    const used = processorUse()
    const failed = new Set<string>()
    const reasons: Record<string, number> = {}
    const people = Array.from({ length: learners }, async (_, n) => {
      const name = `Learner ${n + 1}`
      await sleep((spread * n) / learners)
      try {
        await learn(room, name, n === 0 ? first : undefined)
      } catch (error) {
        failed.add(name)
        const reason = (error as Error).message
        reasons[reason] = (reasons[reason] ?? 0) + 1
      }
    })
    await sleep(Math.max(0, ends - Date.now() - 10_000))
    const free = availableMiB()
    const { all, own } = used()
    const felt = noise ? await makeNoise(room, minutes, say) : undefined
    room.ends = Math.min(room.ends, Date.now() + 10_000)
    await Promise.all(people)
    for (const teacher of teachers) teacher.leave()
    return {
      learners,
      failed: failed.size,
      reasons,
      echoMs: samples.of('echo', quiet),
      openMs: samples.of('open', quiet),
      checkMs: samples.of('check', quiet),
      mapMs: samples.of('map', quiet),
      matrixLagMs: samples.of('lag', quiet),
      memoryMiBPerLearner: Math.round(((before - free) / learners) * 10) / 10,
      cpuPercentPerLearner: Math.round((all / learners) * 100) / 100,
      processorsPercent: Math.round(all),
      simulationPercent: Math.round(own),
      memoryFreeMiB: Math.round(free),
      ...(felt ? { noise: felt } : {}),
    }
  } finally {
    await server.stop()
  }
}

/** One learner after the other joins, and does one thing without end in a rack of their own. */
async function makeNoise(
  room: Room,
  minutes: number,
  say: (line: string) => void,
): Promise<Record<string, NoiseFigures>> {
  const racks = new RackdClient(StateDirectory.at().rackdSocket)
  const felt: Record<string, NoiseFigures> = {}
  try {
    for (const vandal of noises) {
      const { name } = vandal
      say(`one more: ${name}`)
      const arrive = () => Learner.join(room.address, room.code, name)
      room.samples.part = undefined
      await whileAttacked(racks, arrive, vandal, async () => {
        room.samples.part = name
        await sleep(minutes * 60_000)
        room.samples.part = undefined
      })
      felt[name] = noiseFigures(room.samples, quiet, name)
      await sleep(settleMs)
    }
  } finally {
    await racks.disconnect()
  }
  return felt
}

async function watch(teacher: Learner, number: number, { id, samples, lag }: Room): Promise<void> {
  const look = (seats: readonly SeatView[]) => {
    const now = performance.now()
    for (const { name, cells } of seats) {
      for (const [step, { state }] of Object.entries(cells[labId] ?? {})) {
        const ms = lag.teacherSaw(`${number}`, `${name} ${step}`, state, now)
        if (ms !== undefined) samples.add('lag', name, ms)
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

async function learn(room: Room, name: string, looker: Learner | undefined): Promise<void> {
  const { samples, lag, lab } = room
  const learner = await Learner.join(room.address, room.code, name)
  try {
    const asked = performance.now()
    const view = await learner.open(labId)
    const shell = new TypedShell(learner, view.terminals[0]!.id)
    await learner.ask('terminal.attach', { session: view.id, terminal: shell.terminal })
    await shell.prompted()
    samples.add('open', name, performance.now() - asked)
    learner.socket.on('session', (now) => {
      for (const [step, { state }] of Object.entries(liveCells(now))) {
        lag.learnerSaw(`${name} ${step}`, state, performance.now())
      }
    })
    await learner.ask('network.follow', { session: view.id })
    if (looker) void lookInto(looker, learner, room.id, name).catch(() => {})
    const commands = lab.steps.flatMap((step) => [
      ...[...blocksOf(lab.pages.en, step.id), ...step.solution]
        .filter(({ text, answer }) => placeholders(text).length === 0 && answer === undefined)
        .flatMap(({ text }) => text.split('\n')),
    ])
    for (let at = 0; Date.now() < room.ends; at++) {
      const command = commands[at % commands.length]!
      await shell.type(command, (ms) => samples.add('echo', name, ms))
      const entered = performance.now()
      const mapped = changing.test(command) ? nextMap(learner, entered) : undefined
      await shell.enter()
      const ms = await mapped
      if (ms !== undefined) samples.add('map', name, ms)
      const checked = at % 3 === 2 ? await check(learner, view.id) : undefined
      if (checked !== undefined) samples.add('check', name, checked)
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

/** From the wish for a check of the step that they are at to its first answer; undefined where no step is left. */
async function check(learner: Learner, session: string): Promise<number | undefined> {
  const step = learner.view?.current
  if (step === undefined) return undefined
  const stepIn = (view: SessionView | undefined) => view?.steps.find(({ id }) => id === step)
  const before = stepIn(learner.view)?.checkedAt
  const from = performance.now()
  // What is here yet is of before the wish.
  let isAsked = false
  const asked = learner.ask('step.check', { session, step })
  await learner.until((view) => {
    const now = stepIn(view)
    if (now?.checking === 'asked') isAsked = true
    return (
      now === undefined || now.state !== 'open' || (now.checking !== 'asked' && (isAsked || now.checkedAt !== before))
    )
  })
  const ms = performance.now() - from
  await asked
  return ms
}

function acknowledgeAll({ socket }: Learner): void {
  socket.on('terminal.data', (terminal, offset, bytes) => {
    socket.emit('terminal.acknowledge', terminal, offset + bytes.length)
  })
}

function availableMiB(): number {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) / 1024
}

/**
 * Share of all processors that is used from now on, in percent: in all, and by this process.
 * @see proc_stat(5)
 */
function processorUse(): () => { all: number; own: number } {
  const [before, ownBefore, began] = [processorTimes(), process.cpuUsage(), performance.now()]
  return () => {
    const now = processorTimes()
    const { user, system } = process.cpuUsage(ownBefore)
    const ownMs = (user + system) / 1000
    return {
      all: (100 * (now.busy - before.busy)) / Math.max(1, now.all - before.all),
      own: (100 * ownMs) / ((performance.now() - began) * availableParallelism()),
    }
  }
}

function processorTimes(): { busy: number; all: number } {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1, 9).map(Number)
  const all = fields.reduce((sum, field) => sum + field, 0)
  return { busy: all - fields[3]! - fields[4]!, all }
}
