import leven from 'leven'
import { counted, type DraftBlock, type Note } from './draft.js'
import { plainHtml } from './plain-html.js'

/** What a page of Killercoda or Katacoda becomes. */
export interface ConvertedPage {
  /** The first heading, where the page begins with one; it is not in the text then. */
  heading?: string
  markdown: string
  /** Run blocks below a "Solution" that unfolds. */
  solution: DraftBlock[]
  /** What stands below a "Hint" that unfolds. */
  hints: string[]
  notes: Omit<Note, 'file'>[]
}

export interface PageContext {
  /** Hosts in the order in which actions number them: HOST1 is the first. */
  hosts: readonly { name: string; address: string }[]
}

type Action =
  | { does: 'run'; host: string; interrupts: boolean; terminal?: string }
  | { does: 'copy' }
  | { does: 'keys' }

/** Words that an action begins with. `{{}}` alone takes the copy button away. */
const words = { exec: 'run', execute: 'run', copy: 'copy', open: 'copy', '': 'copy' } as const
/** A typing error is that near to the word that was meant: `exeute`, `exex`, `cope`. */
const mostTypos = 2

const fenceLine = /^(\s*(?:>\s?)*)(`{3,}|~{3,})(.*)$/
const oneLineFence = /^(\s*(?:>\s?)*)(`{3,})\s*([^`]+?)\s*\2\s*(\{\{[^}]*\}\})?\s*$/
/** Code and the action directly behind it; a blank between them occurs. */
const inlineAction = /(?<!`)(`+)(?!`)((?:(?!\1).)+?)\1(?!`)[ ]?\{\{([^{}]*)\}\}/g
const listItem = /^(\s*)(?:[-*+]|\d+[.)])\s+/
const traffic = /\{\{\s*TRAFFIC_HOST(\d+|X)_(\d+|Y|PORT)\s*\}\}/g
const katacodaTraffic =
  /(?:https?:\/\/)?\[\[HOST(\d*)_SUBDOMAIN\]\]-(\d+)-\[\[KATACODA_HOST\]\](?:\.environments\.katacoda\.com)?/g

/** Makes a lab's page of a scenario's: actions become run blocks, headings and HTML what our pages have. Pure. */
export function convertPage(text: string, context: PageContext): ConvertedPage {
  return new PageConverter(context).convert(text)
}

class PageConverter {
  readonly #notes: Omit<Note, 'file'>[] = []
  readonly #solution: DraftBlock[] = []
  readonly #hints: string[] = []
  readonly #out: string[] = []
  /** Blocks of actions within a paragraph, which stand behind it. */
  #pending: string[] = []
  #indent = ''
  #heading: string | undefined

  constructor(private readonly context: PageContext) {}

  convert(text: string): ConvertedPage {
    this.#lines(this.#unfold(text.replace(/<!--[\s\S]*?-->/g, '')).split('\n'))
    this.#flush()
    const markdown = this.#out
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
    return {
      ...(this.#heading === undefined ? {} : { heading: this.#heading }),
      markdown,
      solution: this.#solution,
      hints: this.#hints,
      notes: this.#notes,
    }
  }

  #note(kind: Note['kind'], line: number, what: string): void {
    this.#notes.push({ kind, line, what })
  }

  /** `<details>`: solutions and hints go where our pages have them, all else stands unfolded. */
  #unfold(text: string): string {
    return text.replace(
      /<details[^>]*>\s*(?:<summary[^>]*>([\s\S]*?)<\/summary>)?([\s\S]*?)<\/details>/gi,
      (whole, summary: string | undefined, inner: string, at: number) => {
        const line = lineAt(text, at)
        const title = plainHtml(summary ?? '').text.trim()
        if (/soluti?on|solução|lösung|answer|resposta|réponse/i.test(title)) {
          const blocks = runnable(inner, this.context)
          if (blocks.length > 0) {
            this.#solution.push(...blocks)
            this.#note('maps', line, `"${title}" is what *Show me* shows: ${counted(blocks.length, 'block')}`)
            return ''
          }
        }
        if (/\bhints?\b|\btips?\b|\bdica|hinweis|indice/i.test(title)) {
          const hint = plainHtml(inner).text.replace(/\s+/g, ' ').trim()
          if (hint !== '') {
            this.#hints.push(hint)
            this.#note('maps', line, `"${title}" is a hint of the step`)
            return ''
          }
        }
        this.#note('differs', line, `"${title || 'details'}" stood folded, and stands open here`)
        // The lines after it keep their numbers.
        const gap = '\n'.repeat(Math.max(0, countLines(whole) - countLines(inner) - 2))
        return `\n${title === '' ? '' : `**${title}**\n`}${inner}${gap}\n`
      },
    )
  }

  #lines(lines: string[]): void {
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!
      const single = oneLineFence.exec(line)
      if (single) {
        const [, lead = '', , command = '', action] = single
        this.#block(lead, 'bash', [command], action, at)
        continue
      }
      const opening = fenceLine.exec(line)
      if (opening) {
        at = this.#fence(lines, at, opening)
        continue
      }
      const file = /^\s*<pre class="file"/.test(line) ? this.#fileBlock(lines, at) : undefined
      if (file !== undefined) {
        at = file
        continue
      }
      const next = lines[at + 1] ?? ''
      const isText = line.trim() !== '' && !/^\s*(?:[#>|`]|[-*+]\s|\d+[.)]\s)/.test(line)
      if (isText && /^\s*(?:=+|-+)\s*$/.test(next) && /=|-{2,}/.test(next)) {
        this.#headline(line.trim(), 1)
        at++
        continue
      }
      const atx = /^\s{0,3}(#{1,6})\s*(.*?)\s*#*\s*$/.exec(line)
      if (atx && atx[2] !== '' && /^\s{0,3}#{1,6}\s/.test(line)) this.#headline(atx[2]!, atx[1]!.length)
      else this.#prose(line, at)
    }
  }

  /** Only a step's own heading stands as high as the first two levels. */
  #headline(text: string, level: number): void {
    this.#flush()
    this.#indent = ''
    const plain = plainHtml(text)
      .text.replace(/\{#[^}]*\}/g, '')
      .trim()
    if (this.#heading === undefined && this.#out.every((line) => line.trim() === '')) {
      this.#heading = plain.replace(/[`*_]/g, '')
      return
    }
    this.#out.push(`${'#'.repeat(Math.min(6, Math.max(3, level)))} ${plain}`)
  }

  /** @returns the line on which it ends */
  #fence(lines: string[], start: number, [, lead = '', mark = '', info = '']: RegExpExecArray): number {
    const closing = new RegExp(`^\\s*(?:>\\s?)*${mark[0]}{${mark.length},}\\s*(.*)$`)
    const content: string[] = []
    let at = start + 1
    let rest: string | undefined
    for (; at < lines.length; at++) {
      const found = closing.exec(lines[at]!)
      if (found) {
        rest = found[1]!
        break
      }
      content.push(lines[at]!.startsWith(lead) ? lines[at]!.slice(lead.length) : lines[at]!.trimStart())
    }
    if (rest === undefined) this.#note('suspicious', start + 1, 'a block of code is never closed')
    let action = /^\{\{[^}]*\}\}/.exec(rest ?? '')?.[0]
    if (action === undefined && /^\s*\{\{[^}]*\}\}\s*$/.test(lines[at + 1] ?? '')) {
      if (this.#action(lines[at + 1]!.trim(), at + 1)) action = lines[++at]!.trim()
    }
    // Some write the action behind the language.
    action ??= /\{\{[^}]*\}\}/.exec(info)?.[0]
    const language = info.replace(/\{\{[^}]*\}\}/, '').trim()
    this.#block(lead, language, content, action, start)
    return Math.min(at, lines.length - 1)
  }

  #block(lead: string, language: string, content: string[], written: string | undefined, at: number): void {
    this.#flush()
    const action = written === undefined ? undefined : this.#action(written, at)
    const filled = content.map((line) => this.#values(line, at))
    const indent = lead.replace(/>\s?/g, '')
    this.#out.push('', ...fenced(indent, language, filled, action, this.context.hosts[0]!.name), '')
    this.#remark(action, at)
  }

  #remark(action: Action | undefined, at: number): void {
    if (action?.does !== 'run') return
    if (action.terminal !== undefined)
      this.#note('differs', at + 1, `was typed into terminal ${action.terminal}: it runs in the terminal in front`)
    if (action.interrupts) this.#note('differs', at + 1, 'pressed Ctrl-C first: the learner does that')
  }

  /** `<pre class="file" data-filename= data-target=>`: an editor's button that writes a file. @returns the line on which it ends */
  #fileBlock(lines: string[], start: number): number | undefined {
    const end = lines.findIndex((line, at) => at >= start && line.includes('</pre>'))
    if (end < 0) return undefined
    const whole = lines.slice(start, end + 1).join('\n')
    const name = /data-filename="([^"]+)"/.exec(whole)?.[1]
    const content = plainHtml(/<pre[^>]*>([\s\S]*?)<\/pre>/.exec(whole)?.[1] ?? '').text.replace(/^\n|\n$/g, '')
    if (name === undefined) return undefined
    const target = /data-target="([^"]+)"/.exec(whole)?.[1] ?? 'replace'
    const redirect = target === 'append' ? '>>' : '>'
    this.#flush()
    this.#out.push(
      '',
      ...fenced(
        '',
        'bash',
        [`cat ${redirect} '${name.replaceAll("'", `'\\''`)}' <<'END'`, content, 'END'],
        { does: 'run', host: this.context.hosts[0]!.name, interrupts: false },
        this.context.hosts[0]!.name,
      ),
      '',
    )
    this.#note('maps', start + 1, `the button that writes ${name} is a block that does`)
    return end
  }

  #prose(line: string, at: number): void {
    const item = listItem.exec(line)
    const isTable = /^\s*\|/.test(line)
    if (line.trim() === '' || item || /^\s*>/.test(line)) this.#flush()
    if (item) this.#indent = ' '.repeat(item[0].length)
    else if (line.trim() !== '' && !/^\s/.test(line) && this.#out.at(-1)?.trim() === '') this.#indent = ''
    const blocks: string[] = []
    let replaced = line.replace(inlineAction, (whole, mark: string, code: string, written: string) => {
      const action = this.#action(`{{${written}}}`, at)
      if (!action) return whole
      this.#remark(action, at)
      if (action.does === 'run')
        blocks.push('', ...fenced(this.#indent, 'bash', [this.#values(code.trim(), at)], action, this.#home), '')
      return `${mark}${code}${mark}`
    })
    // A line that is nothing but the command needs it but once.
    const rest = replaced.replace(/`[^`]*`/g, '').replace(listItem, '')
    const isAlone = blocks.length > 0 && /^[\s.:*_]*$/.test(rest) && !item && !isTable
    replaced = this.#values(replaced, at)
    const { text, lost } = plainHtml(replaced)
    for (const what of lost) this.#note('lost', at + 1, what)
    if (!isAlone) this.#out.push(text)
    this.#pending.push(...blocks)
    if (isAlone) this.#flush()
  }

  get #home(): string {
    return this.context.hosts[0]!.name
  }

  #flush(): void {
    this.#out.push(...this.#pending)
    this.#pending = []
  }

  /** @returns undefined where braces are no action, such as a template of `docker inspect` */
  #action(written: string, at: number): Action | undefined {
    const [first = '', ...rest] = written
      .replace(/^\{\{|\}\}$/g, '')
      .trim()
      .split(/\s+/)
    const word = nearest(first.toLowerCase())
    if (word === undefined) return undefined
    if (word !== first.toLowerCase())
      this.#note('suspicious', at + 1, `{{${first}}} is a typing error: taken as {{${word}}}`)
    if (words[word] === 'copy') return { does: 'copy' }
    if (rest.includes('ctrl-seq')) {
      this.#note('lost', at + 1, 'a key that is pressed for the learner')
      return { does: 'keys' }
    }
    const numbered = rest.map((one) => /^HOST(\d+)$/i.exec(one)?.[1]).find((one) => one !== undefined)
    const host = this.context.hosts[Number(numbered ?? 1) - 1]
    if (host === undefined) this.#note('lost', at + 1, `there is no host ${numbered}: it runs on ${this.#home}`)
    const terminal = rest.map((one) => /^T(\d+)$/i.exec(one)?.[1]).find((one) => one !== undefined && one !== '1')
    return {
      does: 'run',
      host: host?.name ?? this.#home,
      interrupts: rest.includes('interrupt'),
      ...(terminal === undefined ? {} : { terminal }),
    }
  }

  /** Addresses of hosts, and ports of theirs that a browser opens. */
  #values(line: string, at: number): string {
    const port = (number: string, port: string) => {
      const host = this.context.hosts[Number(number || 1) - 1]?.name ?? this.#home
      this.#note(
        'differs',
        at + 1,
        `a link to port ${port} of ${host}: the page's menu of ports opens it, once published`,
      )
      return `${host}:${port}`
    }
    return line
      .replace(
        /\[([^\]]*)\]\(\s*(?:https?:\/\/)?\{\{\s*TRAFFIC_HOST(\d+)_(\d+)\s*\}\}([^)]*)\)/g,
        (_, label, number, to, path) => {
          return `${label} (\`${port(number, to)}${path}\`)`
        },
      )
      .replace(traffic, (whole, number: string, to: string) => {
        if (!/^\d+$/.test(number + to)) {
          this.#note('suspicious', at + 1, `${whole} was left unfilled`)
          return `\`${whole.replace(/[{}\s]/g, '')}\``
        }
        return port(number, to)
      })
      .replace(/\{\{\s*TRAFFIC_SELECTOR\s*\}\}/g, () => {
        this.#note('differs', at + 1, 'a link to a chooser of ports: the page has a menu of ports')
        return '`ports`'
      })
      .replace(katacodaTraffic, (_, number: string, to: string) => port(number, to))
      .replace(/\[\[HOST(\d*)_IP\]\]/g, (whole, number: string) => {
        return this.context.hosts[Number(number || 1) - 1]?.address ?? whole
      })
  }
}

