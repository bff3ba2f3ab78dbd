import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PtyProcess } from '../../server/terminal/pty-process.js'
import { TerminalInput } from '../../server/terminal/terminal-input.js'

const LINES = 3_000
const paste = Array.from({ length: LINES }, (_, n) => `line ${n} of what is pasted\r`).join('')
const echoed = paste.replaceAll('\r', '\r\n')

/** A program on a pty of this process, and what the kernel and it have put out. */
async function program(script: string) {
  let text = ''
  const pty = new PtyProcess(
    { argv: ['sh', '-c', script], env: { PATH: process.env.PATH ?? '' }, cwd: '/', cols: 80, rows: 24 },
    { onOutput: (bytes) => (text += Buffer.from(bytes).toString()), onExit: () => {} },
  )
  const input = new TerminalInput(pty, 'terminal')
  onTestFinished(() => {
    input.stop()
    pty.kill('SIGKILL')
  })
  await expect.poll(() => text, { timeout: 10_000 }).toContain('ready\r\n')
  return { pty, input, output: () => text.slice(text.indexOf('ready\r\n') + 7) }
}

describe('what the kernel shows of a paste', () => {
  it('comes in full, however late it is read', async () => {
    const { pty, input, output } = await program('echo ready; exec cat >/dev/null')
    pty.pause()
    input.push(Buffer.from(paste))
    // All that would be written without waiting for it has been written by then.
    await sleep(500)
    pty.resume()
    await expect.poll(() => output().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(echoed.length)
    expect(output()).toBe(echoed)
  })

  it('comes in full where the program reads late', async () => {
    const { pty, input, output } = await program('echo ready; sleep 0.5; exec cat >/dev/null')
    input.push(Buffer.from(paste))
    await sleep(200)
    pty.pause()
    await sleep(500)
    pty.resume()
    await expect.poll(() => output().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(echoed.length)
    expect(output()).toBe(echoed)
  })

  it('comes in full beside what the program says of it', async () => {
    const { pty, input, output } = await program('echo ready; exec sed -u "s/line/= line/"')
    input.push(Buffer.from(paste))
    for (let n = 0; n < 5; n++) {
      pty.pause()
      await sleep(20)
      pty.resume()
      await sleep(20)
    }
    await expect.poll(() => output(), { timeout: 10_000 }).toContain(`= line ${LINES - 1} of`)
    expect(output().replaceAll('= line', '')).toHaveLength(2 * echoed.length - 4 * LINES)
  })
})
