import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { logOnce } from '../../error/log-once.js'
import { sharedSettings } from '../../machine/shared-settings.js'
import { readRecord, removeRecord, writeRecord } from '../record.js'
import type { StateDirectory } from '../state-directory.js'

/** Below /proc/sys. The kernel begins to clear a table of neighbours at the second number, and refuses more than the third. */
const least: Readonly<Record<string, number>> = {
  ...Object.fromEntries(sharedSettings.flatMap(({ path, raisedTo }) => (raisedTo ? [[path, raisedTo]] : []))),
  'net/ipv4/neigh/default/gc_thresh2': 8192,
  'net/ipv6/neigh/default/gc_thresh2': 8192,
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