function nearest(word: string): keyof typeof words | undefined {
  if (Object.hasOwn(words, word)) return word as keyof typeof words
  if (!/^[a-z]{3,9}$/.test(word)) return undefined
  const known = Object.keys(words).filter((one) => one !== '') as (keyof typeof words)[]
  const near = known.map((one) => ({ one, far: leven(one, word) })).toSorted((a, b) => a.far - b.far)[0]!
  return near.far <= mostTypos && near.far < word.length / 2 ? near.one : undefined
}

function fenced(
  indent: string,
  language: string,
  content: string[],
  action: Action | undefined,
  home: string,
): string[] {
  const longest = Math.max(2, ...content.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)))
  const mark = '`'.repeat(longest + 1)
  const first = language.split(/\s+/)[0] ?? ''
  const word = /^[A-Za-z0-9+#-]{1,20}$/.test(first) && first !== 'run' ? first : ''
  const info = action?.does === 'run' ? `${word || 'bash'} run${action.host === home ? '' : ` ${action.host}`}` : word
  const before = action?.does === 'run' && action.interrupts ? [`${indent}\`Ctrl-C\``, ''] : []
  return [...before, `${indent}${mark}${info}`, ...content.map((line) => `${indent}${line}`), `${indent}${mark}`]
}

/** What can be run within a piece of a page: what has an action, else every block of a shell. */
function runnable(text: string, context: PageContext): DraftBlock[] {
  const { markdown } = new PageConverter(context).convert(text)
  const all = [...markdown.matchAll(/^[ ]*(`{3,})([^\n]*)\n([\s\S]*?)\n[ ]*\1[ ]*$/gm)].map(
    ([, , info = '', body = '']) => ({
      info,
      text: body,
    }),
  )
  const meant = all.filter(({ info }) => / run\b/.test(info))
  const shell = all.filter(({ info }) => /^(?:bash|sh|shell|console)?$/.test(info))
  return (meant.length > 0 ? meant : shell).map(({ info, text }) => ({
    host: / run (\S+)/.exec(info)?.[1] ?? context.hosts[0]!.name,
    text: text.replace(/^\$ /gm, ''),
  }))
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

function countLines(text: string): number {
  return text.split('\n').length
}
