// Programs that `npm test` runs, with what they print passed on.
import { spawn } from 'node:child_process'

/** Closing lines of parts: the last one, of the whole, is the only one printed. */
const closingLine = /^\d+ passed, \d+ failed$/

/**
 * @param prefix stands before each line, where several programs print at the same time
 * @param keepStdout what comes on stdout is returned, and not printed
 * @param keepLast the last line of stdout is returned
 * @returns the exit code (1 where a signal ended it), and what was to be kept
 */
export function runProgram(file, args, { cwd, prefix = '', keepStdout = false, keepLast = false }) {
  console.log(`${prefix}> ${[file, ...args].join(' ')}`)
  const stdout = keepStdout || keepLast || prefix !== '' ? 'pipe' : 'inherit'
  const stderr = prefix === '' ? 'inherit' : 'pipe'
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', stdout, stderr] })
    const result = { code: 1, last: '', stdout: '' }
    const show = (out) => (line) => {
      result.last = line
      if (!closingLine.test(line)) out.write(`${prefix}${line}\n`)
    }
    if (child.stderr) eachLine(child.stderr, show(process.stderr))
    if (keepStdout) {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        result.stdout += text
      })
    } else if (child.stdout) eachLine(child.stdout, show(process.stdout))
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
