import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { logOnce } from '../../error/log-once.js'
import { readRecord, removeRecord, writeRecord } from '../record.js'
import type { StateDirectory } from '../state-directory.js'

/**
 * Tables that all network namespaces share are made for one machine, not for a class: ARP and ND (arp(7), gc_thresh3: more
 * neighbours than this are refused), pseudo-terminals, and numbers of processes. Below /proc/sys.
 */
const least: Readonly<Record<string, number>> = {
  'net/ipv4/neigh/default/gc_thresh3': 16_384,
  'net/ipv4/neigh/default/gc_thresh2': 8192,
  'net/ipv6/neigh/default/gc_thresh3': 16_384,
  'net/ipv6/neigh/default/gc_thresh2': 8192,
  'kernel/pty/max': 16_384,
  'kernel/pid_max': 131_072,
}

interface Raised {
  from: number
  to: number
}

const place = (setting: string) => `/proc/sys/${setting}`
const currentValue = (setting: string) => Number(readFileSync(place(setting), 'utf8'))

/** Where /proc/sys may not be written, as in some containers, racks go on with what there is. */
function write(setting: string, value: number): void {
  try {
    writeFileSync(place(setting), `${value}`)
  } catch (error) {
    logOnce(error)
  }
}

/** Makes those tables larger that are too small. What was there before is written down first. */
export async function raiseSharedTables(state: StateDirectory): Promise<void> {
  await state.locked('tables', async () => {
    const raised = (await readRecord<Record<string, Raised>>(state.raisedTables)) ?? {}
    for (const [setting, to] of Object.entries(least)) {
      if (!existsSync(place(setting))) continue
      const from = currentValue(setting)
      if (from < to) raised[setting] = { from: raised[setting]?.from ?? from, to }
    }
    await writeRecord(state.raisedTables, raised)
    for (const [setting, { to }] of Object.entries(raised)) write(setting, to)
  })
}

/** Puts the machine's own values back, but for what somebody else has set since. */
export async function restoreSharedTables(state: StateDirectory): Promise<void> {
  await state.locked('tables', async () => {
    const raised = (await readRecord<Record<string, Raised>>(state.raisedTables)) ?? {}
    for (const [setting, { from, to }] of Object.entries(raised)) {
      if (existsSync(place(setting)) && currentValue(setting) === to) write(setting, from)
    }
    await removeRecord(state.raisedTables)
  })
}
