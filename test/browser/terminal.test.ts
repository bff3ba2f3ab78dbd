import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { accessibilityProblems, Site } from './site.js'
import { eventually, TerminalWindow } from './terminal-window.js'

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'user-bridge')))
  // The session's own first terminal.
  const learner = new TerminalWindow(await site.visit(`/labs/${lab.id}`))
  await learner.row(/#$/)
  await learner.page.context().close()
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
  site.expectOutage = false
})

const windows: TerminalWindow[] = []
afterEach(async () => {
  for (const { page } of windows.splice(0)) if (!page.isClosed()) await page.context().close()
  // The next test's terminals are its own.
  const terminals = await site.racks.terminals(await rackId())
  for (const { id } of await terminals.list()) await terminals.close(id)
  terminals.disconnect()
  expect(site.complaints).toEqual([])
})

async function rackId(): Promise<string> {
  const rack = (await site.racks.list()).find(({ label }) => label.startsWith(`${lab.id} `))
  if (!rack) throw new Error('the rack is gone')
  return rack.id
}

async function inHost(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await site.racks.exec(await rackId(), 'node1', argv)
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
}

/** A window of a browser of its own, on a fresh terminal. */
async function openTerminal(options: BrowserContextOptions = {}): Promise<TerminalWindow> {
  const learner = new TerminalWindow(await site.visit(`/labs/${lab.id}`, options))
  windows.push(learner)
  await learner.openTerminal()
  return learner
}

/** Another window of the same browser, with the same terminal in front. */
async function secondWindow(
  first: TerminalWindow,
  viewport: { width: number; height: number },
): Promise<TerminalWindow> {
  const page = await first.page.context().newPage()
  site.watch(page)
  await page.setViewportSize(viewport)
  await page.goto(first.page.url())
  const second = new TerminalWindow(page)
  await second.ready()
  await page.getByRole('tab', { name: (await first.frontTab.getAttribute('aria-label'))!, exact: true }).click()
  await second.prompt()
  return second
}

async function expectAccessible({ page }: TerminalWindow): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([])
}

