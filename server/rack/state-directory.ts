import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { lockFile } from '../kernel/system-calls.js'

/** What all installations of a machine share. Gone after a reboot, as all that it speaks of. */
export const machineDirectory = '/run/vethlab'
/** Mount points of hosts' file systems. */
export const rootsDirectory = join(machineDirectory, 'roots')

/** Twice 65,536 user ids right below those of hosts (see identity.ts). */
const firstWebUser = 0x6fff0000
const firstScriptUser = 0x6ffe0000

/**
 * Where everything of one installation lives. Two state directories on one machine know nothing of each other:
 * whatever leaves the directory (cgroups, network namespaces, nftables, links) carries `mark`, which follows from its path.
 *
 * All of it is root's alone, but for two directories: in `web` the web's user may use the sockets, `records` is its own.
 */
export class StateDirectory {
  readonly root: string
  /** Prefix of every name outside the directory, such as `vethlab-1f2e3d4c`. */
  readonly mark: string
  /** Same, for places of at most 15 bytes: six hexadecimal digits. */
  readonly shortMark: string
  /** User and group id of the process that faces the network. It has nothing but what the directory gives it. */
  readonly webUser: number
  /** User and group id of labs' scripts: nothing belongs to it. */
  readonly scriptUser: number

  private constructor(root: string) {
    this.root = root
    const id = createHash('sha256').update(root).digest('hex').slice(0, 8)
    this.mark = `vethlab-${id}`
    this.shortMark = id.slice(0, 6)
    const number = Number.parseInt(id.slice(0, 4), 16)
    this.webUser = firstWebUser + number
    this.scriptUser = firstScriptUser + number
  }

  /** @param path `VETHLAB_STATE`, or /var/lib/vethlab. Made if missing. */
  static at(path = defaultStatePath()): StateDirectory {
    if (process.getuid?.() !== 0) {
      throw new VethlabError('machine.not-root', 'racks are made of namespaces and mounts, which need root', {
        place: 'user',
        cure: 'Run the command as root, for instance with sudo.',
      })
    }
    // Sockets have the longest names below, and a unix socket's path has 107 bytes (unix(7)).
    if (resolve(path).length > 64) {
      throw new VethlabError('argument.invalid', 'the path is longer than 64 bytes, too long for unix sockets in it', {
        place: path,
        cure: 'Set VETHLAB_STATE to a shorter path.',
      })
    }
    try {
      makeWithParents(path)
      const state = new StateDirectory(realpathSync(path))
      // The web passes through it to what is its own. One that is more open than this was made so by somebody else.
      if ((statSync(state.root).mode & 0o077) === 0) chmodSync(state.root, 0o711)
      for (const directory of [state.run, state.racks, state.hosts, state.netns, state.cache]) {
        mkdirSync(directory, { recursive: true, mode: 0o700 })
        chmodSync(directory, 0o700)
      }
      for (const [directory, owner, mode] of [
        [state.web, 0, 0o710],
        [state.records, state.webUser, 0o700],
      ] as const) {
        mkdirSync(directory, { recursive: true, mode: 0o700 })
        chownSync(directory, owner, state.webUser)
        chmodSync(directory, mode)
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
  /** What is being copied from registries, one folder a reference, each the script user's: whoever copies is nobody on the machine. */
  get copies() {
    return join(this.root, 'copies')
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

  /** Sockets that the web may use. */
  get web() {
    return join(this.root, 'web')
  }
  get webRackdSocket() {
    return join(this.web, 'rackd.sock')
  }
  /** Where rackd connects to ports of hosts. */
  get portsSocket() {
    return join(this.web, 'ports.sock')
  }
  /** Terminals of a rack. */
  ptyHostSocket(rack: string) {
    return join(this.web, `${rack}.sock`)
  }
  /** What the web keeps: learners, sessions, verdicts. */
  get records() {
    return join(this.root, 'records')
  }

  /** What submissions of classes were judged by: a folder a learner, beside their records. */
  get evidence() {
    return join(this.records, 'evidence')
  }
  /** Who signs evidence: the commands, and the web with a key of its own, since it has nothing of root's. */
  get evidenceKeys() {
    return { commands: join(this.root, 'evidence-key.pem'), web: join(this.records, 'evidence-key.pem') }
  }

  /** Settings of the machine that were raised, with what they were before. */
  get raisedTables() {
    return join(this.run, 'raised-tables.json')
  }

  /** Events of security (see SecurityLog): of rackd, and of the web, each where it may write. */
  get securityLogs() {
    return { rackd: join(this.root, 'security.log'), web: join(this.records, 'security.log') }
  }

  /** Serialises what must not happen twice at once, between processes too; let go by the death of the holder. */
  async locked<T>(
    name: 'store' | 'setup' | 'sweep' | 'uplink' | 'rackd' | 'tables',
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

/** One after the other: Node's own `recursive` tries for ever where a parent refuses with ENOENT, as /proc does. */
function makeWithParents(path: string): void {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const directory of missing) {
    try {
      mkdirSync(directory, { mode: 0o711 })
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
