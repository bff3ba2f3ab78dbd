import { readdirSync, readFileSync } from 'node:fs'

/** Where the machine's processors were, in percent of all of them. */
export interface KernelLoad {
  user: number
  system: number
  softirq: number
  idle: number
  /** Kernel threads that took most, and what each took. */
  threads: { name: string; percent: number }[]
}

/** @returns what tells the load since then. @see proc_stat(5), proc_pid_stat(5) */
export function kernelLoad(): () => KernelLoad {
  const [before, threadsBefore] = [processorTicks(), threadTicks()]
  return () => {
    const after = processorTicks().map((ticks, n) => ticks - before[n]!)
    const all = after.reduce((sum, ticks) => sum + ticks, 0) || 1
    const percent = (ticks: number) => Math.round((ticks / all) * 1000) / 10
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0] = after
    const byName = new Map<string, number>()
    for (const [pid, { name, ticks }] of threadTicks()) {
      const took = ticks - (threadsBefore.get(pid)?.ticks ?? 0)
      byName.set(name, (byName.get(name) ?? 0) + took)
    }
    const threads = [...byName]
      .map(([name, ticks]) => ({ name, percent: percent(ticks) }))
      .filter(({ percent }) => percent >= 1)
      .toSorted((a, b) => b.percent - a.percent)
      .slice(0, 3)
    return {
      user: percent(user + nice),
      system: percent(system),
      softirq: percent(irq + softirq),
      idle: percent(idle + wait),
      threads,
    }
  }
}

function processorTicks(): number[] {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  // Guests' ticks, the ninth and tenth, are in user's already.
  return first.trim().split(/ +/).slice(1, 9).map(Number)
}

/** Of kernel threads alone: their parent is kthreadd, process 2, or is none. Those of one kind count together. */
function threadTicks(): Map<string, { name: string; ticks: number }> {
  const found = new Map<string, { name: string; ticks: number }>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // PF_KTHREAD
      if (!(Number(fields[6]) & 0x200000)) continue
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')).replace(/[/:+-].*$/, '')
      found.set(pid, { name, ticks: Number(fields[11]) + Number(fields[12]) })
    } catch {
      // It has ended.
    }
  }
  return found
}
