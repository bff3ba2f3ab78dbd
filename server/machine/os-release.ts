import { readFile } from 'node:fs/promises'

/** Which distribution this is, from /etc/os-release. */
export interface Distribution {
  /** Lower case, such as `debian`; empty when the file does not say. */
  id: string
  /** The distributions it says it derives from, nearest first. */
  like: string[]
  /** For people, such as `Debian GNU/Linux 12 (bookworm)`. */
  title: string
}

/** Reads the assignments of an os-release file: shell syntax, of which only quotes and backslashes are allowed. */
export function parseOsRelease(text: string): Distribution {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values.set(key, unquote(value))
  }
  const id = (values.get('ID') ?? '').toLowerCase()
  return {
    id,
    like: (values.get('ID_LIKE') ?? '').toLowerCase().split(/\s+/).filter(Boolean),
    title: values.get('PRETTY_NAME') ?? values.get('NAME') ?? (id || 'a Linux without /etc/os-release'),
  }
}

/** Whether packages have Debian's names here, and apt installs them. */
export function isDebianLike({ id, like }: Distribution): boolean {
  return [id, ...like].some((name) => name === 'debian' || name === 'ubuntu')
}

/** The text of this machine's os-release, empty when it has none. */
export async function readOsRelease(): Promise<string> {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return await readFile(file, 'utf8')
    } catch {
      // The second place is the specified fallback.
    }
  }
  return ''
}

function unquote(value: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(value) ?? []
  if (single !== undefined) return single
  return (double ?? value).replace(/\\(.)/g, '$1')
}
