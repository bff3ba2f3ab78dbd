import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ShellMarks } from '../../server/terminal/shell-marks.js'

interface Told {
  /** In order: P and p for a prompt that begins and ends to wait, N for a new one, S and E for a command that starts and ends. */
  told: string
  atPrompt: boolean
  bracketedPaste: boolean
}

function scan(...pieces: (string | Uint8Array)[]): Told {
  let told = ''
  const marks = new ShellMarks({
    onPrompt: () => (told += marks.atPrompt ? 'P' : 'p'),
    onNewPrompt: () => (told += 'N'),
    onCommandStart: () => (told += 'S'),
    onCommandEnd: () => (told += 'E'),
  })
  for (const piece of pieces) marks.feed(Buffer.from(piece))
  return { told, atPrompt: marks.atPrompt, bracketedPaste: marks.bracketedPaste }
}

/** What was told of commands: each start with +, each end with -. */
function commands(...pieces: (string | Uint8Array)[]): string[] {
  const told: string[] = []
  const marks = new ShellMarks({
    onPrompt() {},
    onNewPrompt() {},
    onCommandStart: (text) => told.push(`+${text}`),
    onCommandEnd: ({ text, exitCode }) => told.push(`-${text}${exitCode === undefined ? '' : ` ${exitCode}`}`),
  })
  for (const piece of pieces) marks.feed(Buffer.from(piece))
  return told
}

const mark = (text: string) => `\x1b]633;${text}\x07`
const prompt = `${mark('D;0')}${mark('A')}\x1b[?2004hroot@node1:~# ${mark('B')}`
const command = `ls\r\n\x1b[?2004l\r${mark('C')}bin  etc\r\n${mark('D;1')}${mark('A')}\x1b[?2004h# ${mark('B')}`

