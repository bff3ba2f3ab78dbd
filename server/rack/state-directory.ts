import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { VethlabError } from '../errors.js'
import { lockFile } from './kernel.js'

/** What all installations of a machine share. Gone after a reboot, as all that it speaks of. */
export const machineDirectory = '/run/vethlab'
/** Mount points of hosts' file systems. */
export const rootsDirectory = join(machineDirectory, 'roots')

/**
 * Where everything of one installation lives. Two state directories on one machine know nothing of each other:
 * whatever leaves the directory (cgroups, network namespaces, nftables, links) carries `mark`, which follows from its path.
 */
export class StateDirectory {
  readonly root: string
  /** Prefix of every name outside the directory, such as `vethlab-1f2e3d4c`. */
  readonly mark: string
  /** Same, for places of at most 15 bytes: six hexadecimal digits. */
  readonly shortMark: string

  private constructor(root: string) {
    this.root = root
    const id = createHash('sha256').update(root).digest('hex').slice(0, 8)
    this.mark = `vethlab-${id}`
    this.shortMark = id.slice(0, 6)
  }

  /** @param path `VETHLAB_STATE`, or /var/lib/vethlab. Made if missing, for root alone. */
  static at(path = defaultStatePath()): StateDirectory {
    if (process.getuid?.() !== 0) {
      throw new VethlabError('machine.not-root', 'racks are made of namespaces and mounts, which need root', {
        place: 'user',
        cure: 'Run the command as root, for instance with sudo.',
      })
    }
    // The pty host's socket is the longest name below, and a unix socket's path has 107 bytes (unix(7)).
    if (resolve(path).length > 64) {
      throw new VethlabError('argument.invalid', 'the path is longer than 64 bytes, too long for unix sockets in it', {
        place: path,
        cure: 'Set VETHLAB_STATE to a shorter path.',
      })
    }
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
      const state = new StateDirectory(realpathSync(path))
      for (const directory of [state.racks, state.hosts, state.netns, state.cache]) {
        mkdirSync(directory, { recursive: true, mode: 0o700 })
      }
      // Hosts pass through these on the way to their own file systems, wherever the state directory is; nobody lists them.
      for (const directory of [machineDirectory, rootsDirectory]) {
        mkdirSync(directory, { recursive: true })
        chmodSync(directory, 0o711)
      }
      return state
    } catch (cause) {
      throw new VethlabError('store.unavailable', `can't use the state directory: ${(cause as Error).message}`, {
        place: path,
        cure: 'Set VETHLAB_STATE to a directory that root can write.',
        cause,
      })
    }
  }

  /** The btrfs file system, or the directory on one. */
  get store() {
    return join(this.root, 'store')
  }
  get storeImage() {
    return join(this.root, 'store.img')
  }
  get cache() {
    return join(this.root, 'cache')
  }
  /** Records and mount points of what runs now; meaningless after a reboot, and swept then. */
  get run() {
    return join(this.root, 'run')
  }
  get racks() {
    return join(this.run, 'racks')
  }
  get hosts() {
    return join(this.run, 'hosts')
  }
  /** Where a host's file system is mounted: outside the state directory, which may be where no other user can pass. */
  rootOf(host: string) {
    return join(rootsDirectory, `${this.mark}-${host}`)
  }
  /** One file a LAN, on which its network namespace is mounted. */
  get netns() {
    return join(this.run, 'netns')
  }
  get runcRoot() {
    return join(this.run, 'runc')
  }
  /** Who is rackd now. */
  get rackdRecord() {
    return join(this.run, 'rackd.json')
  }
  get rackdSocket() {
    return join(this.run, 'rackd.sock')
  }

  /** Serialises what must not happen twice at once, between processes too; let go by the death of the holder. */
  async locked<T>(
    name: 'store' | 'setup' | 'sweep' | 'uplink' | 'rackd',
    use: () => Promise<T>,
    timeoutMs = 60_000,
  ): Promise<T> {
    const lock = await lockFile(join(this.root, `${name}.lock`), {
      timeoutMs,
      busy: new VethlabError(
        name === 'setup' ? 'setup.busy' : 'store.unavailable',
        `another process holds the ${name} lock`,
        {
          place: this.root,
          cure: 'Wait until it has finished, or end it.',
        },
      ),
    })
    try {
      return await use()
    } finally {
      lock.release()
    }
  }
}

export function defaultStatePath(): string {
  return process.env.VETHLAB_STATE ?? '/var/lib/vethlab'
}
