import type { Draft } from './draft.js'
import type { ForeignFolder } from './foreign-folder.js'

/** One form in which labs are published elsewhere. */
export interface Format {
  /** As a user knows it, such as "Killercoda". */
  readonly name: string
  /** Whether a folder is a package of this form, by the names of its files. */
  recognises(folder: ForeignFolder): boolean
  /**
   * Makes a draft of a package. Nothing of the package is run.
   * @throws VethlabError import.invalid with file and line, import.unsupported where it can't become a lab
   */
  read(folder: ForeignFolder, context: FormatContext): Promise<Draft>
}

export interface FormatContext {
  /** Images that come with vethlab. */
  images: readonly string[]
}
