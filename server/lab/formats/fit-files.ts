import { posix } from 'node:path'
import { mostBytesOfOne, mostBytesTogether, mostFiles, pathPart } from '../files.js'
import type { Draft, DraftFile } from './draft.js'

/** Where a host keeps no files of its own before its set-up. */
const passing = /^\/(?:run|tmp|dev|var\/run|var\/tmp)(?:\/|$)/
/** From here the set-up copies what belongs there. */
const waiting = '/var/lib/imported'

/** Leaves out the files that no lab can have, and lets the set-up bring those whose place is made at each boot. Pure. */
export function fitFiles(draft: Draft): Draft {
  const notes = [...draft.notes]
  const setup = { ...draft.setup }
  const files: DraftFile[] = []
  let together = 0
  for (const file of draft.files) {
    const refuse = (what: string) => notes.push({ kind: 'lost', file: posix.basename(file.target), line: 0, what })
    const parts = file.target.split('/').slice(1)
    if (!parts.every((part) => pathPart.test(part))) refuse('has a name that no file of a lab can have')
    else if (file.content.length > mostBytesOfOne) refuse(`is larger than ${mostBytesOfOne / 1024} KiB`)
    else if (files.length >= mostFiles) refuse(`is one of more than ${mostFiles} files`)
    else if (together + file.content.length > mostBytesTogether)
      refuse('is one too many: all files together are larger than 1 MiB')
    else {
      together += file.content.length
      if (!passing.test(file.target)) files.push(file)
      else {
        const target = posix.join(waiting, file.target)
        files.push({ ...file, target })
        const mode = file.mode.toString(8).padStart(4, '0')
        setup[file.host] = `install -D -m ${mode} ${target} ${file.target}\n${setup[file.host] ?? ''}`
      }
    }
  }
  return { ...draft, notes, setup, files }
}
