import { Command } from 'commander'
import { Cgroups } from '../rack/cgroup.js'
import { restoreSharedTables } from '../rack/guard/shared-tables.js'
import { isAlive, ownProcess, type ProcessIdentity, readRecord } from '../rack/record.js'
import { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import { sweep } from '../rack/sweep.js'

export function sweepCommand(): Command {
  return new Command('sweep')
    .description(
      'remove what crashed processes left behind, and only what is ours; unmount the store when nothing uses it',
    )
    .option('--all', 'also the racks that wait for the next rackd', false)
    .option('--json', 'print a JSON document', false)
    .action(async ({ all, json }: { all: boolean; json: boolean }) => {
      const state = StateDirectory.at()
      const store = await Store.open(state)
      const report = await sweep(
        { state, store, cgroups: await Cgroups.open(state.mark), owner: ownProcess() },
        { all },
      )
      const rackd = await readRecord<ProcessIdentity>(state.rackdRecord)
      if (!isAlive(rackd)) {
        const hosts = await store.list('hosts')
        await store.closeIfIdle()
        if (hosts.length === 0) await restoreSharedTables(state)
      }
      if (report.left.length > 0) process.exitCode = 1
      if (json) {
        process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
        return
      }
      const { racks, hosts, strays, left, waiting } = report
      const lines = [
        `removed ${racks.length} racks, ${hosts.length} hosts, ${strays.length} strays`,
        ...strays.map((stray) => `  ${stray}`),
        ...left.map((what) => `could not remove ${what}`),
        ...(waiting.length > 0 ? [`${waiting.join(', ')} wait for the next rackd; --all removes them too`] : []),
      ]
      process.stdout.write(`${lines.join('\n')}\n`)
    })
}
