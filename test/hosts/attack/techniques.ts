import { calls } from './calls.js'
import { devices } from './devices.js'
import { groups } from './groups.js'
import { btrfs, mountsAndFileSystems } from './mounts.js'
import { bounded, privileges } from './privileges.js'
import { processes } from './processes.js'
import { kernelFiles, settings } from './settings.js'
import { sockets } from './sockets.js'
import type { Subject } from './technique.js'

/** All that is tried, in the order of docs/attacks.md. */
export const subjects: Subject[] = [
  calls,
  privileges,
  processes,
  groups,
  mountsAndFileSystems,
  btrfs,
  devices,
  sockets,
  kernelFiles,
  settings,
  bounded,
]
