import { loadTerminals } from './load-terminals.js'

/** Someone is about to open a lab: its page is there when they do. */
export function prepareLab(): void {
  // What fails now is asked for again, and said, when it is needed.
  import('./lab-page.js').catch(() => undefined)
  void loadTerminals()
}
