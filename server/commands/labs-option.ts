import { Option } from 'commander'
import type { LabShelves } from '../lab/catalogue.js'
import { fromPackage } from '../package-root.js'

/** What `labsOption` reads. */
export interface LabsOption {
  labs: string[]
}

/** Of each command that takes labs. @param purpose what it does with them, where that is more than to find them by their ids */
export function labsOption(purpose = 'whose ids can be named'): Option {
  return new Option('--labs <folder>', `a folder of further labs, ${purpose} (repeatable)`)
    .argParser((folder, before: string[]) => [...before, folder])
    .default([])
}

export function shelvesOf({ labs }: LabsOption): Required<LabShelves> {
  return { bundled: fromPackage('labs'), further: labs }
}
