import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadLab } from '../../server/lab/read-lab.js'
import { LabRack } from '../../server/labrack/lab-rack.js'
import { runStep } from '../../server/labrack/work-through.js'
import type { NetworkState } from '../../server/network/state.js'
import type { LocalRacks } from '../../server/rack/local-racks.js'
import { type LabMoment, labStatesDirectory } from './lab-states.js'

/**
 * Works through labs on real hosts and keeps what the network was at first and after each step:
 * `VETHLAB_WRITE_LAB_STATES=1 npx vitest run --project hosts test/hosts/network-state.test.ts -t "states of labs"`, as root.
 * With names of labs in the place of 1, of those alone.
 */
export async function captureLabStates(racks: LocalRacks, folder: string): Promise<void> {
  const lab = await loadLab(folder)
  const rack = await LabRack.open(racks, lab)
  const moments: LabMoment[] = []
  try {
    moments.push({ step: '', state: slim(await rack.ground.capture()) })
    for (const step of lab.steps) {
      await runStep(rack, step, AbortSignal.timeout(300_000))
      // Programs begin to listen, and tasks to run, some time after what started them has returned.
      await rack.check(step.checks)
      moments.push({ step: step.id, state: slim(await rack.ground.capture()) })
    }
  } finally {
    await rack.close()
  }
  await mkdir(labStatesDirectory, { recursive: true })
  await writeFile(
    join(labStatesDirectory, `${lab.id}.jsonl`),
    moments.map((moment) => `${JSON.stringify(moment)}\n`).join(''),
  )
}

/** Without what decides nothing of which things are drawn and what ties them: most of it is rules, files and secrets. */
function slim(state: NetworkState): NetworkState {
  const noDns = { nameservers: [], search: [], options: [], hosts: [] }
  return {
    ...state,
    hosts: state.hosts.map((host) => ({
      ...host,
      dns: noDns,
      namespaces: host.namespaces.map((namespace) => ({
        ...namespace,
        routes: namespace.routes.filter(({ table }) => table === 'main'),
        routingRules: [],
        neighbours: [],
        forwarding: [],
        chains: [],
        rules: namespace.rules.filter(({ target }) => ['DNAT', 'SNAT', 'MASQUERADE'].includes(target)),
        sockets: namespace.owner.kind === 'host' ? namespace.sockets : [],
        faults: [],
      })),
      ...(host.engine === undefined
        ? {}
        : {
            engine: {
              ...host.engine,
              containers: host.engine.containers.map((container) => ({ ...container, dns: noDns })),
              swarm: withoutTokens(host.engine.swarm),
            },
          }),
    })),
  }
}

function withoutTokens({
  joinTokens: _tokens,
  ...swarm
}: NonNullable<NetworkState['hosts'][number]['engine']>['swarm']) {
  return swarm
}
