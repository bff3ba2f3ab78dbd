import { createHash } from 'node:crypto'

/** Something on a page that stands alone, which runs a program that is in the page. */
export interface PagePart {
  /** HTML. */
  body: string[]
  style: string
  /** Sources as CSP has them, for the directive `script-src`. */
  scriptSources: string[]
}

/** What may stand between the tags of a script. */
export function inScript(program: string): string {
  return program.replaceAll('</script', '<\\/script')
}

export function scriptSource(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`
}
