import type { Language, Text } from '../wording/text.js'

/** Tells how far a command is: lines on standard error, in one language. */
export function sayIn(language: Language): (line: Text) => void {
  return (line) => void process.stderr.write(`${line[language]}\n`)
}
