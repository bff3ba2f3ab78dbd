import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RackdClient } from '../../server/node/rackd-client.js'
import { fromPackage } from '../../server/package-root.js'
import type { StateDirectory } from '../../server/rack/state-directory.js'

/** A rackd as people start it: a process of its own. */
export class RackdProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly racks: RackdClient,
    private readonly state: StateDirectory,
  ) {}

  static async start(state: StateDirectory, ...options: string[]): Promise<RackdProcess> {
    const child = spawn(process.execPath, [fromPackage('dist/main.js'), 'rackd', ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, VETHLAB_STATE: state.root },
    })
    let said = ''
    child.stderr!.on('data', (bytes) => {
      said += bytes
    })
    const racks = new RackdClient(state.rackdSocket)
    for (let tries = 0; tries < 1200; tries++) {
      if (child.exitCode !== null) throw new Error(`rackd ended with ${child.exitCode}: ${said}`)
      if (said.includes('rackd serves')) return new RackdProcess(child, racks, state)
      await sleep(50)
    }
    child.kill('SIGKILL')
    throw new Error(`rackd did not come up: ${said}`)
  }

  /** Kills it while somebody waits for an answer, and starts the next one, which `racks` finds by itself. */
  async killed(...options: string[]): Promise<RackdProcess> {
    const exited = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exited
    const { child } = await RackdProcess.start(this.state, ...options)
    return new RackdProcess(child, this.racks, this.state)
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const exited = once(this.child, 'exit')
    await this.racks.disconnect()
    this.child.kill(signal)
    await exited
  }
}
