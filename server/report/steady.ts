import type { Text } from '../wording/text.js'

/** Names that the Engine makes up anew in each rack: veth ends in the host, bridges, and containers' own ids. */
const madeUp: [RegExp, string][] = [
  [/\bveth[0-9a-f]{7}\b/g, 'veth…'],
  [/\bbr-[0-9a-f]{12}\b/g, 'br-…'],
  [/\b[0-9a-f]{64}\b/g, '…'],
  [/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b/g, '…'],
]

/** A text of a report without what differs from one run of the same submission to the next. */
export function steady({ en, zh }: Text): Text {
  return { en: steadyOutput(en), zh: steadyOutput(zh) }
}

/** The same for what a program printed. */
export function steadyOutput(output: string): string {
  return madeUp.reduce((rest, [name, short]) => rest.replace(name, short), output)
}
