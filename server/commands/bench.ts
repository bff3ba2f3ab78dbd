import { Command, Option } from 'commander'
import { benchChecks } from '../bench/checks.js'
import { benchClass } from '../bench/class.js'
import { findClass } from '../bench/find-class.js'
import { benchGrade, gradedLab } from '../bench/grade.js'
import { benchMap } from '../bench/map.js'
import { benchOpen } from '../bench/open.js'
import { benchRacks } from '../bench/racks.js'
import type { Distribution } from '../bench/statistics.js'
import { benchTerminal } from '../bench/terminal.js'
import { benchTrace } from '../bench/trace.js'
import { benchVandal } from '../bench/vandal.js'
import { vandalTable } from '../bench/vandal-page.js'
import { StateDirectory } from '../rack/state-directory.js'
import { poolFor, usualGradings } from '../trial/run-trials.js'
import { withOwnRacks } from './own-racks.js'
import { untilSignal } from './until-signal.js'
import { wholeNumber } from './whole-number.js'

interface ClassFlags {
  learners?: number
  minutes: number
  find?: boolean
  noise?: boolean
  json: boolean
}

export function benchCommand(): Command {
  const bench = new Command('bench').description('measure, on this machine')
  bench
    .command('racks')
    .description(
      'how long hosts and racks need, against a bare Engine in the same run; memory and disk of a fresh host',
    )
    .option('--runs <count>', 'times that each is measured', wholeNumber(1, 10_000), 10)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await untilSignal((signal) =>
        benchRacks(StateDirectory.at(), Math.max(1, runs), sayUntil(signal)),
      )
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('checks')
    .description('how long captures and the checks of a step take')
    .option('--runs <count>', 'times that each is measured', wholeNumber(1, 10_000), 20)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await withOwnRacks((racks, signal) => benchChecks(racks, Math.max(1, runs), sayUntil(signal)))
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('grade')
    .description('how many submissions are graded in a minute, and how long one takes over what its own commands take')
    .option('--runs <count>', 'submissions that are graded', wholeNumber(1, 10_000), 40)
    .option('--jobs <count>', 'at the same time; by default as many as memory and cores allow', wholeNumber(1, 64))
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, jobs = usualGradings(), json }: { runs: number; jobs?: number; json: boolean }) => {
      const lab = await gradedLab()
      const figures = await withOwnRacks(
        (racks, signal) => benchGrade(racks, lab, { runs, jobs, signal, say: sayUntil(signal) }),
        {
          pool: poolFor([lab], true),
        },
      )
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('terminal')
    .description(
      'echo, throughput, Ctrl-C and memory from a shell in a lab host to a client, through a server of its own',
    )
    .option('--runs <count>', 'times that each is measured', wholeNumber(1, 10_000), 5)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await untilSignal((signal) => benchTerminal(Math.max(1, runs), sayUntil(signal)))
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('open')
    .description('from the click on a lab to its first prompt, with and without hosts that wait')
    .option('--runs <count>', 'times that each is measured', wholeNumber(1, 10_000), 10)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await untilSignal((signal) => benchOpen(Math.max(1, runs), sayUntil(signal)))
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('map')
    .description(
      'from a change in a rack to the map of it, a trace over two hosts, and what a map costs while nothing happens',
    )
    .option('--runs <count>', 'times that each is measured', wholeNumber(1, 10_000), 10)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await untilSignal((signal) => benchMap(Math.max(1, runs), sayUntil(signal)))
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('trace')
    .description(
      'troubles of other people, made on real hosts: how many a trace names rightly, with a cure that works, and its time',
    )
    .option('--runs <count>', 'times that each is asked', wholeNumber(1, 10_000), 10)
    .option('--only <words>', 'those whose cause or name has these words', '')
    .option('--keep <file>', 'keep there what is done: the same command goes on behind it, however this one ends')
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, only, keep, json }: { runs: number; only: string; keep?: string; json: boolean }) => {
      const figures = await withOwnRacks((racks, signal) =>
        benchTrace(racks, { runs, only, keep, say: sayUntil(signal) }),
      )
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('class')
    .description(
      'a class of simulated learners over real sockets: how long each of them waits for what, with two teachers who look on',
    )
    .option('--learners <count>', 'how many (30); with --find, how many at most (500)', wholeNumber(1, 500))
    .option('--minutes <count>', 'how long they work once all have joined', wholeNumber(1, 240), 3)
    .addOption(
      new Option(
        '--find',
        'find the largest class that holds echo p95 60 ms, check p95 1.5 s and matrix lag p99 1 s, with nothing failed, and what limits it',
      ).conflicts('noise'),
    )
    .option('--noise', 'then one more learner floods, loads rules, forks without end: how much longer all others wait')
    .option('--json', 'print a JSON document', false)
    .action(async ({ learners, minutes, find, noise = false, json }: ClassFlags) => {
      if (find) {
        const found = await untilSignal((signal) => findClass({ most: learners ?? 500, minutes }, sayUntil(signal)))
        const run = found.runs.find((one) => one.learners === found.most)
        const words = [`${found.most} learners; ${found.limitedBy.join('; ')}`, '', ...(run ? [table(run)] : [])]
        process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${words.join('\n')}\n`)
        return
      }
      const figures = await untilSignal((signal) =>
        benchClass({ learners: learners ?? 30, minutes, noise }, sayUntil(signal)),
      )
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('vandal')
    .description("what a neighbour's containers and terminal feel while another rack does its worst")
    .option('--only <words>', 'those whose name has these words', '')
    .option('--json', 'print a JSON document', false)
    .action(async ({ only, json }: { only: string; json: boolean }) => {
      const figures = await untilSignal((signal) => benchVandal(only, sayUntil(signal)))
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : vandalTable(figures))
    })
  return bench
}

/** A benchmark says what it does next: there it ends when it is to end, and tidies up. */
function sayUntil(signal: AbortSignal): (line: string) => void {
  return (line) => {
    signal.throwIfAborted()
    process.stderr.write(`${line}\n`)
  }
}

function table(figures: object): string {
  const entries = flat(figures)
  const width = Math.max(20, ...entries.map(([name]) => name.length + 2))
  const row = (cells: unknown[]) => {
    const [name, ...rest] = cells.map(String)
    return `${name!.padEnd(width)}${rest.map((cell) => cell.padStart(12)).join('')}\n`
  }
  return [
    row(['', 'p50', 'p95', 'p99', 'n']),
    ...entries.map(([name, figure]) =>
      row(typeof figure !== 'object' ? [name, figure] : [name, figure.p50, figure.p95, figure.p99, figure.n]),
    ),
  ].join('')
}

/** Figures within figures have names in two parts; lists are for JSON. */
function flat(figures: object): [string, Distribution | number | string][] {
  return Object.entries(figures).flatMap(([name, figure]): [string, Distribution | number | string][] => {
    if (Array.isArray(figure)) return []
    if (typeof figure !== 'object' || figure === null || 'p50' in figure) return [[name, figure]]
    return flat(figure).map(([inner, value]) => [`${name} ${inner}`, value])
  })
}
