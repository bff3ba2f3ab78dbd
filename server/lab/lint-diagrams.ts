import type { Say } from './lab.js'
import type { Page } from './page.js'

/** A page without a diagram, and a diagram that says nothing to those who don't see it. */
export function lintDiagrams(file: string, { diagrams }: Page, isChinese: boolean, say: Say): void {
  if (diagrams.length === 0) say(file, 1, 'has no diagram', 'Add a ```mermaid block.')
  for (const { line, description } of diagrams) {
    if (description === undefined) {
      say(file, line, 'the diagram has no description', 'Add a line `accDescr: ...` that says in prose what it shows.')
    } else if (/\p{Script=Han}/u.test(description) !== isChinese) {
      const what = isChinese ? 'has no Chinese in it' : 'has Chinese in it'
      say(file, line, `the description of the diagram ${what}`, 'Translate it.')
    }
  }
}
