import { useEffect, useRef, useState } from 'preact/hooks'
import type { BlockRef, Trouble } from '../../server/protocol/protocol.js'
import { announce } from '../shell/announce.js'
import { CopyIcon, RunIcon, TerminalIcon, TickIcon } from '../shell/icons.js'
import { TroubleWords } from '../shell/trouble.js'
import { connection } from '../state/connection.js'
import { isOpen, side } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { askQuietly, view } from '../state/session.js'
import { loadTerminals, terminals } from './load-terminals.js'
import { putBlock } from './put-block.js'

const strings = stringsOf({
  en: {
    copy: 'Copy',
    copied: 'Copied',
    run: 'Run',
    runIn: (host: string) => `Run in a terminal of ${host}`,
    put: 'Put at the prompt',
    putOn: (host: string) => `Put at a prompt of ${host}, for you to change and enter`,
    live: 'Marked values are read from your hosts',
    wait: 'Available once the lab is open',
    fails: 'Shows an error on purpose',
    noCopy: 'The browser does not allow this page to copy.',
    select: 'Select the text and copy it yourself.',
  },
  zh: {
    copy: '复制',
    copied: '已复制',
    run: '运行',
    runIn: (host: string) => `在 ${host} 的终端里运行`,
    put: '放到提示符后',
    putOn: (host: string) => `放到 ${host} 的提示符后，由你修改并执行`,
    live: '标出的值会从你的主机上读取',
    wait: '实验打开后可用',
    fails: '这里故意演示报错',
    noCopy: '浏览器不允许这个页面写入剪贴板。',
    select: '请选中文字后自行复制。',
  },
})

/** Types a block into a terminal of its host, the one in front if it can be, and brings it there. @returns why not */
export async function runBlock(block: BlockRef): Promise<Trouble | undefined> {
  const shown = terminals.peek()
  const front = typeof shown === 'object' ? shown.frontTerminal.peek() : undefined
  const answered = await askQuietly('block.run', { block, ...(front === undefined ? {} : { terminal: front }) })
  if (!answered.ok) return answered.trouble
  side.value = 'terminal'
  await loadTerminals()
  const { terminal } = answered.value
  requestAnimationFrame(() => {
    const loaded = terminals.peek()
    if (typeof loaded === 'object') loaded.showTerminal(terminal)
  })
}

/** The first line of a block, short enough to be read aloud. */
function beginningOf(text: string): string {
  const [line = ''] = text.trimStart().split('\n')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

/** What stands above a block of commands: where it runs, and buttons for it. */
export function BlockBar({
  block,
  host,
  text,
  live = false,
  fails = false,
  past = false,
}: {
  /** Absent for a block that is only read. */
  block?: BlockRef
  host?: string
  text: string
  /** It has live values, which only the server knows. */
  live?: boolean
  fails?: boolean
  /** It has been run for the learner. */
  past?: boolean
}) {
  const t = strings.value
  const [trouble, setTrouble] = useState<Trouble>()
  const [copied, setCopied] = useState(false)
  const [running, setRunning] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const states = view.value?.steps.map(({ state }) => state).join()
  // What it says is over, or may be.
  useEffect(() => setTrouble(undefined), [connection.value === 'online', isOpen.value, states])

  // Each button says which command it is for: a page has twenty of them.
  const named = (verb: string) => `${verb}${marks.value.colon}${beginningOf(text)}`
  const copy = async () => {
    const answered =
      live && block !== undefined ? await askQuietly('block.text', { block }) : ({ ok: true, value: { text } } as const)
    if (!answered.ok) return setTrouble(answered.trouble)
    try {
      await navigator.clipboard.writeText(answered.value.text)
    } catch {
      const both = (name: 'noCopy' | 'select') => ({ en: t[name], zh: t[name] })
      return setTrouble({ code: 'copy.refused', what: both('noCopy'), cure: both('select') })
    }
    setTrouble(undefined)
    setCopied(true)
    announce(t.copied)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied(false), 1500)
  }
  const run = async () => {
    if (block === undefined || running) return
    setRunning(true)
    setTrouble(await runBlock(block))
    setRunning(false)
  }
  const put = async () => setTrouble(await putBlock(host ?? '', text))

  return (
    <>
      <div class="bar">
        {host !== undefined && <span class="host">{host}</span>}
        {fails && <span class="fails">{t.fails}</span>}
        {live && <span>{t.live}</span>}
        <span class="buttons">
          <button
            type="button"
            class="quiet"
            aria-label={named(copied ? t.copied : t.copy)}
            onClick={copy}
            disabled={live && !isOpen.value}
          >
            {copied ? <TickIcon /> : <CopyIcon />} {copied ? t.copied : t.copy}
          </button>
          {block === undefined && host !== undefined && !past && (
            <button
              type="button"
              class="quiet put"
              aria-label={named(t.put)}
              onClick={put}
              disabled={!isOpen.value}
              title={isOpen.value ? t.putOn(host) : t.wait}
            >
              <TerminalIcon /> {t.put}
            </button>
          )}
          {block !== undefined && (
            <button
              type="button"
              class="quiet run"
              aria-label={named(t.run)}
              onClick={run}
              disabled={!isOpen.value}
              aria-busy={running}
              title={isOpen.value ? t.runIn(host ?? '') : t.wait}
            >
              <RunIcon /> {t.run}
            </button>
          )}
        </span>
      </div>
      {trouble !== undefined && (
        <p class="inline-trouble" role="alert">
          <TroubleWords trouble={trouble} />
        </p>
      )}
    </>
  )
}
