import { readFile, stat } from 'node:fs/promises'
import { Command } from 'commander'
import { placeInWords } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { parseYaml } from '../lab/yaml-file.js'
import { ensureRackd } from '../node/start-rackd.js'
import { StateDirectory } from '../rack/state-directory.js'
import type { CommandResult } from '../racks/command-result.js'
import type { RackInfo } from '../racks/racks.js'
import { type TopologyInput, topologyIssues } from '../racks/topology.js'
import { oneLine } from '../wording/one-line.js'
import { attachTerminal } from './attach-terminal.js'
import { withRacks } from './with-racks.js'

export function rackCommand(): Command {
  const rack = new Command('rack')
    .description('open, use and close racks by hand (over rackd)')
    .enablePositionalOptions()
  rack
    .command('open <file>')
    .description('open the rack that a YAML file describes; starts rackd if none runs')
    .option('--label <text>', 'shown in lists')
    .action(async (file: string, { label }: { label?: string }) => {
      const topology = await readTopology(file)
      await ensureRackd(StateDirectory.at())
      await withRacks(async (racks) => {
        const info = await racks.open(topology, {
          ...(label === undefined ? {} : { label }),
          onProgress: ({ stage, elapsedMs }) => process.stderr.write(`${stage} after ${Math.round(elapsedMs)} ms\n`),
        })
        process.stdout.write(describe(info))
      })
    })
  rack
    .command('list')
    .description('list the open racks')
    .option('--json', 'print a JSON document', false)
    .action(async ({ json }: { json: boolean }) => {
      await withRacks(async (racks) => {
        const all = await racks.list()
        process.stdout.write(
          json ? `${JSON.stringify(all, null, 2)}\n` : all.map(describe).join('') || 'no rack is open\n',
        )
      })
    })
  rack
    .command('exec <rack> <host> <argv...>')
    .description('run a program as root of a host; its exit code becomes this one')
    .option('--timeout <seconds>', 'deadline', Number, 30)
    .option('-i, --stdin', 'give it the standard input', false)
    .passThroughOptions()
    .action(
      async (id: string, host: string, argv: string[], { timeout, stdin }: { timeout: number; stdin: boolean }) => {
        await withRacks(async (racks) => {
          const input = stdin ? await readAll(process.stdin) : ''
          const result = await racks.exec(id, host, argv, { stdin: input, timeoutMs: timeout * 1000 })
          const refused = notRun(result, host, argv[0]!)
          if (refused !== undefined) {
            process.stderr.write(`vethlab: ${refused.said}\n`)
            process.exitCode = refused.exitCode
            return
          }
          process.stdout.write(result.stdout)
          process.stderr.write(result.stderr)
          if (result.timedOut) process.stderr.write(`vethlab: ended after ${timeout} s\n`)
          process.exitCode = result.exitCode ?? 124
        })
      },
    )
  rack
    .command('shell <rack> <host>')
    .description('open a terminal in a host; Ctrl-] leaves it')
    .action(async (id: string, host: string) => {
      if (!process.stdin.isTTY || !process.stdout.isTTY) {
        throw new VethlabError('argument.invalid', 'no terminal is at the standard input and output', {
          place: 'rack shell',
          cure: 'Run it in a terminal, or run a program with `vethlab rack exec`.',
        })
      }
      await withRacks(async (racks) => attachTerminal(await racks.terminals(id), host))
    })
  rack
    .command('link <rack> <lan> <host> <state>')
    .description('cut a link of a host, or mend it: the state is "cut" or "mended"')
    .action(async (id: string, lan: string, host: string, state: string) => {
      if (state !== 'cut' && state !== 'mended') {
        throw new VethlabError('argument.invalid', `"${oneLine(state, 40)}" is no state of a link`, {
          place: 'state',
          cure: 'Say cut or mended.',
        })
      }
      await withRacks((racks) => racks.setLink(id, lan, host, state))
    })
  rack
    .command('reset <rack> [host]')
    .description('put one host, or all, back to the start')
    .action(async (id: string, host?: string) => {
      await withRacks(async (racks) => process.stdout.write(describe(await racks.reset(id, host))))
    })
  rack
    .command('close <rack...>')
    .description('end racks and remove all of them')
    .action(async (ids: string[]) => {
      await withRacks(async (racks) => {
        const wanted = [...new Set(ids)]
        const open = (await racks.list()).map(({ id }) => id)
        const unknown = wanted.find((id) => !open.includes(id))
        // Before any of them is closed.
        if (unknown !== undefined) {
          throw new VethlabError('rack.not-found', 'there is no such rack', {
            place: oneLine(unknown, 60),
            cure: '`vethlab rack list` shows those that are open. None was closed.',
          })
        }
        for (const id of wanted) await racks.close(id)
      })
    })
  return rack
}

/** What the runtime says where it could not begin the program; a program that ran has its own words and exit code. */
const runtimeSays = /^time="[^"]*" level=error msg="exec failed: unable to start container process: exec: (.*)"\s*$/

/** As a shell says it: 127 where there is no such program, 126 where it is none that can be run. */
function notRun(result: CommandResult, host: string, program: string): { said: string; exitCode: number } | undefined {
  const [, why] = (result.exitCode === 255 && result.stdout === '' && runtimeSays.exec(result.stderr)) || []
  if (why === undefined) return undefined
  const [name, where] = [oneLine(program, 100), oneLine(host, 60)]
  return why.endsWith('permission denied')
    ? { said: `${where}: "${name}" is no program that can be run. Name one that is executable.`, exitCode: 126 }
    : {
        said: `${where}: there is no program "${name}". Name one that is in the host, or give it with -i to \`sh -s\`.`,
        exitCode: 127,
      }
}

const mostTopologyBytes = 1024 ** 2

/** @throws VethlabError argument.invalid with file, line and column */
async function readTopology(file: string): Promise<TopologyInput> {
  const fail = (what: string, place = file) =>
    new VethlabError('argument.invalid', what, { place, cure: 'See docs/topology.md.' })
  const unreadable = (error: Error) => {
    throw fail(`can't be read: ${error.message}`)
  }
  const found = await stat(file).catch(unreadable)
  if (!found.isFile() && !found.isFIFO()) throw fail('is no file')
  if (found.size > mostTopologyBytes) throw fail('is larger than 1 MiB')
  const text = await readFile(file, 'utf8').catch(unreadable)
  const { value, problems, positionOf } = parseYaml(text)
  const [problem] = problems
  if (problem) throw fail(problem.what, [file, problem.line, problem.column ?? 1].join(':'))
  const [issue] = topologyIssues(value)
  if (issue) {
    const { line, column } = positionOf(issue.path)
    const path = placeInWords(issue.path, value)
    throw new VethlabError('topology.invalid', `${path ? `${path}: ` : ''}${issue.what}`, {
      place: [file, line, column].join(':'),
      cure: issue.cure,
    })
  }
  return value as TopologyInput
}

function describe(rack: RackInfo): string {
  const hosts = rack.hosts.map((host) => {
    const legs = host.interfaces.map(
      (leg) => `${leg.name} ${leg.address}/${leg.prefix} on ${leg.lan}${leg.cut ? ' (cut)' : ''}`,
    )
    return `  ${host.name} (${host.kind}${host.alive ? '' : ', down'})${legs.length > 0 ? `: ${legs.join(', ')}` : ''}\n`
  })
  return `${rack.id}${rack.label ? ` ${rack.label}` : ''}\n${hosts.join('')}`
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
