import type { Lab, Problem } from './lab.js'
import { type LintGround, lintLab } from './lint.js'
import { readLab } from './read-lab.js'

/** What became of reading a lab: the lab, where it can be used, and all that is wrong with it. */
export interface Reading {
  lab?: Lab
  problems: Problem[]
}

/**
 * Reads a lab's folder, and lints as much of it as can be read; what is wrong comes in the order of files and lines.
 * @param seed what its parameters are drawn from; that of practice unless said
 */
export async function lintedLab(directory: string, ground: LintGround, seed?: string): Promise<Reading> {
  const { lab, draft, problems } = await readLab(directory, seed)
  const linted = lab ? await lintLab(lab, ground) : draft ? await lintLab(draft.lab, ground, draft.lacks) : []
  const all = [...problems, ...linted].toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
  return lab ? { lab, problems: all } : { problems: all }
}
