import { subjects } from './techniques.js'

/** The techniques, as docs/attacks.md lists them. */
export function attackTables(): string {
  const count = subjects.reduce((sum, { techniques }) => sum + techniques.length, 0)
  const tables = subjects.map(({ title, techniques }) =>
    [
      `### ${title}`,
      '',
      "| technique | in a host | by the machine's root |",
      '|---|---|---|',
      ...techniques.map(
        ({ name, inside, machine, kept }) =>
          `| ${name.replaceAll('|', '\\|')} | ${inside.join(', ')} | ${machine?.join(', ') ?? (kept ? `\`${kept}\` stays as it was` : '')} |`,
      ),
      '',
    ].join('\n'),
  )
  return [`${count} techniques.`, '', ...tables].join('\n')
}
