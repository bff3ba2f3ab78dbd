import type { TopologyInput } from '../../racks/topology.js'

/**
 * What a package that was made elsewhere becomes, before it is written as a lab's folder: the same for all formats.
 */
export interface Draft {
  title: string
  /** One sentence. */
  summary: string
  level: 'beginner' | 'intermediate' | 'advanced'
  minutes: number
  rack: TopologyInput
  /** Markdown before the first step, with its run blocks. */
  introduction: string
  steps: DraftStep[]
  /** Markdown of the closing section. */
  finish: string
  /** Shell text that each host runs before the learner comes, by its name. */
  setup: Record<string, string>
  files: DraftFile[]
  notes: Note[]
}

export interface DraftStep {
  id: string
  heading: string
  /** With run blocks as labs have them. */
  markdown: string
  /** Script that judges the step in a host of the rack; without one, the step is one to read. */
  verify?: { host: string; text: string; passes: 'exit' | 'done' }
  /** What does the step: run blocks. */
  solution: DraftBlock[]
  hints: string[]
}

export interface DraftBlock {
  host: string
  text: string
}

/** A file that a host gets before its set-up runs. */
export interface DraftFile {
  host: string
  /** Absolute. */
  target: string
  content: Buffer
  /** Such as 0o755. */
  mode: number
}

/**
 * One line of the report: `maps` became what it was meant to be; `differs` works in another way here; `lost` is left out;
 * `internet` needs what a rack does not have; `suspicious` looks like a fault of the package.
 */
export interface Note {
  kind: 'maps' | 'differs' | 'lost' | 'internet' | 'suspicious'
  /** Relative to the package. */
  file: string
  /** From 1; 0 for the file as a whole. */
  line: number
  what: string
  /** The image that is needed and that lab hosts do not have, by a name that `images` of a lab may have. */
  image?: string
}

/** A number of things within a note, such as "2 blocks". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
