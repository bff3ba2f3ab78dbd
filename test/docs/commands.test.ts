import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { beforeAll, expect, it } from 'vitest'
import { commands } from '../../server/commands/commands.js'
import { packageRoot } from '../../server/package-root.js'
import { codeOf, pages, rowsOf } from './pages.js'

const all = pages()
const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** All of vethlab, as main.ts puts it together, but nothing is done. */
async function vethlab(): Promise<Command> {
  const program = new Command('vethlab').enablePositionalOptions()
  for (const make of Object.values(commands)) program.addCommand(await make())
  const disarm = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => {} })
    for (const child of command.commands) disarm(child)
    if (command.commands.length === 0) command.action(() => {})
  }
  disarm(program)
  return program
}

// Reading the code of all commands takes a while the first time.
beforeAll(vethlab, 120_000)

/** The arguments of vethlab in a line of a shell, whichever way it is called; undefined for other programs. */
function argumentsIn(line: string): string[] | undefined {
  const words = line.replace(/^([A-Z_]+=\S+ +)+/, '').split(/ +/)
  if (words[0] === 'vethlab') return words.slice(1)
  if (words[0] === 'node' && words[1] === 'dist/main.js') return words.slice(2)
  if (words[0] === 'npm' && words[1] === 'start') return ['serve', ...words.slice(3)]
  return undefined
}

it.each(all)('commands in blocks of $path can be called so', async (page) => {
  for (const line of codeOf(page).lines) {
    const words = argumentsIn(line)
    if (!words) continue
    const program = await vethlab()
    await expect(program.parseAsync(words, { from: 'user' }), line).resolves.toBeDefined()
  }
})

it.each(all)('commands in sentences of $path are there, with their options', async (page) => {
  const program = await vethlab()
  for (const code of codeOf(page).inline) {
    const words = argumentsIn(code)
    if (!words) continue
    let command = program
    let value = false
    for (const word of words) {
      const option = command.options.find(({ long, short }) => word === long || word === short)
      if (word.startsWith('-')) {
        expect(option !== undefined || word === '--help', `${word} of \`${code}\``).toBe(true)
        value = option?.required ?? false
      } else if (value) {
        value = false
      } else {
        const next = command.commands.find((candidate) => candidate.name() === word)
        expect(next !== undefined || command.registeredArguments.length > 0, `${word} of \`${code}\``).toBe(true)
        command = next ?? command
      }
    }
  }
})

it('docs/operate.md has every option of serve, and its default', async () => {
  const serve = (await vethlab()).commands.find((command) => command.name() === 'serve')!
  const operate = all.find(({ path }) => path === 'docs/operate.md')!
  const shown = rowsOf(operate, /^`--/).flatMap(([names, , value]) =>
    names!.split(', ').map((name) => [/--[a-z-]+/.exec(name)![0], value!] as const),
  )
  expect(shown.map(([name]) => name).toSorted()).toEqual(serve.options.map(({ long }) => long).toSorted())
  for (const { long, defaultValue, defaultValueDescription } of serve.options) {
    // One that is described differs from machine to machine.
    if (defaultValueDescription || !['string', 'number'].includes(typeof defaultValue)) continue
    expect([long, new Map(shown).get(long!)]).toEqual([long, `${defaultValue}`])
  }
})

it.each(all)('scripts and tests that $path names are there', (page) => {
  const { inline, lines } = codeOf(page)
  for (const code of [...inline, ...lines]) {
    const [, script] = /^npm run (?:--silent )?([a-z:-]+)/.exec(code) ?? []
    if (script !== undefined) expect(Object.keys(scripts)).toContain(script)
    for (const [path] of code.matchAll(/\b(?:test|server|client|labs|docs)\/[\w./*-]+/g)) {
      if (path.includes('*')) continue
      expect(existsSync(join(packageRoot, path)), `${path} of \`${code}\``).toBe(true)
    }
  }
})
