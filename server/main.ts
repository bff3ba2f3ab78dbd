#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { benchCommand } from './commands/bench.js'
import { doctorCommand } from './commands/doctor.js'
import { gradeCommand } from './commands/grade.js'
import { lintCommand } from './commands/lint.js'
import { rackCommand } from './commands/rack.js'
import { rackdCommand } from './commands/rackd.js'
import { serveCommand } from './commands/serve.js'
import { setupCommand } from './commands/setup.js'
import { sweepCommand } from './commands/sweep.js'
import { testCommand } from './commands/test.js'
import { oneLine, VethlabError } from './errors.js'
import { fromPackage } from './package-root.js'

const { version } = JSON.parse(readFileSync(fromPackage('package.json'), 'utf8')) as { version: string }

const program = new Command('vethlab')
  .description(
    'Container networking labs on real Docker hosts.\nThe state directory is $VETHLAB_STATE, or /var/lib/vethlab.',
  )
  .version(version)
  .enablePositionalOptions()
  .exitOverride()
for (const command of [
  serveCommand,
  setupCommand,
  doctorCommand,
  lintCommand,
  testCommand,
  gradeCommand,
  rackdCommand,
  rackCommand,
  sweepCommand,
  benchCommand,
]) {
  program.addCommand(command())
}

// Whoever read our output may be gone, as in `| head`: what was begun is still tidied up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  // A signal has said already how this ends.
  const exit = (code: number) => {
    process.exitCode ??= code
  }
  if (error instanceof CommanderError) {
    exit(error.exitCode)
  } else if (error instanceof VethlabError) {
    process.stderr.write(`vethlab: ${error.message}\n`)
    exit(2)
  } else {
    process.stderr.write(`vethlab: ${process.env.VETHLAB_DEBUG ? (error as Error).stack : oneLine(String(error))}\n`)
    exit(70)
  }
}
