import { readFileSync } from 'node:fs'
import { seccompProfile } from './seccomp.js'

/** What makes one host's bundle differ from another's. */
export interface BundlePlan {
  rootfs: string
  userNamespace: string
  idBase: number
  cgroupPath: string
  /** What init starts: the Engine, or nothing. */
  kind: 'docker' | 'plain'
  /** What init has in its environment besides `hostEnvironment`, and the Engine by it. */
  environment: Record<string, string>
  hostname: string
}

/** Environment of init and of every program that is started in a host. */
export const hostEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
}

/** Inside the host, where what its init says goes. */
const initLog = '/var/log/vethlab-init.log'

const ids = 65_536

/**
 * The OCI bundle of a host (OCI runtime specification 1.0.2, config.md). Nothing in /proc and /sys is masked: the kernel
 * refuses a nested container its own /proc when the outer one is covered, and what matters there belongs to the machine's
 * root, who is nobody inside.
 */
export function bundle(plan: BundlePlan) {
  const capabilities = allCapabilities()
  const mapping = [{ containerID: 0, hostID: plan.idBase, size: ids }]
  const nothing = ['nosuid', 'noexec', 'nodev']
  return {
    ociVersion: '1.0.2',
    hostname: plan.hostname,
    root: { path: plan.rootfs, readonly: false },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      // tini collects orphans; an Engine as the first process would leave them as zombies. The output that the runtime
      // was started with is a file of the machine's, in no quota of the host's: nobody inside may keep hold of it.
      args: ['/bin/sh', '-c', `exec /usr/bin/tini -g -- /usr/local/sbin/vethlab-init ${plan.kind} > ${initLog} 2>&1`],
      env: Object.entries({ ...hostEnvironment, ...plan.environment }).map(([name, value]) => `${name}=${value}`),
      cwd: '/root',
      // All of them, for `--privileged` containers; they count only inside the user namespace.
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: false,
      // Whatever whoever starts it has: see beLastToEnd().
      oomScoreAdj: 0,
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: nothing },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=4m'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...nothing, 'mode=1777', 'size=64m'] },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: nothing },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: nothing },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...nothing, 'relatime'] },
      { destination: '/run', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=755', 'size=64m'] },
      // `ip netns exec` takes /sys away before it mounts another, which the kernel allows who sees one somewhere.
      { destination: '/run/sys', type: 'sysfs', source: 'sysfs', options: nothing },
    ],
    linux: {
      cgroupsPath: plan.cgroupPath,
      namespaces: [
        { type: 'user', path: plan.userNamespace },
        ...['mount', 'network', 'pid', 'uts', 'ipc', 'cgroup'].map((type) => ({ type })),
      ],
      uidMappings: mapping,
      gidMappings: mapping,
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: seccompProfile(),
      // A network namespace starts with the machine's own IPv4 settings: make every machine's labs the same.
      sysctl: {
        'net.ipv4.ip_forward': '0',
        'net.ipv4.conf.all.rp_filter': '0',
        'net.ipv4.conf.default.rp_filter': '0',
      },
    },
  }
}

/** Names by number, as linux/capability.h lists them; a kernel may know fewer. */
const capabilityNames =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
    ' ',
  )

function allCapabilities(): string[] {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  return capabilityNames.slice(0, last + 1).map((name) => `CAP_${name}`)
}
