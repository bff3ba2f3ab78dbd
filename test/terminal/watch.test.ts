import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { dial } from '../../server/rpc/channel.js'
import type { PtyHostClient } from '../../server/terminal/client.js'
import { type TerminalInfo, watcherRequests } from '../../server/terminal/protocol.js'
import { RecordedView } from './recorded-view.js'
import { newFile, openTerminal, script, startPtyHost } from './running-pty-host.js'

const golden = (path: string) => fromPackage('server', 'rack', 'golden', 'files', path)

/** Bash with golden's marks, and a line of its own after them. */
const rc = (more = '') => ({
  argv: [
    'bash',
    '--noprofile',
    '--rcfile',
    newFile(Buffer.from(`PS1='# '\n. ${golden('etc/profile.d/vethlab-marks.sh')}\n${more}\n`)),
    '-i',
  ],
  env: { HOME: '/nonexistent', HISTFILE: '' },
})

class Watched {
  readonly infos = new Map<string, TerminalInfo>()
  readonly ends: string[] = []
  /** Texts, with + at their start and - at their end. */
  readonly commands: string[] = []
  readonly closed: string[] = []

  static async all(client: PtyHostClient): Promise<Watched> {
    const watched = new Watched()
    await client.watch({
      onTerminal: (info) => watched.infos.set(info.id, info),
      onCommandStart: (_, text) => watched.commands.push(`+${text}`),
      onCommandEnd: (id, { text }) => {
        watched.ends.push(id)
        watched.commands.push(`-${text}`)
      },
      onClosed: (id) => watched.closed.push(id),
    })
    return watched
  }

  async untilPrompt(id: string): Promise<void> {
    await expect.poll(() => this.infos.get(id)?.atPrompt, { timeout: 10_000, interval: 5 }).toBe(true)
  }

  async untilBusy(id: string): Promise<void> {
    await expect.poll(() => this.infos.get(id)?.atPrompt, { timeout: 10_000, interval: 5 }).toBe(false)
  }
}

async function shell(host = rc()) {
  const ptyHost = await startPtyHost(host)
  const client = await ptyHost.connect()
  const watched = await Watched.all(client)
  const id = await openTerminal(client)
  const view = await RecordedView.attach(client, id)
  await watched.untilPrompt(id)
  return { ptyHost, client, watched, id, view }
}

const fails = (code: string) => expect.objectContaining({ name: 'VethlabError', code })

describe('watching', () => {
  it('tells of present terminals, new ones, changes and ends', async () => {
    const { ptyHost, client, watched, id, view } = await shell()
    const other = await Watched.all(await ptyHost.connect())
    await other.untilPrompt(id)
    expect(other.infos.get(id)).toMatchObject({ host: 'h', cols: 80, rows: 24 })
    await view.attachment.resize(100, 30)
    await expect.poll(() => watched.infos.get(id)).toMatchObject({ cols: 100, rows: 30 })
    await view.attachment.write('exit 3\r')
    await expect.poll(() => watched.infos.get(id)).toMatchObject({ exited: { exitCode: 3 }, atPrompt: false })
    await client.close(id)
    await expect.poll(() => other.closed).toEqual([id])
    const second = await openTerminal(client)
    await other.untilPrompt(second)
    expect([...watched.infos.keys()]).toEqual([id, second])
  })

  it('tells the end of each command, and of none where nothing was run', async () => {
    const { watched, view, id } = await shell()
    await view.attachment.write('\r\r')
    await view.attachment.write('sleep 0.2; echo do"ne"\r')
    await watched.untilBusy(id)
    expect(watched.ends).toEqual([])
    await view.untilText(/done/)
    await watched.untilPrompt(id)
    expect(watched.ends).toEqual([id])
    await view.attachment.write('false\r')
    await expect.poll(() => watched.ends).toEqual([id, id])
  })

  it('tells the text of each command, also to one who comes while it runs', async () => {
    const { ptyHost, watched, view } = await shell()
    await view.attachment.write('sleep 0.3; echo "中文\\n"\r')
    await expect.poll(() => watched.commands).toEqual(['+sleep 0.3; echo "中文\\n"'])
    const late = await Watched.all(await ptyHost.connect())
    await expect.poll(() => late.commands).toEqual(['+sleep 0.3; echo "中文\\n"', '-sleep 0.3; echo "中文\\n"'])
    expect(watched.commands).toEqual(late.commands)
    await view.attachment.write('exec sleep 0.1\r')
    await expect.poll(() => watched.commands.at(-1)).toBe('-exec sleep 0.1')
  })

  it('costs one entry a terminal while the watcher does not answer', async () => {
    const { ptyHost, view, id, client } = await shell()
    const slow = await dial(ptyHost.socket)
    onTestFinished(() => slow.close())
    const asked: unknown[] = []
    const answers: (() => void)[] = []
    slow.handle('changes', watcherRequests.changes, (changes) => {
      asked.push(changes)
      return new Promise<void>((resolve) => answers.push(resolve))
    })
    await slow.request('watch', {})
    await expect.poll(() => asked.length).toBe(1)
    for (let n = 0; n < 20; n++) {
      await view.attachment.write(`echo n"um"ber-${n}-\r`)
      await view.untilText(`number-${n}-`)
    }
    const second = await openTerminal(client)
    await client.close(second)
    await sleep(100)
    expect(asked).toHaveLength(1)
    answers[0]?.()
    await expect.poll(() => asked.length).toBe(2)
    expect(asked[1]).toMatchObject({
      terminals: [{ id }],
      commandEnds: [{ terminal: id, text: 'echo n"um"ber-19-', exitCode: 0 }],
      closed: [second],
    })
  })
})

