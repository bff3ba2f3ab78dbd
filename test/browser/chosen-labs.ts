import { existsSync, readdirSync } from 'node:fs'
import { fromPackage } from '../../server/package-root.js'

/**
 * Ids of the labs that a browser test is about: those that `LABS` names, with commas between them, or every one for `LABS=all`.
 * @param usual where `LABS` is not set: each costs minutes
 */
export function chosenLabs(usual: string[]): string[] {
  const { LABS } = process.env
  if (LABS === undefined) return usual
  if (LABS !== 'all') return LABS.split(',')
  return readdirSync(fromPackage('labs')).filter((name) => existsSync(fromPackage('labs', name, 'lab.yaml')))
}
