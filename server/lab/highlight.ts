import type { LanguageFn } from 'highlight.js'
import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import dockerfile from 'highlight.js/lib/languages/dockerfile'
import ini from 'highlight.js/lib/languages/ini'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import nginx from 'highlight.js/lib/languages/nginx'
import python from 'highlight.js/lib/languages/python'
import shell from 'highlight.js/lib/languages/shell'
import sql from 'highlight.js/lib/languages/sql'
import yaml from 'highlight.js/lib/languages/yaml'
import { escapeHtml } from '../wording/escape-html.js'
import { fillIn, placeholders } from './page.js'

/**
 * Commands and words of the shell where they stand as such, and nowhere else: highlight.js takes `link`, `set` and the `rm` of
 * `--rm` for programs wherever they stand.
 */
const shellCommands: LanguageFn = (hljs) => {
  const language = bash(hljs)
  const { keyword, literal } = language.keywords as { keyword: string[]; literal: string[] }
  // Also a word of many options.
  const words = keyword.filter((word) => word !== 'in')
  return {
    ...language,
    keywords: { $pattern: /(?<![-\w./=:@])[a-z]+(?![-\w./=:@])/, keyword: words, literal },
    contains: [
      {
        scope: 'built_in',
        // At the beginning of a line (not one that only goes on), behind what separates commands, and behind words that lead to one.
        begin:
          /(?<=(?:^|[;&|(])[ \t]*|\b(?:do|then|else|sudo|time)[ \t]+)(?<!\\\n[ \t]*)(?!(?:do|then|else|if|fi|for|while|until|in|done)\b)[a-z][\w.-]*(?![\w=(])/,
      },
      ...language.contains,
    ],
  }
}

const languages = { bash: shellCommands, dockerfile, ini, javascript, json, nginx, python, shell, sql, yaml }
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language)

/** `<pre>` with a program's text in colours; plain, where nobody knows the language. */
export function codeHtml(text: string, language: string): string {
  const known = hljs.getLanguage(language)
  const html = known ? hljs.highlight(text, { language, ignoreIllegals: true }).value : escapeHtml(text)
  // Its name as an author wrote it may be anything.
  const name = known ? ` language-${language.toLowerCase()}` : ''
  return `<pre><code class="hljs${name}">${html}</code></pre>`
}

/** Stands for a live value while the text around it gets its colours: one character is never torn apart. */
const standIn = '\ue000'

/** The same for a text with `{{name}}` in it, each of which is `<span class="live">name</span>`. */
export function liveCodeHtml(text: string, language: string): string {
  const names = placeholders(text)
  const filled = fillIn(text.replaceAll(standIn, '\ufffd'), () => standIn)
  const html = codeHtml('text' in filled ? filled.text : text, language)
  return html.replaceAll(standIn, () => `<span class="live">${escapeHtml(names.shift() ?? '')}</span>`)
}