describe('running a text', () => {
  it('types it with Enter, each command when the one before it has ended, and its lines as one paste', async () => {
    const { client, view, watched, id } = await shell()
    await client.run(id, 'n=0; sleep 0.1\nfor word in one two; do\n\tn=$((n + 1)); echo "$n:$word"\ndone\n')
    await view.untilText(/1:one\r\n2:two\r\n[\s\S]*\x1b\]633;B/)
    // A prompt before, between and behind the two; none within the loop.
    expect(view.text.split('\x1b]633;B')).toHaveLength(4)
    expect(view.text).toMatch(/n=0; sleep 0\.1[\s\S]*633;B[\s\S]*for word in[\s\S]*1:one\r\n2:two/)
    await expect.poll(() => watched.commands.at(-1)).toMatch(/^-for word in one two;/)
    await watched.untilPrompt(id)
    await client.run(id, "printf '%s-' 中文 é; echo")
    await expect.poll(() => view.bytes.toString('utf8'), { timeout: 10_000 }).toContain('\x07中文-é-\r\n')
  })

  it('types line after line for a shell that takes no brackets', async () => {
    const { client, view, id } = await shell(rc('bind "set enable-bracketed-paste off"'))
    await client.run(id, 'echo fir""st\necho sec""ond')
    await view.untilText(/first\r\n[\s\S]*second\r\n/)
    expect(view.text).not.toContain('200~')
  })

  it('leaves out the rest where a command is broken off', async () => {
    const { client, view, watched, id } = await shell()
    await client.run(id, `sh -c 'echo st""arted; exec sleep 1000'\necho ne""ver`)
    await view.untilText('started')
    await watched.untilBusy(id)
    await view.attachment.write('\x03')
    await watched.untilPrompt(id)
    await client.run(id, 'echo la""ter')
    await view.untilText(/later\r\n/)
    expect(view.text).not.toMatch(/ne""ver|never/)
  })

  it('replaces what stands on the line', async () => {
    const { client, view, id } = await shell()
    await view.attachment.write('echo half-')
    await view.untilText('echo half-')
    await client.run(id, 'echo wh""ole')
    await view.untilText(/\x07whole\r\n/)
    expect(view.text).not.toMatch(/half-.*whole/)
  })

  it('is refused while a program runs, at once after another, and within a command of several lines', async () => {
    const { client, view, watched, id } = await shell()
    await client.run(id, `sh -c 'echo st""arted; exec sleep 1000'`)
    await expect(client.run(id, 'echo no')).rejects.toEqual(fails('terminal.busy'))
    // Before that the shell itself would get the Ctrl-C, and go on.
    await view.untilText('started')
    await watched.untilBusy(id)
    await view.attachment.write('\x03')
    await watched.untilPrompt(id)
    await view.attachment.write('if true; then\r')
    await view.untilText('> ')
    await watched.untilBusy(id)
    await expect(client.run(id, 'echo no')).rejects.toEqual(fails('terminal.busy'))
    await view.attachment.write('\x03')
    await watched.untilPrompt(id)
    await client.run(id, 'echo y""es; exit')
    await view.untilText('yes')
    await view.untilExit()
    await expect(client.run(id, 'echo no')).rejects.toEqual(fails('terminal.busy'))
    await expect(client.run('f'.repeat(32), 'echo no')).rejects.toEqual(fails('terminal.not-found'))
  })

  it('is refused for keys in the text, such as the end of the brackets', async () => {
    const { client, view, id } = await shell()
    for (const text of ['echo a\x1b[201~\rreboot', 'a\rb', 'a\x03', 'a\x00', 'a\x7f', 'a\u009b201~']) {
      await expect(client.run(id, text)).rejects.toEqual(fails('argument.invalid'))
    }
    await expect(client.run(id, 'x'.repeat(70_000))).rejects.toEqual(fails('argument.invalid'))
    await client.run(id, 'echo go""es on')
    await view.untilText('goes on')
  })

  it('is refused by a program without marks', async () => {
    const client = await (await startPtyHost(script('printf "# "; exec cat'))).connect()
    const id = await openTerminal(client)
    await expect(client.run(id, 'echo')).rejects.toEqual(fails('terminal.busy'))
  })
})

