import type { RanScript } from '../trial/witness.js'

const columns = 100
const rows = 30

/**
 * What was run and what it printed, as asciicast v2: a head, and a line an event. Programs ran without a terminal, so what one printed comes
 * when it ended, its errors last.
 * @param startedAt ISO 8601
 */
export function asciicast(title: string, startedAt: string, scripts: readonly RanScript[]): string {
  const head = {
    version: 2,
    width: columns,
    height: rows,
    timestamp: Math.floor(Date.parse(startedAt) / 1000),
    title,
    env: { SHELL: '/bin/bash', TERM: 'xterm-256color' },
  }
  const events = scripts.flatMap(({ file, host, text, startedMs, tookMs, stdout, stderr, ended, exitCode }) => {
    const at = startedMs / 1000
    const end = (startedMs + tookMs) / 1000
    const commands = text
      .trimEnd()
      .split('\n')
      .map((line) => `\u001b[2m> ${withoutControl(line)}\u001b[22m\n`)
    const outcome = ended === 'exit' ? `exit code ${exitCode}` : ended
    return [
      [at, `\u001b[1mroot@${host}:~# ./${withoutControl(file)}\u001b[22m\n${commands.join('')}`],
      ...[stdout, stderr].filter((output) => output !== '').map((output) => [end, endOfLine(output)]),
      [end, `\u001b[0m\u001b[2m[${outcome}]\u001b[22m\n`],
    ] as [number, string][]
  })
  // A line begins at the left: nobody's terminal driver has seen to that.
  const lines = events.map(([at, output]) => JSON.stringify([at, 'o', output.replace(/\r?\n/g, '\r\n')]))
  return `${[JSON.stringify(head), ...lines].join('\n')}\n`
}

function endOfLine(output: string): string {
  return output.endsWith('\n') ? output : `${output}\n`
}

function withoutControl(line: string): string {
  return line.replace(/(?!\t)\p{Cc}/gu, '·')
}
