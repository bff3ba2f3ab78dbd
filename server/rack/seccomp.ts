/**
 * The seccomp profile of a host: what its root does not need, and what no namespace or control group bounds.
 * Form: OCI runtime specification, config-linux, "seccomp". The nested Engine puts its own stricter profile on containers.
 */

interface Rule {
  names: string[]
  action: 'SCMP_ACT_ERRNO'
  errnoRet: number
  args?: { index: number; value: number; valueTwo: number; op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ' }[]
}

const EPERM = 1
const ENOSYS = 38
const EAFNOSUPPORT = 97

function deny(errnoRet: number, ...names: string[]): Rule {
  return { names, action: 'SCMP_ACT_ERRNO', errnoRet }
}

/** The low 32 bits of an argument equal one of `size` values; the kernel ignores the others, so a filter must too. */
function when(index: number, value: number, size = 1) {
  return [{ index, value: 0xffffffff - (size - 1), valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' as const }]
}

/**
 * The socket families that a lab needs (address_families(7)): UNIX, INET, INET6, NETLINK, PACKET. The others have no namespaces, as
 * VSOCK, which would reach the hypervisor, or would let a learner load rarely used modules into the machine's kernel.
 */
const families = new Set([1, 2, 10, 16, 17])
/** The kernel has fewer, and refuses higher numbers itself. */
const mostFamilies = 64

/** Numbers from `from` on that are not allowed, as blocks of a power of two each, which a mask tells from the others. */
function refusedFamilies(from = 0, size = mostFamilies): { from: number; size: number }[] {
  const isAllowed = Array.from({ length: size }, (_, at) => families.has(from + at))
  if (!isAllowed.includes(true)) return [{ from, size }]
  if (size === 1) return []
  return [...refusedFamilies(from, size / 2), ...refusedFamilies(from + size / 2, size / 2)]
}

/**
 * btrfs lets anybody make subvolumes and snapshots in a directory of theirs, and a new one is outside its parent's
 * quota group: it would be disk without limit (BTRFS_IOC_SUBVOL_CREATE, SNAP_CREATE and their second versions).
 */
const btrfsIoctls = [0x5000940e, 0x50009401, 0x50009418, 0x50009417]

const architectures: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
}

export function seccompProfile(architecture: NodeJS.Architecture = process.arch) {
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    // One alone: 32-bit calls would go by other numbers, past the rules below, and end the process instead.
    architectures: [architectures[architecture] ?? 'SCMP_ARCH_NATIVE'],
    syscalls: [
      // Done, without doing it: a host's disk ends with the host, and all hosts share one file system, which one of them
      // could keep busy with nothing else. It also makes the Engine a fifth faster.
      deny(0, 'sync', 'syncfs', 'fsync', 'fdatasync', 'sync_file_range', 'sync_file_range2'),
      // Key memory is in no control group. ENOSYS, since the nested runtime takes any other answer for a fault.
      deny(ENOSYS, 'add_key', 'request_key', 'keyctl'),
      // The machine has so many contexts of asynchronous I/O for all (fs.aio-max-nr). Databases go on without.
      deny(ENOSYS, 'io_setup'),
      deny(ENOSYS, 'io_uring_setup', 'io_uring_enter', 'io_uring_register'),
      deny(EPERM, 'bpf', 'perf_event_open', 'userfaultfd', 'open_by_handle_at', 'lookup_dcookie'),
      deny(EPERM, 'init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load'),
      deny(EPERM, 'syslog', 'swapon', 'swapoff', 'acct', 'quotactl', 'quotactl_fd', 'nfsservctl', 'vhangup'),
      deny(EPERM, 'settimeofday', 'clock_settime', 'clock_settime64', 'clock_adjtime', 'clock_adjtime64', 'adjtimex'),
      // Out of the Engine's hands they would take the connection that it is asked over, or change what it says.
      deny(EPERM, 'pidfd_getfd', 'process_vm_writev'),
      deny(EPERM, 'iopl', 'ioperm', 'modify_ldt', 'vm86', 'vm86old'),
      ...refusedFamilies().map(({ from, size }) => ({
        ...deny(EAFNOSUPPORT, 'socket', 'socketpair'),
        args: when(0, from, size),
      })),
      ...btrfsIoctls.map((request) => ({ ...deny(EPERM, 'ioctl'), args: when(1, request) })),
    ],
  }
}
