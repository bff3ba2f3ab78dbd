import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TerminalInput } from '../../server/terminal/terminal-input.js'
import { RecordedView } from './recorded-view.js'
import { cookedScript, openTerminal, script, startPtyHost } from './running-pty-host.js'

const MIB = 1024 * 1024
const CTRL_C = '\x03'

async function view(host: { argv: string[] }): Promise<RecordedView> {
  const client = await (await startPtyHost(host)).connect()
  const attached = await RecordedView.attach(client, await openTerminal(client))
  await attached.untilText('ready')
  return attached
}

describe('input', () => {
  it('of 1 MiB arrives in full and in order', async () => {
    const paste = randomBytes(MIB)
    const terminal = await view(script(`echo ready; head -c ${MIB} | sha256sum`))
    await terminal.attachment.write(paste.subarray(0, 1_000))
    await terminal.attachment.write(paste.subarray(1_000))
    await terminal.untilText(createHash('sha256').update(paste).digest('hex'))
  })

  it('waits for a program that reads late, and is refused as a whole when too much waits', async () => {
    const paste = randomBytes(3 * MIB)
    const terminal = await view(script(`echo ready; head -c 1 >/dev/null; sleep 0.2; head -c ${3 * MIB} | sha256sum`))
    await terminal.attachment.write('x')
    await terminal.attachment.write(paste)
    const refused = expect.objectContaining({ name: 'VethlabError', code: 'terminal.limit' })
    await expect(terminal.attachment.write(Buffer.alloc(2 * MIB))).rejects.toEqual(refused)
    await expect(terminal.attachment.write(Buffer.alloc(9 * MIB))).rejects.toEqual(refused)
    await terminal.untilText(createHash('sha256').update(paste).digest('hex'))
  })

  it('waits while the terminal shows no more, where it is a paste; keys do not', async () => {
    const written: string[] = []
    const terminal = { takesPaste: false }
    const input = new TerminalInput(
      {
        get takesPaste() {
          return terminal.takesPaste
        },
        endPaste: () => {},
        write: (bytes) => written.push(Buffer.from(bytes).toString()) && bytes.length,
        interruptFlushesInput: false,
        discardInput: () => {},
      },
      'terminal',
    )
    input.push(Buffer.from('l'))
    input.push(Buffer.from('s'))
    expect(written).toEqual(['l', 's'])
    input.push(Buffer.alloc(10_000, 'p'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(written).toEqual(['l', 's'])
    terminal.takesPaste = true
    await expect.poll(() => written.slice(2).join('').length).toBe(10_000)
    // A paste that waits gives way to a Ctrl-C.
    terminal.takesPaste = false
    input.push(Buffer.alloc(10_000, 'q'))
    input.push(Buffer.from(CTRL_C))
    expect(written.at(-1)).toBe(CTRL_C)
    terminal.takesPaste = true
    input.stop()
    expect(written.join('')).not.toContain('q')
  })

  it('after the exit has no effect', async () => {
    const client = await (await startPtyHost(script('echo ready; read line; exit 4'))).connect()
    const id = await openTerminal(client)
    const terminal = await RecordedView.attach(client, id)
    await terminal.untilText('ready')
    await terminal.attachment.write('\n')
    expect(await terminal.untilExit()).toEqual({ exitCode: 4, signal: null })
    // Another terminal takes over the number of the file descriptor.
    const other = await RecordedView.attach(client, await openTerminal(client))
    await other.untilText('ready')
    await terminal.attachment.write('\n'.repeat(100_000))
    await terminal.attachment.resize(10, 10)
    expect(other.exit).toBeUndefined()
    expect(await client.list()).toHaveLength(2)
    await client.close(id)
    await expect(terminal.attachment.write('x')).rejects.toEqual(
      expect.objectContaining({ code: 'terminal.not-found' }),
    )
  })
})

describe('Ctrl-C', () => {
  const answer = 'trap "echo GOT-INT; exit 7" INT'

  it('gets through while output floods', async () => {
    const terminal = await view(cookedScript(`${answer}; echo ready; yes`))
    // Before that the shell itself would get it, and wait for the end of what it starts then.
    await terminal.untilReceived(64 * 1024)
    terminal.attachment.write(CTRL_C)
    expect(await terminal.untilExit()).toEqual({ exitCode: 7, signal: null })
    expect(terminal.text).toContain('GOT-INT')
  })

  it('gets through ahead of a paste that nobody reads', async () => {
    const terminal = await view(cookedScript(`${answer}; echo ready; sleep 1000`))
    await terminal.attachment.write('echo this is pasted\n'.repeat(100_000))
    terminal.attachment.write(CTRL_C)
    expect(await terminal.untilExit()).toEqual({ exitCode: 7, signal: null })
  })

  it('gets through ahead of a paste that the kernel holds already', async () => {
    const terminal = await view(cookedScript(`${answer}; echo ready; sleep 1000`))
    await terminal.attachment.write('echo this is pasted\n'.repeat(550))
    terminal.attachment.write(CTRL_C)
    expect(await terminal.untilExit()).toEqual({ exitCode: 7, signal: null })
  })

  it('cuts a paste short for a program that takes it as a key, and closes the brackets', async () => {
    const terminal = await view(script('echo ready; sleep 0.3; exec cat'))
    const paste = `\x1b[200~${'x'.repeat(2 * MIB)}\x1b[201~`
    await terminal.attachment.write(paste)
    await terminal.attachment.write(CTRL_C)
    await terminal.untilText(CTRL_C)
    expect(terminal.text).toMatch(/x\x1b\[201~\x03$/)
    expect(terminal.received).toBeLessThan(paste.length)
  })
})
