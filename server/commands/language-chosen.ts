import type { Command } from 'commander'
import { type Language, languages } from '../wording/text.js'

/**
 * In which language a command tells what went wrong: that of its own `--lang` or `--language`, also of one below another, such as
 * `evidence verify`; English where it has none.
 * @param argv without the program itself; the names of commands come first
 */
export function languageChosen(program: Command, argv: readonly string[]): Language {
  let command = program
  for (const word of argv) {
    const below = command.commands.find((one) => one.name() === word)
    if (!below) break
    command = below
  }
  const { lang, language = lang } = command.opts<{ lang?: unknown; language?: unknown }>()
  return languages.find((one) => one === language) ?? 'en'
}
