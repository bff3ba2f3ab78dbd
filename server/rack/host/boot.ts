import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../error/message-of.js'
import { VethlabError } from '../../error/vethlab-error.js'
import type { HostKind, HostLimits } from '../../racks/topology.js'
import { bundle } from '../bundle.js'
import type { Cgroups } from '../cgroup.js'
import { machinePath } from '../command.js'
import { type IdSlot, makeUserNamespaces } from '../identity.js'
import { limited } from '../limited.js'
import { offlineEnvironment } from '../offline-gateway.js'
import { endAtOnce, identify, type ProcessIdentity, signal } from '../record.js'
import type { StateDirectory } from '../state-directory.js'
import type { Store } from '../store.js'
import type { Disk } from './disk.js'
import { HostRoot } from './root.js'
import { endByRuntime, forgetByRuntime } from './runtime.js'

const runcTimeoutMs = 30_000

/** What a boot needs of its installation. */
export interface BootGround {
  state: StateDirectory
  store: Store
  cgroups: Cgroups
}

export interface BootPlan {
  kind: HostKind
  hostname: string
  slot: IdSlot
  limits: HostLimits
  /** Whether its Engine has a way to the internet. */
  internet: boolean
}

/** What runs on a disk: ids, control groups, mounts, namespaces, and the first process. It ends without a trace on the disk. */
export class Boot {
  readonly root: HostRoot

  constructor(
    private readonly ground: BootGround,
    private readonly disk: Disk,
    /** The host's directory, which exists. */
    private readonly directory: string,
  ) {
    this.root = new HostRoot(ground.state, disk.id)
  }

  /**
   * Starts the first process.
   * @param written settles when all of the disk is there; the rest is made meanwhile
   * @returns that process
   * @throws VethlabError host.boot-failed, machine.missing-feature; what was made by then is for `end` to remove
   */
  async start({ kind, hostname, slot, limits, internet }: BootPlan, written: Promise<void>): Promise<ProcessIdentity> {
    const { cgroups, state, store } = this.ground
    const { id } = this.disk
    const [namespaces, ...others] = await Promise.allSettled([
      makeUserNamespaces(slot, limits.pids),
      written,
      cgroups.create(id, limits, slot.base),
      this.root.make(slot.base),
    ])
    try {
      for (const part of others) if (part.status === 'rejected') throw part.reason
      if (namespaces.status === 'rejected') throw namespaces.reason
      await this.mount(store.golden(this.disk.golden), namespaces.value.disk)
      const spec = bundle({
        rootfs: this.root.path,
        userNamespace: namespaces.value.host,
        idBase: slot.base,
        cgroupPath: cgroups.guestPath(id),
        kind,
        environment: internet ? {} : offlineEnvironment,
        hostname,
      })
      await writeFile(join(this.directory, 'config.json'), JSON.stringify(spec))
      const pidFile = join(this.directory, 'init.pid')
      await this.runDetached(state.runcRoot, pidFile)
      const init = identify(Number(await readFile(pidFile, 'utf8')))
      if (!init) throw bootFailed(id, 'its first process ended at once')
      return init
    } finally {
      if (namespaces.status === 'fulfilled') namespaces.value.release()
    }
  }

  private async mount(golden: string, mapping: string): Promise<void> {
    try {
      await this.root.mount(golden, this.disk, mapping)
    } catch (error) {
      throw bootFailed(this.disk.id, `can't mount its file system: ${messageOf(error)}`)
    }
  }

  /** The first process keeps its starter's output, so that goes to a file and never to a pipe that would stay open. */
  private async runDetached(runcRoot: string, pidFile: string): Promise<void> {
    const log = await open(join(this.directory, 'runc.log'), 'w', 0o600)
    const args = ['--root', runcRoot, 'run', '--detach', '--bundle', this.directory]
    const [file, ...argv] = limited(['runc', ...args, '--pid-file', pidFile, this.disk.id])
    try {
      const runc = spawn(file, argv, {
        stdio: ['ignore', log.fd, log.fd],
        env: { PATH: machinePath },
        timeout: runcTimeoutMs,
        killSignal: 'SIGKILL',
      })
      const [exitCode] = await once(runc, 'exit')
      if (exitCode === 0) return
      const said = await readFile(join(this.directory, 'runc.log'), 'utf8')
      throw bootFailed(this.disk.id, `runc: ${said || 'no end in time'}`)
    } finally {
      await log.close()
    }
  }

  /**
   * Ends all that runs and unmounts it; the disk stays. Safe to call again, and for a start that was cut off anywhere.
   * @throws VethlabError host.still-running
   */
  async end(init: ProcessIdentity | undefined): Promise<void> {
    const { state } = this.ground
    if (init) {
      // All others end with it, and it ends when they have: none may be frozen for that.
      signal(init, 'SIGKILL')
      await this.endAll()
      await endAtOnce(init)
      await forgetByRuntime(state, this.disk.id)
    } else {
      // A start that was cut off between the runtime's beginning and our note of its process.
      await endByRuntime(state, this.disk.id)
    }
    await this.endAll()
    await this.root.remove()
  }

  /** Removes the control groups of what has ended. @throws VethlabError host.still-running */
  async clear(): Promise<void> {
    if (!(await this.ground.cgroups.remove(this.disk.id)))
      throw stillRunning(this.disk.id, 'its control groups are in use')
  }

  private async endAll(): Promise<void> {
    const left = await this.ground.cgroups.endAll(this.disk.id)
    if (left.length === 0) return
    const names = left.slice(0, 5).join(', ')
    throw stillRunning(
      this.disk.id,
      `${left.length} of its processes do not end: ${names}${left.length > 5 ? ', ...' : ''}`,
    )
  }
}

function stillRunning(host: string, reason: string): VethlabError {
  return new VethlabError('host.still-running', reason, {
    place: host,
    cure: 'What is left keeps its record: close its rack again, or run `vethlab sweep`.',
  })
}

export function bootFailed(host: string, reason: string): VethlabError {
  return new VethlabError('host.boot-failed', reason, {
    place: host,
    cure: 'Run `vethlab doctor`; if all is well there, run `vethlab setup --force`.',
  })
}
