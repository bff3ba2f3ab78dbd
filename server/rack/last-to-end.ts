import { writeFileSync } from 'node:fs'

/** From -1000, never, to 1000, first of all; a usual process has 0. */
const late = -900

/**
 * When the machine's memory runs out the kernel ends others first (proc(5), oom_score_adj), also before what this process starts:
 * programs in hosts and those that look into hosts set their own back to 0. To go below 0 takes CAP_SYS_RESOURCE, without which
 * nothing changes.
 */
export function beLastToEnd(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', `${late}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
  }
}
