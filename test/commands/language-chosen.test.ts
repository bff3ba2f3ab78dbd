import { Command } from 'commander'
import { expect, it } from 'vitest'
import { languageChosen } from '../../server/commands/language-chosen.js'

async function chosen(...argv: string[]): Promise<string> {
  const program = new Command('vethlab')
  program
    .command('grade')
    .argument('[lab]')
    .option('--lang <language>', '', 'en')
    .action(() => {})
  program
    .command('lint')
    .option('--language <language>')
    .action(() => {})
  const evidence = program.command('evidence')
  evidence
    .command('verify')
    .argument('<bundle>')
    .option('--lang <language>', '', 'en')
    .action(() => {})
  await program.parseAsync(argv, { from: 'user' })
  return languageChosen(program, argv)
}

it('is that of the command which was called, also of one below another', async () => {
  expect(await chosen('grade', 'user-bridge', '--lang', 'zh')).toBe('zh')
  expect(await chosen('lint', '--language', 'zh')).toBe('zh')
  expect(await chosen('evidence', 'verify', 'ada', '--lang', 'zh')).toBe('zh')
  expect(await chosen('evidence', 'verify', 'ada')).toBe('en')
  expect(await chosen('grade', '--lang', 'xx')).toBe('en')
})
