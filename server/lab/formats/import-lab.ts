import { basename, join, posix, resolve } from 'node:path'
import type { Note } from './draft.js'
import { imagesOf } from './draft-images.js'
import { fitFiles } from './fit-files.js'
import type { FormatContext } from './format.js'
import { readForeign } from './formats.js'
import { writeDraft } from './write-draft.js'

export interface Imported {
  /** Of the new lab. */
  id: string
  folder: string
  /** As a user knows the form, such as "Kathará lab". */
  format: string
  title: string
  steps: number
  /** How many steps have a check. */
  checked: number
  /** That the lab names as needed. */
  images: string[]
  notes: Note[]
}

/**
 * Makes a lab's folder of a package that was made elsewhere. Nothing of the package is run.
 * @param to the folder below which the lab's is made
 * @throws VethlabError import.*
 */
export async function importLab(directory: string, to: string, context: FormatContext): Promise<Imported> {
  const { format, draft } = await readForeign(directory, context)
  const { images, notes } = imagesOf(draft)
  const fitting = fitFiles({ ...draft, notes })
  const id = labIdOf(basename(resolve(directory)), draft.title)
  const folder = join(to, id)
  const imported = {
    id,
    folder,
    format: format.name,
    title: draft.title,
    steps: draft.steps.length,
    checked: draft.steps.filter(({ verify }) => verify !== undefined).length,
    images,
    notes: inOrder(fitting.notes),
  }
  await writeDraft(folder, fitting, {
    origin: `${format.name} ${basename(resolve(directory))}`,
    report: report(imported),
    images,
  })
  return imported
}

/** The ids of labs are letters, digits, "-" and "_" (docs/write-a-lab.md). */
function labIdOf(folder: string, title: string): string {
  const plain = (text: string) =>
    text
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+|-+$/g, '')
      .slice(0, 64)
  return plain(folder) || plain(title).toLowerCase() || 'imported'
}

const kinds: [Note['kind'], string][] = [
  ['suspicious', 'Looks like a fault of the package'],
  ['internet', 'Needs what a rack does not have'],
  ['lost', 'Is left out'],
  ['differs', 'Works in another way here'],
  ['maps', 'Became'],
]

function inOrder(notes: readonly Note[]): Note[] {
  const at = (kind: Note['kind']) => kinds.findIndex(([one]) => one === kind)
  return notes.toSorted((a, b) => at(a.kind) - at(b.kind) || a.file.localeCompare(b.file) || a.line - b.line)
}

/** What became of a package, in Markdown. Pure. */
export function report({ format, title, steps, checked, notes }: Omit<Imported, 'id' | 'folder' | 'images'>): string {
  const parts = kinds.flatMap(([kind, heading]) => {
    const some = notes.filter((note) => note.kind === kind)
    if (some.length === 0) return []
    const lines = some.map(({ file, line, what }) => `- ${posix.normalize(file)}${line > 0 ? `:${line}` : ''}: ${what}`)
    return [`## ${heading}`, [...new Set(lines)].join('\n')]
  })
  const counts = `${format}, with ${steps} ${steps === 1 ? 'step' : 'steps'}, of which ${checked} ${checked === 1 ? 'is' : 'are'} checked.`
  return `${[`# Import of "${title.replaceAll('\n', ' ')}"`, counts, ...parts, `## Next`, next].join('\n\n')}\n`
}

const next = [
  'Read the pages, and try the lab: `vethlab lint` says what is missing for a lab of ours, `vethlab test` which steps pass before anything is done.',
  "A check that was imported asks a script within the learner's own host. Replace it by one that asks the network, where you can.",
].join(' ')