describe("golden's shell integration", () => {
  it("keeps the learner's own prompt, prompt command and exit code", async () => {
    const { view, watched, id } = await shell()
    await view.attachment.write('PROMPT_COMMAND="echo before=\\$?"; PS1="mine> "\r')
    await view.untilText('mine> ')
    await view.attachment.write('(exit 7)\r')
    await view.untilText('before=7')
    await view.attachment.write('(exit 8)\recho code=$?\r')
    await view.untilText('code=8')
    await watched.untilPrompt(id)
    await view.attachment.write('sleep 0.3\r')
    await watched.untilBusy(id)
    const before = watched.ends.length
    await watched.untilPrompt(id)
    expect(watched.ends).toHaveLength(before + 1)
  })

  it('tells each command as it was typed, whatever the shell is set to', async () => {
    const { view, watched, id } = await shell()
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the shell's
    const typed: [string, string?][] = [
      ['echo a;b \\\\x'],
      ['(exit 7)'],
      ['echo code=$? "$_"'],
      ['true | (exit 3)'],
      ['echo pipes="${PIPESTATUS[*]}"'],
      ['for n in 1 2; do\recho $n\rdone', 'for n in 1 2; do echo $n; done'],
      ['echo "a\rb"', 'echo "a b"'],
      ['set -eux'],
      ['set -C; shopt -s nocasematch extglob'],
      ['HISTTIMEFORMAT="%F "'],
      ['alias builtin=false history=false read=false'],
      ['set -o posix'],
      ['echo aliased'],
      ['unalias -a'],
      ['IFS=1234567890'],
      ['HISTSIZE=3'],
      [`: ${'x'.repeat(100_000)}`, `: ${'x'.repeat(498)}`],
      ['history -c'],
      ['HISTCONTROL=ignoreboth'],
      ['echo once'],
      // May be the last one again, or none that is kept: no text is better than a wrong one.
      ['echo once', 'undefined'],
      [' echo hidden', 'undefined'],
      ['HISTCONTROL=ignoredups'],
      ['echo twice'],
      ['echo twice'],
      ['set +o history'],
      ['echo unkept', 'undefined'],
      ['set -o history', 'undefined'],
      ['shopt -u promptvars'],
      ['echo plain', 'undefined'],
    ]
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the shell's
    for (const [line, text = line] of typed) {
      watched.commands.length = 0
      await view.attachment.write(`${line}\r`)
      await expect.poll(() => watched.commands.at(-1), { timeout: 10_000, message: line }).toMatch(/^-/)
      await watched.untilPrompt(id)
      // A short one is told by its end alone.
      expect(watched.commands.filter((one) => one.startsWith('-'))).toEqual([`-${text}`])
    }
    expect(view.text).toContain('code=7')
    expect(view.text).toContain('pipes=0 3')
    // What it does for itself is not traced, and neither seen at the prompt.
    expect(view.text).not.toMatch(/\+ .*vethlab|\$\( \{/)
  })

  it('says nothing to scripts, dumb terminals and other shells', async () => {
    const marks = golden('etc/profile.d/vethlab-marks.sh')
    for (const argv of [
      ['bash', '-c', `. ${marks}; echo prompt=$PROMPT_COMMAND; echo end`],
      ['dash', '-c', `. ${marks}; echo end`],
      ['bash', '-c', `TERM=dumb bash --noprofile --rcfile ${marks} -i -c 'echo prompt=$PROMPT_COMMAND; echo end'`],
    ]) {
      const client = await (await startPtyHost({ argv })).connect()
      const view = await RecordedView.attach(client, await openTerminal(client))
      await view.untilText('end')
      expect(view.text).not.toMatch(/633|prompt=./)
    }
  })
})
