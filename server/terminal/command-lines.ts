/** Words of the shell that begin what goes on over lines, and those that end it (POSIX.1, 2.4 Reserved Words). */
const begins = new Set(['if', 'for', 'while', 'until', 'select', '{'])
const ends = new Set(['fi', 'done', '}'])
/** What follows them is a command, too. */
const leads = new Set(['do', 'then', 'else', 'elif', '!', 'time', ...begins])

/**
 * Divides a text into commands that can be entered one after the other, each with its own output behind it. Whatever it does not
 * understand for sure, such as here-documents, stays whole. Comments go with the command below them. Pure.
 */
export function commandLines(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').replace(/\n+$/, '').split('\n')
  const commands: string[] = []
  let begun: string[] = []
  for (const line of lines) {
    begun.push(line)
    const state = stateAfter(begun.join('\n'))
    if (state === 'unknown') return [lines.join('\n')]
    if (state === 'goes on') continue
    commands.push(begun.join('\n'))
    begun = []
  }
  // Comments at the end, blank lines, or what is cut off: with what stands above.
  if (begun.length > 0) commands.push([commands.pop(), ...begun].filter((part) => part !== undefined).join('\n'))
  return commands
}

/** Whether a shell that was given this waits for more. */
function stateAfter(text: string): 'whole' | 'goes on' | 'unknown' {
  let depth = 0
  let at = 0
  // Whether the next word is the name of a command, and whether there was any.
  let isCommand = true
  let hasCommand = false
  while (at < text.length) {
    const rest = text.slice(at)
    const [blank] = /^(?:[ \t]|\\\n)+/.exec(rest) ?? []
    if (blank !== undefined) {
      at += blank.length
      continue
    }
    if (rest[0] === '#') {
      at += /^[^\n]*/.exec(rest)![0].length
      continue
    }
    const [operator] = /^(?:\n|&&|\|\||;;|[;&|()]|<<|[<>]+&?)/.exec(rest) ?? []
    if (operator !== undefined) {
      if (operator === '<<' || operator === ';;') return 'unknown'
      if (operator === '(') depth++
      if (operator === ')') depth--
      if (depth < 0) return 'unknown'
      isCommand = !/[<>)]/.test(operator)
      at += operator.length
      // `cmd &&` and `cmd |` wait for the next command; a new line alone does not end them.
      if (
        (operator === '&&' || operator === '||' || operator === '|') &&
        /^(?:[ \t]|\n|#[^\n]*(?=\n|$))*$/.test(text.slice(at))
      )
        return 'goes on'
      continue
    }
    const word = wordOf(rest)
    if (word === undefined) return 'goes on'
    at += word.length
    if (isCommand) {
      if (/^(?:case|esac|function|coproc|\[\[)$/.test(word)) return 'unknown'
      if (begins.has(word)) depth++
      if (ends.has(word)) depth--
      if (depth < 0) return 'unknown'
      hasCommand = true
    }
    // A redirection's file is followed by what it was before: close enough, for only names of commands count.
    isCommand = isCommand && (leads.has(word) || /^[A-Za-z_]\w*=/.test(word))
  }
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text)) return 'goes on'
  return depth === 0 && hasCommand ? 'whole' : 'goes on'
}

/** The word at the beginning, with its quotes and substitutions; undefined where one of them does not end. */
function wordOf(text: string): string | undefined {
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (/[ \t\n;&|()<>]/.test(character)) break
    const end = partEnd(text, at)
    if (end === undefined) return undefined
    at = end
  }
  return text.slice(0, at)
}

/** Where the part of a word that begins there ends: a character, or all of a quotation or substitution. */
function partEnd(text: string, from: number): number | undefined {
  const character = text[from]!
  if (character === '\\') return from + 2 <= text.length ? from + 2 : undefined
  if (character === "'") {
    const end = text.indexOf("'", from + 1)
    return end < 0 ? undefined : end + 1
  }
  if (character === '"' || character === '`') return closing(text, from + 1, character)
  if (character === '$' && text[from + 1] === '(') return closing(text, from + 2, ')')
  if (character === '$' && text[from + 1] === '{') return closing(text, from + 2, '}')
  return from + 1
}

/** Behind the character that closes what is open; quotes and substitutions within are passed over. */
function closing(text: string, from: number, by: string): number | undefined {
  let at = from
  while (at < text.length) {
    if (text[at] === by) return at + 1
    // Within double quotes a single one means nothing; a bracket within a substitution has one of its own.
    if (by === '"' && text[at] === "'") at++
    else if (by === ')' && text[at] === '(') {
      const end = closing(text, at + 1, ')')
      if (end === undefined) return undefined
      at = end
    } else {
      const end = partEnd(text, at)
      if (end === undefined) return undefined
      at = end
    }
  }
  return undefined
}
