import { Command } from 'commander'
import { benchChecks } from '../bench/checks.js'
import { benchRacks } from '../bench/racks.js'
import type { Distribution } from '../bench/statistics.js'
import { StateDirectory } from '../rack/state-directory.js'
import { withOwnRacks } from './own-racks.js'
import { whole } from './rackd.js'

export function benchCommand(): Command {
  const bench = new Command('bench').description('measure, on this machine')
  bench
    .command('racks')
    .description(
      'how long hosts and racks need, against a bare Engine in the same run; memory and disk of a fresh host',
    )
    .option('--runs <count>', 'times that each is measured', whole, 10)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await benchRacks(StateDirectory.at(), Math.max(1, runs), (line) =>
        process.stderr.write(`${line}\n`),
      )
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  bench
    .command('checks')
    .description('how long captures and the checks of a step take, and how many submissions are graded in a minute')
    .option('--runs <count>', 'times that each is measured', whole, 20)
    .option('--json', 'print a JSON document', false)
    .action(async ({ runs, json }: { runs: number; json: boolean }) => {
      const figures = await withOwnRacks((racks) =>
        benchChecks(racks, Math.max(1, runs), (line) => process.stderr.write(`${line}\n`)),
      )
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures))
    })
  return bench
}

function table(figures: object): string {
  const row = (cells: [string, ...unknown[]]) =>
    `${cells[0].padEnd(20)}${cells
      .slice(1)
      .map((cell) => String(cell).padStart(12))
      .join('')}\n`
  const entries = Object.entries(figures) as [string, Distribution][]
  return [row(['', 'p50', 'p95', 'n']), ...entries.map(([name, { p50, p95, n }]) => row([name, p50, p95, n]))].join('')
}
