/** The addresses of the teacher's pages. Server and browser share it; it imports nothing. */

const classPage = /^\/teach(?:\/([0-9a-f]{32}))?\/?$/

/** All classes that somebody may see. */
export const teachPath = '/teach'

export function classPath(id: string): string {
  return `/teach/${id}`
}

/** Which class a path leads to, or to all of them; undefined for all other paths. */
export function teachPageOf(path: string): { class?: string } | undefined {
  const found = classPage.exec(path)
  return found === null ? undefined : found[1] === undefined ? {} : { class: found[1] }
}
