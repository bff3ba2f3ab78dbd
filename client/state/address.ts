import { classPath as classPathBelow, teachPath } from '../../server/protocol/class-address.js'
import { labPath as labPathBelow, mapPath as mapPathBelow } from '../../server/protocol/lab-address.js'

/** The path that all addresses of this server begin with, as the server wrote it into the page: nothing, or such as `/labs-of-ours`. */
export const base = document.documentElement.dataset.base ?? ''

/** The catalogue. */
export const home = `${base}/`

/** The teacher's pages. */
export const teachHome = base + teachPath

export function classPath(id: string): string {
  return base + classPathBelow(id)
}

/** Where learners come in, in full; with a code, where it is typed already. */
export function joinAddress(code?: string): string {
  return `${location.origin}${base}/join${code === undefined ? '' : `/${code.replace('-', '')}`}`
}

/** The page of a lab. */
export function labPath(id: string): string {
  return base + labPathBelow(id)
}

/** The network of a lab, alone on a page. */
export function mapPath(id: string): string {
  return base + mapPathBelow(id)
}
