import { readFile } from 'node:fs/promises'

/** Sum of the processes' proportional set sizes (proc(5), smaps_rollup): a page that several share counts for each in part. */
export async function proportionalMiB(pids: number[]): Promise<number> {
  let kibibytes = 0
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
    kibibytes += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
  }
  return kibibytes / 1024
}
