import type { Lab, Problem } from './lab.js'
import { lintLab } from './lint.js'
import { readLab } from './read-lab.js'

/** What became of reading a lab: the lab, where it can be used, and all that is wrong with it. */
export interface Reading {
  lab?: Lab
  problems: Problem[]
}

/** Reads a lab's folder, and lints it where it can be read. @param images names of the images that lab hosts have */
export async function lintedLab(directory: string, images: readonly string[]): Promise<Reading> {
  const { lab, problems } = await readLab(directory)
  return lab ? { lab, problems: await lintLab(lab, images) } : { problems }
}
