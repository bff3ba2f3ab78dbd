import { readlinkSync } from 'node:fs'

/** Where a link of /proc leads, such as that of an open file; empty once its process has ended, or closed it (proc(5)). */
export function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
