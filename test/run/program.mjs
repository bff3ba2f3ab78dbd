// Programs that `npm test` runs, with what they print passed on.
import { spawn } from 'node:child_process'

/** Closing lines of parts: the last one, of the whole, is the only one printed. */
const closingLine = /^\d+ passed, \d+ failed$/

/**
 * @param keepStdout what comes on stdout is returned, and not printed
 * @param keepLast the last line of stdout is returned
 * @returns the exit code (1 where a signal ended it), and what was to be kept
 */
export function runProgram(file, args, { cwd, keepStdout = false, keepLast = false }) {
  console.log(`> ${[file, ...args].join(' ')}`)
  const stdout = keepStdout || keepLast ? 'pipe' : 'inherit'
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', stdout, 'inherit'] })
    const result = { code: 1, last: '', stdout: '' }
    const show = (line) => {
      result.last = line
      if (!closingLine.test(line)) console.log(line)
    }
    if (keepStdout) {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        result.stdout += text
      })
    } else if (child.stdout) eachLine(child.stdout, show)
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...result, code: code ?? 1 }))
  })
}

function eachLine(stream, onLine) {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) onLine(line)
  })
  stream.once('end', () => rest !== '' && onLine(rest))
}
