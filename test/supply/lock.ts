import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromPackage } from '../../server/package-root.js'

/** A package in package-lock.json (lockfileVersion 3). */
export interface Locked {
  version: string
  integrity?: string
  resolved?: string
  license?: string
  link?: boolean
  hasInstallScript?: boolean
  dev?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const lock = JSON.parse(readFileSync(fromPackage('package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }

/** By their place, such as `node_modules/a/node_modules/b`; our own is not among them. */
export const locked = new Map(Object.entries(lock.packages).filter(([place]) => place !== ''))

export function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** Packages that code of `folder` imports, and all that these need, as Node looks them up. */
export function neededBy(folder: string): Set<string> {
  const found = new Set<string>()
  const add = (name: string, from: string) => {
    const place = placeOf(name, from)
    if (place === undefined || found.has(place)) return
    found.add(place)
    const { dependencies, optionalDependencies } = locked.get(place)!
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) add(needed, place)
  }
  for (const file of readdirSync(fromPackage(folder), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(file) || /(?:^|\/)vite\.config\.ts$/.test(file)) continue
    const text = readFileSync(join(fromPackage(folder), file), 'utf8')
    for (const [, name] of text.matchAll(/(?:from|import|import\()\s*'((?:@[\w.-]+\/)?[\w.-]+)(?:\/[^']*)?'/g))
      add(name!, '')
  }
  return found
}

/** The nearest on the way up. */
function placeOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (locked.has(place)) return place
    if (at === '') return undefined
  }
}
