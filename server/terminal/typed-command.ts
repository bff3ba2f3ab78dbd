import { VethlabError } from '../error/vethlab-error.js'

const PASTE_BEGIN = '\x1b[200~'
const PASTE_END = '\x1b[201~'
/** To the end of the line, and cut to its beginning: the usual keys of line editors. */
const CLEAR_LINE = '\x05\x15'
const ENTER = '\r'

/**
 * The keys that enter a text at a prompt. In brackets all of it is one command line; without, each line is entered by itself.
 * @throws VethlabError argument.invalid for control characters, with which a text could end the brackets and press keys
 */
export function typedCommand(
  text: string,
  { bracketedPaste, clearLine }: { bracketedPaste: boolean; clearLine: boolean },
): Buffer {
  const lines = text.replaceAll('\r\n', '\n').replace(/\n+$/, '').split('\n')
  if (lines.some((line) => /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/.test(line))) {
    throw new VethlabError('argument.invalid', 'contains control characters', {
      place: 'run.text',
      cure: 'Send text, tabs and line ends only.',
    })
  }
  const typed = lines.join(ENTER)
  const keys = bracketedPaste ? PASTE_BEGIN + typed + PASTE_END : typed
  return Buffer.from((clearLine ? CLEAR_LINE : '') + keys + ENTER)
}
