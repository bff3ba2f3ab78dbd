import { closeSync, constants } from 'node:fs'
import { chown, mkdir, readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { mountIdmapped, mountOverlay, openInRoot, unmount } from '../../kernel/system-calls.js'
import { rootsDirectory, type StateDirectory } from '../state-directory.js'
import type { Disk } from './disk.js'

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY
const engineData = 'var/lib/docker'

/**
 * A host's file system as it is mounted on the machine: golden itself, read-only and shared by all hosts, with the host's
 * disk over it, and the Engine's data from that disk as it is. Mounted in the machine's own namespace, whose paths are
 * ours, before the runtime makes the host's.
 */
export class HostRoot {
  private readonly directory: string

  constructor(state: StateDirectory, host: string) {
    this.directory = state.rootOf(host)
  }

  /** Where all of it is mounted. */
  get path(): string {
    return join(this.directory, 'rootfs')
  }

  /** @param group the machine's id of the host's root, who has to get in; no other user of the machine may */
  async make(group: number): Promise<void> {
    await mkdir(this.directory, { mode: 0o710 })
    await chown(this.directory, 0, group)
  }

  /**
   * @param golden the golden system's subvolume
   * @param mapping a user namespace that maps the disk's ids, see makeUserNamespaces()
   */
  async mount(golden: string, disk: Disk, mapping: string): Promise<void> {
    await disk.prepare()
    const [lower, own] = [join(this.directory, 'golden'), join(this.directory, 'disk')]
    for (const path of [lower, own, this.path]) await mkdir(path, { mode: 0o700 })
    on(this.directory, 'golden', (target) => mountIdmapped(golden, target, mapping))
    on(this.directory, 'disk', (target) => mountIdmapped(disk.path, target, mapping))
    mountOverlay(this.path, { lower, upper: join(own, 'upper'), work: join(own, 'work') })
    // A disk that a learner has had may lead anywhere by symbolic links; never out of his own root.
    on(this.path, engineData, (target) => mountIdmapped(disk.engineData, target, mapping))
    // The overlay holds on to its layers by itself.
    for (const path of [own, lower]) {
      unmount(path)
      await rmdir(path)
    }
  }

  /** Unmounts it and removes its mount points, however far it had come. Whoever still uses it keeps it for as long. */
  async remove(): Promise<void> {
    for (const name of await readdir(this.directory).catch(() => [])) {
      const path = join(this.directory, name)
      // What is mounted below goes with it.
      while (unmount(path));
      // Never recursively: nothing but a mount point is here, and what it showed is not to be touched.
      await rmdir(path).catch(() => {})
    }
    await rmdir(this.directory).catch(() => {})
  }
}

/** Hosts that have mount points, by a state directory's mark. */
export async function mountedHosts(state: StateDirectory): Promise<string[]> {
  const names = await readdir(rootsDirectory)
  return names.filter((name) => name.startsWith(`${state.mark}-`)).map((name) => name.slice(state.mark.length + 1))
}

function on(root: string, path: string, use: (target: number) => void): void {
  const target = openInRoot(root, path, directoryFlags)
  try {
    use(target)
  } finally {
    closeSync(target)
  }
}
