import { quote } from 'shell-quote'

/** A command to type in a host's terminal. */
export interface Command {
  host: string
  text: string
}

/** Controls and what turns text around: nobody can type them, and they could make a command read as another. */
const untypable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u

/**
 * The command with every word quoted that needs it; nothing where one of them can't be typed.
 * @param rest what stands behind it as it is, such as `| grep -w 8080`; never data
 */
export function command(host: string, argv: readonly string[], rest = ''): Command[] {
  if (argv.some((word) => untypable.test(word) || word.length > 200)) return []
  return [{ host, text: `${argv.map(quoted).join(' ')}${rest && ` ${rest}`}` }]
}

/** shell-quote puts backslashes into what needs none, such as `name=web`, and into what reads better in quotes, such as `{{json .}}`. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return word.includes("'") ? quote([word]) : `'${word}'`
}
