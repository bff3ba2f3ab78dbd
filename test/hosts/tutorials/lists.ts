import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { fromPackage } from '../../../server/package-root.js'

/** Commands of a public tutorial, as a learner types them one after another, and what is known of them. */
export interface TutorialList {
  name: string
  /** Where they are from. */
  origin: string
  lines: string[]
  /** Lines that do not work, with a reason of `reasons` and more words after a colon. */
  known: Record<string, string>
}

/** Why a line does not work, or need not. */
export const reasons: Record<string, string> = {
  internet: 'needs the internet: an image, a package or a host that no rack has',
  source: 'fails on any machine as it is written in the source',
  kernel: 'needs a feature of the kernel that some machines lack: it may work or not',
  elsewhere: "needs something of the source's own machine",
}

const directory = fromPackage('test/hosts/tutorials')

export function tutorialLists(): TutorialList[] {
  const known = parse(readFileSync(join(directory, 'expected.yaml'), 'utf8')) as Record<string, Record<string, string>>
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sh'))
    .toSorted()
    .map((file) => {
      const name = basename(file, '.sh')
      const [first = '', ...lines] = readFileSync(join(directory, file), 'utf8').split('\n')
      const commands = lines.filter((line) => line !== '')
      return { name, origin: first.replace('# origin: ', ''), lines: commands, known: known[name] ?? {} }
    })
}
