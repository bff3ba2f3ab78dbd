/** What a lab's id is, and the addresses of its pages. Server and browser share it; it imports nothing. */

/** Of a lab's folder, in addresses, and in requests. As a regular expression's text, without anchors. */
export const labIdPattern = '[A-Za-z0-9][A-Za-z0-9_-]{0,63}'

const labId = new RegExp(`^${labIdPattern}$`)
const labPage = new RegExp(`^/labs/(${labIdPattern})(/map)?/?$`)

export function isLabId(text: string): boolean {
  return labId.test(text)
}

/** The page of a lab. */
export function labPath(id: string): string {
  return `/labs/${id}`
}

/** The network of a lab, alone on a page. */
export function mapPath(id: string): string {
  return `/labs/${id}/map`
}

/** Which of the two a path leads to, whether there is such a lab or not; undefined for all other paths. */
export function labPageOf(path: string): { page: 'lab' | 'map'; lab: string } | undefined {
  const [, lab, map] = labPage.exec(path) ?? []
  return lab === undefined ? undefined : { page: map === undefined ? 'lab' : 'map', lab }
}

/**
 * An address below the path that all addresses of a server begin with.
 * @param address a path, with or without parameters
 * @returns undefined for one that lies elsewhere
 */
export function belowBase(address: string, base: string): string | undefined {
  if (!address.startsWith(base)) return undefined
  const below = address.slice(base.length)
  if (below === '' || below.startsWith('?')) return `/${below}`
  return below.startsWith('/') ? below : undefined
}
