import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateDirectory } from '../rack/state-directory.js'

const pattern = /^[A-Za-z0-9_-]{43}$/

/**
 * What lets a browser in; the same at each start, so that one that was let in stays so. It lies among what is root's alone: the
 * web process is told it, and can't put another one in its place.
 */
export async function keptToken(state: StateDirectory): Promise<string> {
  const path = join(state.root, 'token')
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    const kept = (await file.readFile('utf8')).trim()
    if (pattern.test(kept)) return kept
    const token = randomBytes(32).toString('base64url')
    await file.truncate(0)
    await file.write(`${token}\n`, 0)
    await file.sync()
    return token
  } finally {
    await file.close()
  }
}