describe('output', () => {
  it('arrives whole, once, and in order, also when the network goes away twice', async () => {
    const learner = await openTerminal()
    const network = learner.page.context()
    const banner = learner.pane.getByText('Connection lost; your shells keep running.')
    const lines = 6000
    // Slowly up to the half of it; the other half at once, but only when it is told so.
    await learner.type(
      `clear; for i in {1..${lines}}; do printf 'line-%06d\\n' $i; ((i > ${lines / 2} || i % 100)) || sleep .1; ` +
        `((i == ${lines / 2})) && until [ -e /tmp/go ]; do sleep .1; done; done; touch /tmp/written\n`,
    )
    await learner.row(/^line-000[5-9]\d\d$/)
    site.expectOutage = true
    await network.setOffline(true)
    await banner.waitFor()
    expect((await learner.screen()).join()).not.toContain(`line-00${lines / 2}`)
    await expectAccessible(learner)
    await network.setOffline(false)
    await banner.waitFor({ state: 'hidden', ...eventually })
    await learner.row(new RegExp(`^line-00${lines / 2}$`))

    await network.setOffline(true)
    await banner.waitFor()
    // Keys go nowhere meanwhile, and are not kept for later.
    await learner.type('typed-while-away')
    await inHost('touch', '/tmp/go')
    await expect.poll(() => inHost('ls', '/tmp'), { ...eventually, interval: 200 }).toMatch(/^written$/m)
    await network.setOffline(false)
    await banner.waitFor({ state: 'hidden', ...eventually })
    site.expectOutage = false
    await learner.prompt()
    const text = await learner.wholeText()
    expect([...text.matchAll(/^line-(\d{6})$/gm)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: lines }, (_, index) => index + 1),
    )
    expect(text).not.toContain('typed-while-away')
  })

  it('stops at Ctrl+C at once', async () => {
    const learner = await openTerminal()
    await learner.type('yes it-flows\n')
    await learner.row(/^it-flows$/)
    const pressed = Date.now()
    await learner.press('Control+C')
    await learner.prompt()
    expect(Date.now() - pressed).toBeLessThan(10_000)
  })

  it('gives programs Ctrl+P, Ctrl+Q and Alt+Backspace: a container is left, and goes on', async () => {
    const learner = await openTerminal()
    await learner.type('docker run -it --rm --name held busybox sh\n')
    await learner.row(/^\/ #$/)
    await learner.type('echo in-$((40+2))\n')
    await learner.row(/^in-42$/)
    await learner.press('Control+P', 'Control+Q')
    await learner.row(/^\/ # root@node1:~#/)
    await learner.type('docker ps --format "runs-{{.Names}}" none')
    await learner.press('Alt+Backspace', 'Enter')
    await learner.row(/^runs-held$/)
    await learner.run('docker rm -f held')
    await learner.page.keyboard.press('Alt+Shift+I')
    await learner.page.keyboard.press('?')
    await learner.page.getByText('Browsers keep Ctrl+W, Ctrl+T and Ctrl+N for themselves').waitFor()
    await learner.page.keyboard.press('Escape')
  })

  it('gives Chinese and emoji the width that programs count on', async () => {
    const learner = await openTerminal()
    const column = async (text: string) => {
      await learner.run(`IFS='[;' read -rsdR -p $'\\r${text}\\e[6n' _ _ column; echo; echo column-$column`)
      return Number((await learner.row(/^column-(\d+)$/))[1])
    }
    expect(await column('abc')).toBe(4)
    expect(await column('你好')).toBe(5)
    expect(await column('👍🏽')).toBe(3)
    // Typed as an input method does it, and edited: a key takes a whole character.
    await learner.type('echo got-')
    await learner.page.keyboard.insertText('你好吗')
    await learner.row(/got-你好吗$/)
    await learner.press('Backspace', 'Enter')
    await learner.row(/^got-你好$/)
  })
})

describe('copy and paste', () => {
  it('copies what is selected with Ctrl+C and Ctrl+Shift+C, and pastes with Ctrl+V', async () => {
    const learner = await openTerminal()
    await learner.run('echo first-"copied"; echo second-"copied"')
    await learner.select('first-copied')
    await learner.press('Control+C')
    expect(await learner.clipboard()).toBe('first-copied')
    await learner.select('second-copied')
    await learner.press('Control+Shift+C')
    expect(await learner.clipboard()).toBe('second-copied')
    // Nothing of that was an interrupt; it is one once nothing is selected.
    expect((await learner.screen()).join()).not.toContain('^C')
    await learner.run('true')
    await learner.type('echo pasted-')
    await learner.press('Control+V')
    await learner.row(/# echo pasted-second-copied$/)
    await learner.press('Control+C')
    await learner.row(/\^C$/)
    await learner.prompt()
  })

  it('brings a large paste whole', async () => {
    const learner = await openTerminal()
    const line = '容器网络：每一个网络命名空间都有自己的接口、路由和规则。plain text, too.'
    const lines = Math.ceil(1024 ** 2 / (Buffer.byteLength(line) + 8))
    const text = Array.from({ length: lines }, (_, index) => `${String(index).padStart(6, '0')} ${line}\n`).join('')
    expect(Buffer.byteLength(text)).toBeGreaterThan(1024 ** 2)
    await learner.type('clear; cat > /tmp/pasted\n')
    await expect.poll(async () => (await learner.screen()).join('').trim(), eventually).toBe('')
    await learner.paste(text)
    await learner.dialog.getByText(`${lines} lines: each one runs as soon as it is pasted.`).waitFor()
    await expectAccessible(learner)
    await learner.dialog.getByRole('button', { name: 'Paste' }).click()
    const bar = learner.pane.getByText('Pasting')
    await bar.waitFor()
    await bar.waitFor({ state: 'hidden', ...eventually })
    await learner.row(new RegExp(`^00${lines - 1} `))
    await learner.press('Control+D')
    await learner.prompt()
    const [sum] = (await inHost('sha256sum', '/tmp/pasted')).split(' ')
    expect(sum).toBe(createHash('sha256').update(text).digest('hex'))
  })

  it('asks before lines run where the program takes a paste for typing', async () => {
    const learner = await openTerminal()
    await learner.type('clear; cat\n')
    await expect.poll(async () => (await learner.screen()).join('').trim(), eventually).toBe('')
    await learner.paste('one\ntwo\n')
    await learner.dialog.getByText('2 lines: each one runs as soon as it is pasted.').waitFor()
    expect(await learner.dialog.locator('pre').innerText()).toBe('one\ntwo\n')
    await learner.dialog.getByRole('button', { name: 'Cancel' }).click()
    await learner.paste('single')
    await learner.row(/^single$/)
    expect((await learner.screen()).join()).not.toContain('two')
    await learner.press('Control+C')
    await learner.prompt()
  })

  it('runs nothing of a text that tries to end the brackets around a paste', async () => {
    const learner = await openTerminal()
    await learner.paste('echo harmless\u001b[201~\necho ran-$((40 + 2))\n\u009b201~echo ran-$((40 + 3))\r')
    await learner.row(/# echo harmless\[201~$/)
    await learner.row(/echo ran-\$\(\(40 \+ 3\)\)$/)
    expect(await learner.dialog.count()).toBe(0)
    await learner.press('Control+C')
    await learner.prompt()
    expect(await learner.wholeText()).not.toMatch(/ran-4[23]/)
  })

  it('lets a program fill the clipboard up to a limit, and never read it', async () => {
    const learner = await openTerminal()
    await learner.page.evaluate(() => navigator.clipboard.writeText('before'))
    const copy = (make: string) => learner.run(`printf '\\e]52;c;%s\\a' "$(${make} | base64 -w 0)"`)
    await copy("head -c 102401 /dev/zero | tr '\\0' x")
    expect(await learner.clipboard()).toBe('before')
    await copy('printf "of a program 你好"')
    await learner.page.getByText('Copied by a program.').waitFor()
    expect(await learner.clipboard()).toBe('of a program 你好')
    await copy("head -c 102400 /dev/zero | tr '\\0' y")
    await expect.poll(() => learner.clipboard(), eventually).toBe('y'.repeat(102_400))
    await learner.run("printf '\\e]52;c;?\\a'; IFS= read -rs -t 2 -n 1 && echo answered || echo silent")
    await learner.row(/^silent$/)
  })
})

describe('what programs may not do', () => {
  it('shows a title as text', async () => {
    const learner = await openTerminal()
    for (const [code, what] of [
      [0, 'img'],
      [2, 'svg'],
    ]) {
      const title = `<${what} src=x onerror=document.body.remove()>&amp;`
      await learner.run(`printf '\\e]${code};%s\\a' '${title}'`)
      await expect.poll(() => learner.frontTab.getAttribute('title'), eventually).toBe(title)
    }
    expect(await learner.page.locator('img[src=x], [onerror]').count()).toBe(0)
    expect(await learner.page.title()).not.toContain('onerror')
  })

  it('opens addresses of the web after a question, and no others', async () => {
    const learner = await openTerminal()
    const { page } = learner
    const context = page.context()
    // Nobody is asked on the network.
    await context.route('https://example.com/**', (route) =>
      route.fulfill({ body: 'linked', contentType: 'text/plain' }),
    )
    const opened: string[] = []
    context.on('page', (other) => opened.push(other.url()))
    const link = (address: string, text: string) =>
      `printf '\\e]8;;%s\\e\\\\%s\\e]8;;\\e\\\\\\n' '${address}' '${text}'; `
    await learner.run(
      link('javascript:document.body.remove()', 'script-link') +
        link('file:///etc/passwd', 'file-link') +
        link('https://example.com/hidden', 'good-link') +
        'echo "https://example.com/pl"ain-link',
    )
    await learner.clickOn('script-link')
    await learner.clickOn('file-link')
    await learner.clickOn('good-link')
    // The first question is about the first address that may be opened.
    await learner.dialog.getByText('https://example.com/hidden').waitFor()
    await expectAccessible(learner)
    await learner.dialog.getByRole('button', { name: 'Cancel' }).click()
    await learner.clickOn('plain-link')
    await learner.dialog.getByText('https://example.com/plain-link').waitFor()
    expect(opened).toEqual([])
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      learner.dialog.getByRole('button', { name: 'Open', exact: true }).click(),
    ])
    await popup.waitForURL('https://example.com/plain-link')
    expect(await popup.evaluate(() => window.opener)).toBe(null)
    expect(opened).toHaveLength(1)
  })

  it('answers what a program asks once, and not again what is replayed', async () => {
    const learner = await openTerminal()
    await secondWindow(learner, { width: 1200, height: 700 })
    // Attributes, status, cursor, a setting, a mode, a colour: six answers, however many windows there are.
    await learner.run(
      `stty -echo -icanon; printf '\\e[c\\e[5n\\e[6n\\eP$qm\\e\\\\\\e[?2004$p\\e]11;?\\a'; all=; ` +
        `while IFS= read -rs -t 2 -n 1 -d '' one; do all+=$one; done; stty sane; printf 'answers: %q\\n' "$all"`,
    )
    const answers = (await learner.screen()).join('').replace(/.*answers: /, '')
    for (const answer of [/\[\?1;2c/g, /\[0n/g, /\[\d+;\d+R/g, /P1\$r/g, /\[\?2004;\d\$y/g, /\]11;rgb/g]) {
      expect(answers.match(answer), `${answer} in ${answers}`).toHaveLength(1)
    }
    await learner.page.reload()
    await learner.ready()
    await learner.prompt()
    await learner.type('echo nothing-"typed"\n')
    await learner.row(/^nothing-typed$/)
    expect((await learner.screen()).filter((row) => row.includes('# ')).join('\n')).toMatch(
      /^root@node1:~# echo nothing-"typed"$/m,
    )
  })
})

describe('programs', () => {
  it('runs top', async () => {
    const learner = await openTerminal()
    await learner.type('top\n')
    await learner.row(/load average/)
    await learner.row(/\btini\b|\bdockerd\b|\bbash\b/)
    await learner.press('q')
    await learner.prompt()
  })

  it('edits a file in nano', async () => {
    const learner = await openTerminal()
    await learner.type('nano /tmp/note\n')
    await learner.row(/GNU nano/)
    await learner.type('first line\n')
    await learner.page.keyboard.insertText('第二行')
    await learner.row(/^第二行/)
    await learner.press('Control+O')
    await learner.row(/Write to File: \/tmp\/note/)
    await learner.press('Enter')
    await learner.row(/Wrote 2 lines/)
    await learner.press('Control+X')
    await learner.prompt()
    expect(await inHost('cat', '/tmp/note')).toBe('first line\n第二行\n')
  })

  it('reads and searches in less, which follows the size of the window', async () => {
    const learner = await openTerminal()
    await learner.type('seq -f row-%g 1 1000 | less\n')
    await learner.row(/^:$/)
    const fills = async () => {
      const rows = await learner.screen()
      return rows.at(-1) === ':' && rows.slice(0, -1).every((row) => /^row-\d+$/.test(row)) ? rows.length : 0
    }
    const before = await fills()
    expect(before).toBeGreaterThan(10)
    await learner.page.setViewportSize({ width: 1300, height: 600 })
    await expect.poll(fills, eventually).toBeLessThan(before)
    await expect.poll(fills, eventually).toBeGreaterThan(5)
    await learner.page.setViewportSize({ width: 1440, height: 900 })
    await expect.poll(fills, eventually).toBe(before)
    await learner.type('/row-777\n')
    await expect.poll(async () => (await learner.screen())[0], eventually).toBe('row-777')
    // The wheel moves in it, too: it has the other screen.
    const box = (await learner.pane.locator('.xterm-screen').boundingBox())!
    await learner.page.mouse.move(box.x + 50, box.y + 50)
    await learner.page.mouse.wheel(0, 200)
    await expect.poll(async () => (await learner.screen())[0], eventually).not.toBe('row-777')
    await learner.press('q')
    await learner.prompt()
  })

  it('tells a program of the mouse that asks for it', async () => {
    const learner = await openTerminal()
    await learner.type(
      `clear; stty -echo -icanon; printf '\\e[?1000h\\e[?1006h\\n\\n  aim\\n'; IFS= read -rs -d M press; ` +
        `IFS= read -rs -d m release; printf '\\e[?1000l\\e[?1006l'; stty sane; printf 'press %q\\nrelease %q\\n' "$press" "$release"\n`,
    )
    await learner.row(/^ {2}aim$/)
    await learner.clickOn('aim')
    const [, column, row] = await learner.row(/^press .*\[<0;(\d+);(\d+)/)
    expect([Number(column), Number(row)]).toEqual([4, 3])
    await learner.row(/^release .*\[<0;(\d+);(\d+)/)
    await learner.prompt()
  })
})

describe('settings and search', () => {
  it('finds and counts', async () => {
    const learner = await openTerminal()
    await learner.run('seq -f needle-%g 1 300 | grep -v 7')
    await learner.press('Control+Shift+F')
    const field = learner.page.getByRole('textbox', { name: 'Search in the terminal' })
    await field.fill('needle-11')
    const count = learner.pane.locator('.terminal-search .count')
    // 11, 110 to 119 but for 117.
    const total = 10
    await expect.poll(() => count.innerText(), eventually).toMatch(new RegExp(`^\\d+ of ${total}$`))
    const at = async () => Number.parseInt(await count.innerText(), 10)
    const first = await at()
    await field.press('Enter')
    await expect.poll(at, eventually).toBe((first % total) + 1)
    await field.press('Shift+Enter')
    await expect.poll(at, eventually).toBe(first)
    await expectAccessible(learner)
    await field.fill('no such needle')
    await expect.poll(() => count.innerText(), eventually).toBe('Nothing found')
    await field.press('Escape')
    await field.waitFor({ state: 'hidden' })
    await learner.page.keyboard.type('echo focus-is-"back"\n')
    await learner.row(/^focus-is-back$/)
  })

  it('changes the size of text with keys, and remembers it', async () => {
    const learner = await openTerminal()
    const size = () => learner.pane.locator('.xterm-rows').evaluate((rows) => getComputedStyle(rows).fontSize)
    expect(await size()).toBe('14px')
    await learner.run('echo rows-$LINES')
    const before = Number((await learner.row(/^rows-(\d+)$/))[1])
    await learner.press('Control+=', 'Control+=', 'Control+-', 'Control+=')
    await expect.poll(size, eventually).toBe('16px')
    // The program is told of the room that is left.
    await expect.poll(async () => (await learner.screen()).length, eventually).toBeLessThan(before)
    await learner.page.reload()
    await learner.ready()
    await learner.prompt()
    expect(await size()).toBe('16px')
    await learner.press('Control+0')
    await expect.poll(size, eventually).toBe('14px')
    await expect.poll(async () => (await learner.screen()).length, eventually).toBe(before)
  })

  it('gives a screen reader what is on the screen', async () => {
    const learner = await openTerminal()
    const { page } = learner
    expect(await page.locator('.xterm-accessibility').count()).toBe(0)
    await page.getByRole('button', { name: 'Menu', exact: true }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Screen-reader mode' }).click()
    await learner.run('echo read-this-"aloud"')
    await learner.pane
      .locator('.xterm-accessibility')
      .getByText('read-this-aloud')
      .first()
      .waitFor({ state: 'attached' })
    await expectAccessible(learner)
    // It waits for a pause, so that it cuts off nobody, and is in the page's language.
    const live = learner.pane.locator('.live-region')
    expect(await live.getAttribute('aria-live')).toBe('polite')
    await learner.type('seq 1 100\n')
    await expect.poll(() => live.textContent(), eventually).toContain('Much output.')
    // What comes without keys, as from dictation, and what comes by keys: each once.
    await learner.press('Control+L')
    await learner.type('echo ')
    await page.keyboard.insertText('🙂é中')
    await learner.type(' typed\n')
    await learner.row(/^🙂é中 typed$/)
  })
})

describe('several terminals', () => {
  it('closes one at once, asks where a program runs, and offers a new one where the shell has ended', async () => {
    const learner = await openTerminal()
    const { page } = learner
    const tabs = page.getByRole('tab')
    const present = await tabs.count()
    await learner.run('echo in-the-"first"')
    await learner.openTerminal()
    expect((await learner.screen()).join()).not.toContain('in-the-first')
    await learner.type('sleep 1000\n')
    await page.getByRole('tab', { name: /a program is running/, selected: true }).waitFor()
    await learner.frontTab.press('Delete')
    await learner.dialog.getByText('Closing ends it.').waitFor()
    await expectAccessible(learner)
    await learner.dialog.getByRole('button', { name: 'Cancel' }).click()
    await learner.dialog.waitFor({ state: 'hidden' })
    expect(await tabs.count()).toBe(present + 1)
    await page.locator('.terminal-tab.selected .close').click()
    await learner.dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
    await expect.poll(() => tabs.count(), eventually).toBe(present)
    expect((await inHost('sh', '-c', 'pgrep -f "^sleep 1000" || echo gone')).trim()).toBe('gone')
    // The one behind it comes to the front, as it was.
    await learner.row(/^in-the-first$/)

    await learner.type('exit 3\n')
    await learner.pane.getByText('The shell has ended (exit code 3).').waitFor()
    await page.getByRole('tab', { name: /, ended$/, selected: true }).waitFor()
    await expectAccessible(learner)
    await learner.pane.getByRole('button', { name: 'Open a new one' }).click()
    await page.getByRole('tab', { name: /, ended$/ }).waitFor({ state: 'hidden' })
    await learner.prompt()
    await learner.run('echo in-a-"new"-one')
    await learner.row(/^in-a-new-one$/)
    expect(await tabs.count()).toBe(present)
    await page.locator('.terminal-tab.selected .close').click()
    await expect.poll(() => tabs.count(), eventually).toBe(present - 1)
  })

  it('says when there are as many as there may be', async () => {
    const learner = await openTerminal()
    const { page } = learner
    const tabs = page.getByRole('tab')
    while ((await tabs.count()) < 16) await learner.openTerminal()
    await page.locator('.terminal-new > button').click()
    await page.getByText('This lab can have no more terminals').waitFor()
    await expectAccessible(learner)
    expect(await tabs.count()).toBe(16)
    // All of them work, also those whose screens were let go of.
    await tabs.first().click()
    await learner.prompt()
    await learner.run('echo the-"first"')
    await learner.row(/^the-first$/)
  })

  it('agrees on the size in two windows: the one used last sets it', async () => {
    const first = await openTerminal()
    const large = (await first.screen()).length
    const second = await secondWindow(first, { width: 1100, height: 600 })
    const hint = (learner: TerminalWindow) => learner.pane.getByRole('button', { name: /^Sized by another window/ })
    await second.press('Shift')
    await expect.poll(async () => (await second.screen()).length, eventually).toBeLessThan(large)
    const small = (await second.screen()).length
    await hint(first).waitFor()
    await expectAccessible(first)
    await expectAgreed(small)
    // A click there takes it back.
    await hint(first).click()
    await expect.poll(async () => (await first.screen()).length, eventually).toBe(large)
    await hint(second).waitFor()
    await hint(first).waitFor({ state: 'hidden' })
    // What else is said there does not cover it.
    await second.page.evaluate(() => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', 'x'.repeat(2 * 1024 * 1024 + 1))
      const input = document.querySelector('.terminal-pane:not([hidden]) .xterm-helper-textarea')
      input?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    })
    const note = (await second.page.locator('.terminal-note').boundingBox())!
    expect(note.y + note.height).toBeLessThanOrEqual((await hint(second).boundingBox())!.y)
    await expectAgreed(large)

    /** Kernel and both emulators: as many rows, and a line of as many columns fills one row. */
    async function expectAgreed(rows: number): Promise<void> {
      const user = rows === small ? second : first
      await user.run("stty size; printf '%*s' $COLUMNS '' | tr ' ' =; echo next-row")
      const [, lines, columns] = await user.row(/^(\d+) (\d+)$/)
      expect(Number(lines)).toBe(rows)
      for (const learner of [first, second]) {
        await learner.row(new RegExp(`^${lines} ${columns}$`))
        await learner.row(new RegExp(`^={${columns}}$`))
        await learner.row(/^next-row$/)
        expect(await learner.screen()).toHaveLength(rows)
      }
    }
  })
})
