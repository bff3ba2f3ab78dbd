import { createRequire } from 'node:module'
import xterm from '@xterm/headless'
import { describe, expect, it } from 'vitest'
import { swallowQueries } from '../../client/terminal/queries.js'
import { inOrder, labelOf } from '../../client/terminal/tab-order.js'

const { UnicodeGraphemesAddon } = loadedAsInBrowsers('@xterm/addon-unicode-graphemes')

/** Not imported, for its types want a DOM; and without Buffer, whose shared memory its table does not bear. */
function loadedAsInBrowsers(name: string) {
  const { Buffer } = globalThis
  Reflect.deleteProperty(globalThis, 'Buffer')
  try {
    return createRequire(import.meta.url)(name)
  } finally {
    globalThis.Buffer = Buffer
  }
}

function emulator() {
  const terminal = new xterm.Terminal({ allowProposedApi: true, cols: 80, rows: 24 })
  terminal.loadAddon(new UnicodeGraphemesAddon())
  const answers: string[] = []
  terminal.onData((data) => answers.push(data))
  const show = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve))
  return { terminal, answers, show }
}

describe('the emulator', () => {
  it.each([
    ['abc', 3],
    ['你好', 4],
    ['👍', 2],
    ['👍🏽', 2],
    ['👨‍👩‍👧', 2],
    ['é', 1],
    ['🇨🇳', 2],
  ])('gives %s its width', async (text, width) => {
    const { terminal, show } = emulator()
    await show(text)
    expect(terminal.buffer.active.cursorX).toBe(width)
  })

  const queries = {
    'primary attributes': '\x1b[c',
    'secondary attributes': '\x1b[>c',
    status: '\x1b[5n',
    cursor: '\x1b[6n',
    'cursor, private': '\x1b[?6n',
    mode: '\x1b[4$p',
    'mode, private': '\x1b[?2004$p',
    setting: '\x1bP$qm\x1b\\',
  }

  it.each(Object.entries(queries))('answers for its %s only while it should', async (_name, query) => {
    const { terminal, answers, show } = emulator()
    let may = false
    swallowQueries(terminal.parser, () => may)
    await show(query)
    expect(answers).toEqual([])
    may = true
    await show(query)
    expect(answers).toHaveLength(1)
  })

  it('swallows questions alone', async () => {
    const { terminal, show } = emulator()
    const colours: string[] = []
    swallowQueries(terminal.parser, () => false)
    terminal.parser.registerOscHandler(11, (data) => colours.push(data) > 0)
    // The one that is registered last is asked first.
    swallowQueries(terminal.parser, () => false)
    await show('\x1b]11;?\x07\x1b]11;#000000\x07\x1b[?2004h')
    expect(colours).toEqual(['#000000'])
    expect(terminal.modes.bracketedPasteMode).toBe(true)
  })
})

describe('tabs', () => {
  it('are grouped by host, in the order of hosts', () => {
    const host = (name: string) => ({ name, kind: 'docker' as const, alive: true })
    const terminal = (host: string, number: number) => ({ id: `${host}${number}`, host, number, atPrompt: true })
    const view = {
      hosts: [host('node1'), host('laptop')],
      terminals: [terminal('laptop', 1), terminal('node1', 2), terminal('laptop', 3), terminal('node1', 1)],
    }
    expect(inOrder(view).map(labelOf)).toEqual(['node1', 'node1 2', 'laptop', 'laptop 3'])
  })
})
