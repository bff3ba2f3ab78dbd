import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unmount } from '../../kernel/system-calls.js'
import { run } from '../command.js'
import type { StateDirectory } from '../state-directory.js'

const mostTries = 10
const betweenMs = 50

/** Hosts of which the runtime keeps something. */
export function hostsOfRuntime(state: StateDirectory): Promise<string[]> {
  return readdir(state.runcRoot).catch(() => [])
}

/** Ends a host of which we know no first process, by the runtime's own word. Its groups and mounts are ours to remove. */
export async function endByRuntime(state: StateDirectory, host: string): Promise<void> {
  await run('runc', ['--root', state.runcRoot, 'delete', '--force', host])
  await forgetByRuntime(state, host)
}

/**
 * Removes all that the runtime keeps of a host whose processes have ended. Whoever enters a host mounts the runtime's own
 * program there for a moment, read-only (runc's guard against CVE-2019-5736), and leaves that mount behind when it is
 * killed in that moment: the file under it can't be removed before (unlink(2), EBUSY).
 * @throws Error of the file system where somebody mounts again and again
 */
export async function forgetByRuntime(state: StateDirectory, host: string): Promise<void> {
  const directory = join(state.runcRoot, host)
  for (let tries = 1; ; tries++) {
    for (const name of await readdir(directory).catch(() => [])) while (unmount(join(directory, name)));
    try {
      return await rm(directory, { recursive: true, force: true })
    } catch (error) {
      if (tries === mostTries) throw error
    }
    await sleep(betweenMs)
  }
}
