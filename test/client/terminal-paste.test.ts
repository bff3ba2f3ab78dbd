import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bytesOf, cleanPaste, runsLines } from '../../client/terminal/paste.js'
import { programCopy } from '../../client/terminal/program-copy.js'
import { TerminalConnection } from '../../client/terminal/terminal-connection.js'
import { webAddress } from '../../client/terminal/web-address.js'
import { KeptScreen, TerminalServer } from './terminal-server.js'

const KIB = 1024
const patience = { timeout: 10_000, interval: 10 }
const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const end of undo.splice(0).reverse()) await end()
})

/** A program that reads all it is given into a file, byte by byte as it comes. */
async function reading() {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-paste-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'pasted')
  const server = await TerminalServer.start(['bash', '-c', `stty raw -echo; : > ${file}; echo ready; cat >> ${file}`])
  undo.push(() => server.stop())
  const screen = new KeptScreen()
  const { input } = track(new TerminalConnection(server.ask(server.connect(), screen)))
  await vi.waitFor(() => expect(screen.text).toContain('ready'), patience)
  const content = () => readFileSync(file, 'utf8')
  return { server, input, content }
}

function track(connection: TerminalConnection): TerminalConnection {
  undo.push(() => connection.dispose())
  return connection
}

describe('cleanPaste', () => {
  it.each([
    ['a\r\nb\rc\nd', 'a\nb\nc\nd'],
    ['tab\there', 'tab\there'],
    ['\x1b[201~rm -rf /\r', '[201~rm -rf /\n'],
    ['\x9b201~x\x03\x04\x7f\x00\x85y', '201~xy'],
    ['你好 👍🏽 é', '你好 👍🏽 é'],
  ])('%j becomes %j', (pasted, clean) => {
    expect(cleanPaste(pasted)).toBe(clean)
  })

  it('knows what would run', () => {
    expect([runsLines('ls'), runsLines('ls\n'), runsLines('a\nb')]).toEqual([false, true, true])
    expect(bytesOf('你好a')).toBe(7)
  })
})

describe('pasting', () => {
  it('brings a megabyte whole, with few messages in flight', async () => {
    const { server, input, content } = await reading()
    server.writeMs = 5
    const text = Array.from(
      { length: 20_000 },
      (_, index) => `${index} 你好 a line of a long text, pasted as it is`,
    ).join('\n')
    const progress: number[] = []
    undo.push(input.pasting.subscribe((now) => void progress.push(now?.sent ?? -1)))
    expect(await input.paste(text, false)).toBe('sent')
    expect(server.mostWritesInFlight).toBe(4)
    expect(Math.max(...server.written.map(({ length }) => length))).toBe(32 * KIB)
    expect(Math.max(...progress)).toBe(Buffer.byteLength(text))
    expect(input.pasting.value).toBeUndefined()
    await vi.waitFor(() => expect(content().length).toBe(text.length), patience)
    expect(content()).toBe(text.replaceAll('\n', '\r'))
  })

  it('is put in brackets where the program asked for them', async () => {
    const { input, content } = await reading()
    expect(await input.paste('two\nlines', true)).toBe('sent')
    await vi.waitFor(() => expect(content()).toBe('\x1b[200~two\rlines\x1b[201~'), patience)
  })

  it('goes before what is typed behind it', async () => {
    const { server, input, content } = await reading()
    server.writeMs = 20
    const text = 'x'.repeat(300 * KIB)
    const pasting = input.paste(text, false)
    expect(input.send('typed')).toBe(true)
    expect(await pasting).toBe('sent')
    await vi.waitFor(() => expect(content()).toBe(`${text}typed`), patience)
  })

  it('ends at Ctrl-C, with its bracket closed', async () => {
    const { server, input } = await reading()
    server.writeMs = 50
    const pasting = input.paste('x'.repeat(1024 * KIB), true)
    await vi.waitFor(() => expect(server.written.length).toBeGreaterThanOrEqual(4), patience)
    input.send('lost behind it')
    input.send('\x03')
    expect(await pasting).toBe('cancelled')
    await vi.waitFor(() => expect(server.writesInFlight).toBe(0), patience)
    const written = Buffer.concat(server.written).toString()
    expect(written).toMatch(/x\x1b\[201~\x03$/)
    expect(written.length).toBeLessThan(512 * KIB)
  })

  it('says so when the connection breaks on the way, and leaves the rest', async () => {
    const { server, input } = await reading()
    server.writeMs = 50
    const pasting = input.paste('x'.repeat(1024 * KIB), false)
    await vi.waitFor(() => expect(server.written.length).toBeGreaterThanOrEqual(4), patience)
    server.cut()
    expect(await pasting).toBe('away')
    const { length } = server.written
    await vi.waitFor(() => expect(input.send('next')).toBe(true), patience)
    await vi.waitFor(() => expect(server.written.length).toBe(length + 1), patience)
    expect(Buffer.from(server.written.at(-1) ?? []).toString()).toBe('next')
  })
})

describe('what programs ask for', () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64')

  it('lets them copy a text of a moderate size, and read nothing', () => {
    expect(programCopy(`c;${encoded('你好\n')}`)).toBe('你好\n')
    expect(programCopy(`;${encoded('x')}`)).toBe('x')
    expect(programCopy(`c;${encoded('x'.repeat(100 * KIB))}`)).toHaveLength(100 * KIB)
    for (const refused of [
      'c;?',
      'c;',
      'c',
      'c;%%%',
      `c;${encoded('x'.repeat(100 * KIB + 1))}`,
      `c;${Buffer.from([0xff, 0xfe]).toString('base64')}`,
    ]) {
      expect(programCopy(refused)).toBeUndefined()
    }
  })

  it('opens addresses of the web alone', () => {
    expect(webAddress('https://example.com/a?b#c')).toBe('https://example.com/a?b#c')
    // As browsers read it: what looks like another host is shown as it is.
    expect(webAddress('http://exаmple.com')).toBe('http://xn--exmple-4nf.com/')
    for (const refused of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'vscode://x', 'nothing']) {
      expect(webAddress(refused)).toBeUndefined()
    }
  })
})