describe('ShellMarks', () => {
  it('knows a waiting prompt, a running command and its end', () => {
    expect(scan(prompt)).toEqual({ told: 'NP', atPrompt: true, bracketedPaste: true })
    expect(scan(prompt, `\x1b[?2004l${mark('C')}`)).toEqual({ told: 'NPpS', atPrompt: false, bracketedPaste: false })
    expect(scan(prompt, command)).toEqual({ told: 'NPpSENP', atPrompt: true, bracketedPaste: true })
  })

  it('tells the same wherever the bytes are cut', () => {
    const all = Buffer.from(prompt + command)
    const whole = scan(all)
    for (let at = 0; at <= all.length; at++) expect(scan(all.subarray(0, at), all.subarray(at))).toEqual(whole)
    expect(scan(...[...all].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
  })

  it('tells no end of a command that was never begun, as of an empty line', () => {
    expect(scan(prompt, `\r\n\x1b[?2004l${prompt}`).told).toBe('NPpNP')
  })

  it('tells the end by the next prompt when a changed shell has no other mark', () => {
    expect(scan(mark('C'), 'out', mark('B')).told).toBe('SEP')
    expect(scan(mark('C'), 'out', mark('A')).told).toBe('SEN')
  })

  it('does not take the second line of a command for a prompt', () => {
    // Readline ends and begins bracketed paste for each line; only the first comes after a mark.
    expect(scan(prompt, 'for n in 1 2; do\r\n\x1b[?2004l\r\x1b[?2004h> ').atPrompt).toBe(false)
  })

  it('does not take a prompt that is drawn anew around an entered text for a new one', () => {
    const marks = new ShellMarks({ onPrompt() {}, onNewPrompt() {}, onCommandStart() {}, onCommandEnd() {} })
    marks.feed(Buffer.from(prompt))
    marks.entered()
    marks.feed(Buffer.from(`echo one\r\necho two\x1b[A\r# ${mark('B')}echo one\r\necho two\r\n`))
    expect(marks.atPrompt).toBe(false)
    marks.feed(Buffer.from(`\x1b[?2004l\r${mark('C')}one\r\n${mark('D;0')}${mark('A')}# ${mark('B')}`))
    expect(marks.atPrompt).toBe(true)
  })

  it('knows bracketed paste among other modes, and that a reset ends it', () => {
    expect(scan('\x1b[?1049;2004h').bracketedPaste).toBe(true)
    expect(scan('\x1b[?2004h\x1bc').bracketedPaste).toBe(false)
    expect(scan('\x1b[2004h', '\x1b[?20041h', '\x1b[?2004$h').bracketedPaste).toBe(false)
  })

  it('takes both ends that a sequence may have', () => {
    expect(scan('\x1b]633;B\x1b\\').atPrompt).toBe(true)
    expect(scan('\x1b]633;B\x1b]633;C\x07').atPrompt).toBe(false)
  })

  it('is not misled by sequences that are cut off, foreign or far too long', () => {
    for (const text of [
      '\x1b]633;B',
      '\x1b]633;B\x18\x07',
      '\x1b]633;BB\x07',
      '\x1b]6333;B\x07',
      '\x1b]0;633;B\x07',
      `\x1b]0;${'x'.repeat(1_000_000)}633;B\x07`,
      `\x1b]633;${' '.repeat(100)}B\x07`,
      `\x1b]633;E;${'x'.repeat(1_000_000)}\x1b[633;B\x07`,
      `\x1b[?${'2004;'.repeat(1_000)}2004h`,
      ']633;B\x07',
    ]) {
      expect(scan(text), JSON.stringify(text.slice(0, 40))).toEqual({
        told: '',
        atPrompt: false,
        bracketedPaste: false,
      })
      // And it has found back.
      expect(scan(text, '\x1b\\', prompt).atPrompt).toBe(true)
    }
    expect(scan(randomBytes(1_000_000), '\x1b\\', prompt).atPrompt).toBe(true)
  })

  it('knows the text of a command, from its start to its end', () => {
    const said = mark('E;docker network create my_net')
    expect(commands(prompt, said, mark('C'))).toEqual(['+docker network create my_net'])
    expect(commands(prompt, said + mark('C'), 'out', mark('D;0'))).toEqual([
      '+docker network create my_net',
      '-docker network create my_net 0',
    ])
    const bytes = Buffer.from(`${mark('E;echo "中文"')}${mark('C')}`)
    for (let at = 0; at <= bytes.length; at++) {
      expect(commands(bytes.subarray(0, at), bytes.subarray(at))).toEqual(['+echo "中文"'])
    }
  })

  it('puts escaped characters back, and leaves no control characters', () => {
    for (const [said, text] of [
      ['a\\x3b b \\\\x3b', 'a; b \\x3b'],
      ['echo "a\\x0ab"', 'echo "a b"'],
      ['a\\x1b]0\\x3bx\\x07b', 'a ]0;x b'],
      ['a\u202eb\u009bc\u2028d', 'a b c d'],
      ['  spaced  ', 'spaced'],
      ['ls;nonce', 'ls'],
      ['\\x', '\\x'],
    ]) {
      expect(commands(mark(`E;${said}`), mark('C')), said).toEqual([`+${text}`])
    }
    expect(commands(mark('E;'), mark('C'))).toEqual(['+undefined'])
    expect(commands(Buffer.from([...Buffer.from('\x1b]633;E;a'), 0xff, 0xc3, 7]), mark('C'))).toEqual(['+a'])
  })

  it('keeps 500 characters of a text, and nothing of one that no shell of ours would send', () => {
    expect(commands(mark(`E;${'\\x3b'.repeat(600)}`), mark('C'))).toEqual(['+undefined'])
    expect(commands(mark(`E;${'\\x3b'.repeat(500)}`), mark('C'))).toEqual([`+${';'.repeat(500)}`])
    expect(commands(mark(`E;${'中'.repeat(600)}`), mark('C'))).toEqual([`+${'中'.repeat(500)}`])
  })

  it('gives a text to the very next command alone', () => {
    expect(commands(mark('C'), mark('D'))).toEqual(['+undefined', '-undefined'])
    expect(commands(mark('E;one'), mark('A'), mark('B'), mark('C'))).toEqual(['+undefined'])
    expect(commands(mark('E;one'), mark('C'), mark('E;two'), mark('C'), mark('D'))).toEqual([
      '+one',
      '-one',
      '+two',
      '-two',
    ])
  })
})
