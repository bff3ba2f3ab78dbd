import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../error/message-of.js'
import { Host, type HostGround, recordPath } from './host/host.js'
import { HostRoot, mountedHosts } from './host/root.js'
import { endByRuntime, hostsOfRuntime } from './host/runtime.js'
import { freeSlot, slotsOf } from './identity.js'
import { tidyPacks } from './images/pack-record.js'
import { Lan } from './lan.js'
import { type RackRecord, rackRecordPath } from './rack-record.js'
import {
  bootId,
  endProcess,
  isAlive,
  type Owner,
  type ProcessIdentity,
  readRecord,
  recordedDirectories,
  removeRecord,
} from './record.js'
import { isLivingScript } from './script-room.js'
import { Uplinks } from './uplink.js'

/** What a sweep removed, by kind. */
export interface SweepReport {
  racks: string[]
  hosts: string[]
  /** What carried our mark without a record: parts of hosts, and network namespaces of LANs. */
  strays: string[]
  /** What could not be removed, and why: it keeps its record, and the next sweep tries again. */
  left: string[]
  /** Racks that an ended rackd left whole, for the next one. */
  waiting: string[]
}

export interface SweepOptions {
  /** This is rackd itself, which takes over what an earlier one left whole, its pool too. */
  adopting?: boolean
  /** Remove also the racks that wait for the next rackd, and what was copied of images that were never added. */
  all?: boolean
}

/**
 * Removes what crashed processes left: racks and hosts whose owner is dead, and things that carry our mark without a
 * record. What belongs to a living process, to another state directory or to anybody else is not touched.
 */
export async function sweep(ground: HostGround, options: SweepOptions = {}): Promise<SweepReport> {
  return ground.state.locked('sweep', () => sweepNow(ground, options))
}

async function sweepNow(ground: HostGround, { adopting = false, all = false }: SweepOptions): Promise<SweepReport> {
  const { state, store, cgroups } = ground
  const report: SweepReport = { racks: [], hosts: [], strays: [], left: [], waiting: [] }
  // Before the records: a rack's is written first of all, and what was begun since is nobody's to remove.
  const lans = await Lan.files(state)
  const uplinks = new Uplinks(state)
  const uplinked = await uplinks.racks()
  const rackd = adopting ? undefined : await readRecord<ProcessIdentity>(state.rackdRecord)
  const answeredFor = (owner: Owner) => isAlive(owner.kind === 'process' ? owner : rackd)

  const kept = new Map<string, RackRecord>()
  for (const id of await recordedDirectories(state.racks)) {
    const record = await readRecord<RackRecord>(rackRecordPath(state, id))
    if (record && answeredFor(record.owner)) {
      kept.set(id, record)
    } else if (record?.owner.kind === 'rackd' && record.open && !all && (await isWorthKeeping(ground, record))) {
      kept.set(id, record)
      report.waiting.push(id)
    } else {
      if (record?.ptyHost) await endProcess(record.ptyHost)
      report.racks.push(id)
    }
  }
  await uplinks.sweep(new Set(uplinked.filter((id) => !kept.has(id))))
  for (const lan of lans) {
    if (kept.has(lan.rack)) continue
    await lan.remove()
    if (!report.racks.includes(lan.rack)) report.strays.push(`network namespace of ${lan.rack}`)
  }

  const living = new Set<string>()
  for (const id of await recordedDirectories(state.hosts)) {
    const host = await Host.adopt(ground, id)
    if (!host) continue
    const { owner, rack } = host.record
    const wanted = rack ? Object.values(kept.get(rack)?.hosts ?? {}).includes(id) : adopting && host.alive
    if (answeredFor(owner) || (owner.kind === 'rackd' && wanted)) {
      living.add(id)
      continue
    }
    try {
      await host.remove()
      report.hosts.push(id)
    } catch (error) {
      report.left.push(`host ${id}: ${messageOf(error)}`)
    }
  }
  // Records go last: a sweep that is cut off leaves them for the next.
  for (const id of report.racks) {
    await rm(state.ptyHostSocket(id), { force: true })
    await removeRecord(join(state.racks, id))
  }
  if (!adopting && !isAlive(rackd)) {
    for (const socket of [state.rackdSocket, state.webRackdSocket, state.portsSocket]) await rm(socket, { force: true })
  }

  await removeStrays(ground, living, report)
  if (living.size === 0) await cgroups.removeMark()
  for (const name of await tidyPacks(state, store, { all })) report.strays.push(`images: ${name}`)
  await store.clearStaleQuotas()
  return report
}

/** Parts of hosts that have no record any more. */
async function removeStrays(ground: HostGround, living: Set<string>, report: SweepReport): Promise<void> {
  const { state, store, cgroups } = ground
  // Somebody may have begun a host since we looked: a record is written before the first part of it is made.
  const stray = async (id: string) => !living.has(id) && (await readRecord(recordPath(state, id))) === undefined
  for (const id of await hostsOfRuntime(state)) {
    if (!(await stray(id))) continue
    await endByRuntime(state, id)
    report.strays.push(`container ${id}`)
  }
  for (const id of await cgroups.list()) {
    if (isLivingScript(id) || !(await stray(id))) continue
    const processes = await cgroups.endAll(id)
    if (processes.length === 0 && (await cgroups.remove(id))) report.strays.push(`control group ${id}`)
    else report.left.push(`control group ${id}: ${processes.length} of its processes do not end`)
  }
  for (const id of await mountedHosts(state)) {
    if (!(await stray(id))) continue
    await new HostRoot(state, id).remove()
    report.strays.push(`mount point ${id}`)
  }
  for (const id of await recordedDirectories(state.hosts)) {
    if (await stray(id)) await removeRecord(join(state.hosts, id))
  }
  for (const path of await store.list('hosts')) {
    const id = path.slice(path.lastIndexOf('/') + 1)
    if (!(await stray(id))) continue
    await store.remove([path])
    report.strays.push(`disk ${id}`)
  }
  for (const socket of await readdir(state.web)) {
    const [, rack] = /^(r[0-9a-f]{8})\.sock$/.exec(socket) ?? []
    if (rack === undefined || (await readRecord(rackRecordPath(state, rack))) !== undefined) continue
    await rm(join(state.web, socket), { force: true })
    report.strays.push(`terminals of ${rack}`)
  }
  for (const { number, host, newborn } of await slotsOf(state.mark)) {
    if (!newborn && (await stray(host))) await freeSlot(number)
  }
}

/** After a reboot no host is alive, and nothing of a rack is worth keeping. In the middle of a reset none may be alive, either. */
async function isWorthKeeping(ground: HostGround, rack: RackRecord): Promise<boolean> {
  if (rack.resetting?.bootId === bootId) return true
  for (const id of Object.values(rack.hosts)) if ((await Host.adopt(ground, id))?.alive) return true
  return false
}
