#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { commands } from './commands/commands.js'
import { languageChosen } from './commands/language-chosen.js'
import { Interrupted } from './commands/until-signal.js'
import { messageIn } from './error/message-in.js'
import { VethlabError } from './error/vethlab-error.js'
import { fromPackage } from './package-root.js'
import { oneLine } from './wording/one-line.js'

const { version } = JSON.parse(readFileSync(fromPackage('package.json'), 'utf8')) as { version: string }

const program = new Command('vethlab')
  .description(
    'Container networking labs on real Docker hosts.\nThe state directory is $VETHLAB_STATE, or /var/lib/vethlab.',
  )
  .version(version)
  .enablePositionalOptions()
  .exitOverride()

// Reading all of them takes half a second, so only the one that is asked for is read; for help, all are.
const asked = process.argv[2] ?? ''
for (const name of Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands)) {
  program.addCommand(throwing(await commands[name]!()))
}

/** Not only the program itself: no command of it ends the process, but throws. */
function throwing(command: Command): Command {
  for (const child of command.commands) throwing(child)
  return command.exitOverride()
}

/** What sysexits.h calls them. In `grade`, 1 and 2 are verdicts. */
const usage = 64
const cannotPrint = 74

// Whoever read our output may be gone, as in `| head`: what was begun is still tidied up. A disk that is full is another matter.
process.stderr.on('error', () => {})
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return
  process.stderr.write(`vethlab: standard output: can't be written: ${oneLine(message)}. Give it a place with room.\n`)
  process.on('exit', () => {
    process.exitCode = cannotPrint
  })
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : usage
  } else if (error instanceof Interrupted) {
    process.exitCode = error.exitCode
  } else if (error instanceof VethlabError) {
    process.stderr.write(`vethlab: ${messageIn(error, languageChosen(program, process.argv.slice(2)))}\n`)
    process.exitCode = error.code === 'argument.invalid' ? usage : 2
  } else {
    process.stderr.write(`vethlab: ${process.env.VETHLAB_DEBUG ? (error as Error).stack : oneLine(String(error))}\n`)
    process.exitCode = 70
  }
}
