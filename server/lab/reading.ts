import type { Lab, Problem } from './lab.js'
import { lintLab } from './lint.js'
import { readLab } from './read-lab.js'

/** What became of reading a lab: the lab, where it can be used, and all that is wrong with it. */
export interface Reading {
  lab?: Lab
  problems: Problem[]
}

/** What lint has to know beside the lab's own files. */
export interface LintGround {
  /** Names of the images that lab hosts have. */
  images: readonly string[]
  /** The folder of the labs that come with vethlab. */
  bundled: string
}

/** Reads a lab's folder, and lints it where it can be read. */
export async function lintedLab(directory: string, { images, bundled }: LintGround): Promise<Reading> {
  const { lab, problems } = await readLab(directory)
  return lab ? { lab, problems: await lintLab(lab, images, bundled) } : { problems }
}
