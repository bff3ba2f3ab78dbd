import { readFileSync } from 'node:fs'

/**
 * Becomes that user, for good: no group but its own, no capability, and no way back. Does nothing by halves: whatever
 * isn't as it must be then throws, and the caller has to end.
 * @param id user and group
 */
export function dropTo(id: number): void {
  const { setgroups, setgid, setuid, getgroups, getgid, getegid, getuid, geteuid } = process
  if (!setgroups || !setgid || !setuid) throw new Error('this system has no users')
  if (!Number.isInteger(id) || id <= 0) throw new Error(`${id} is no unprivileged user`)
  setgroups([])
  setgid(id)
  setuid(id)
  const ids = [getuid?.(), geteuid?.(), getgid?.(), getegid?.()]
  if (ids.some((each) => each !== id)) throw new Error(`still user and group ${ids.join(', ')}`)
  // getgroups(2) as Node gives it has the effective group in it.
  if (getgroups?.().some((group) => group !== id)) throw new Error('still in other groups')
  const ways = { user: () => setuid(0), group: () => setgid(0), groups: () => setgroups([0]) }
  for (const [what, back] of Object.entries(ways)) {
    if (succeeds(back)) throw new Error(`root's ${what} could be had again`)
  }
  const status = readFileSync('/proc/self/status', 'utf8')
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
    if (!new RegExp(`^${set}:\\s*0+$`, 'm').test(status)) throw new Error(`${set} is not empty`)
  }
  if (!/^NoNewPrivs:\s*1$/m.test(status)) throw new Error('no_new_privs is not set')
}

function succeeds(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}
