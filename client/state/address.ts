import { labPath as labPathBelow, mapPath as mapPathBelow } from '../../server/protocol/lab-address.js'

/** The path that all addresses of this server begin with, as the server wrote it into the page: nothing, or such as `/labs-of-ours`. */
export const base = document.documentElement.dataset.base ?? ''

/** The catalogue. */
export const home = `${base}/`

/** The page of a lab. */
export function labPath(id: string): string {
  return base + labPathBelow(id)
}

/** The network of a lab, alone on a page. */
export function mapPath(id: string): string {
  return base + mapPathBelow(id)
}
