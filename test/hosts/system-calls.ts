/**
 * System calls by hand, for hosts that have no compiler: perl is part of every Debian. Numbers as in the kernel's
 * tables for x86_64 and arm64; -1 where an architecture has no such call, which the kernel answers with ENOSYS.
 */
const numbers = {
  acct: [163, 89],
  add_key: [248, 217],
  adjtimex: [159, 171],
  bpf: [321, 280],
  cachestat: [451, 451],
  capget: [125, 90],
  chroot: [161, 51],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  clone3: [435, 435],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  file_getattr: [468, 468],
  file_setattr: [469, 469],
  finit_module: [313, 273],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fspick: [433, 433],
  get_robust_list: [274, 100],
  getpid: [39, 172],
  init_module: [175, 105],
  inotify_add_watch: [254, 27],
  inotify_init1: [294, 26],
  io_setup: [206, 0],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  io_uring_setup: [425, 425],
  ioctl: [16, 29],
  ioperm: [173, -1],
  iopl: [172, -1],
  ioprio_set: [251, 30],
  kcmp: [312, 272],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  kill: [62, 129],
  landlock_create_ruleset: [444, 444],
  listmount: [458, 458],
  lookup_dcookie: [212, 18],
  lsm_get_self_attr: [459, 459],
  lsm_list_modules: [461, 461],
  lsm_set_self_attr: [460, 460],
  memfd_secret: [447, 447],
  migrate_pages: [256, 238],
  mknodat: [259, 33],
  mlock: [149, 228],
  mmap: [9, 222],
  modify_ldt: [154, -1],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  move_pages: [279, 239],
  mseal: [462, 462],
  name_to_handle_at: [303, 264],
  nfsservctl: [180, 42],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  openat2: [437, 437],
  perf_event_open: [298, 241],
  personality: [135, 92],
  pidfd_getfd: [438, 438],
  pidfd_open: [434, 434],
  pidfd_send_signal: [424, 424],
  pivot_root: [155, 41],
  prctl: [157, 167],
  prlimit64: [302, 261],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  request_key: [249, 218],
  rt_sigqueueinfo: [129, 138],
  sched_getaffinity: [204, 123],
  sched_setaffinity: [203, 122],
  sched_setattr: [314, 274],
  sched_setscheduler: [144, 119],
  setdomainname: [171, 162],
  sethostname: [170, 161],
  setns: [308, 268],
  setpriority: [141, 140],
  settimeofday: [164, 170],
  setuid: [105, 146],
  setxattr: [188, 5],
  socket: [41, 198],
  statmount: [457, 457],
  swapoff: [168, 225],
  swapon: [167, 224],
  syslog: [103, 116],
  timer_create: [222, 107],
  timerfd_create: [283, 85],
  umount2: [166, 39],
  unshare: [272, 97],
  userfaultfd: [323, 282],
  vhangup: [153, 58],
} as const

export type SystemCall = keyof typeof numbers

export function numberOf(name: SystemCall): number {
  return numbers[name][process.arch === 'arm64' ? 1 : 0]
}

/** A call and its arguments: numbers as they are, text as an expression of perl, where `$zeros` is a buffer of zeros. */
export type Call = [name: SystemCall, ...args: (number | bigint | string)[]]

/** A program that makes the calls one after another and says what became of each; `before` is perl that runs first. */
export function systemCalls(calls: Record<string, Call>, before = ''): string[] {
  const lines = Object.entries(calls).map(
    ([label, [name, ...args]]) => `call(${[`'${label}'`, numberOf(name), ...args].join(', ')});`,
  )
  return ['perl', '-e', `$| = 1; my $zeros = "\\0" x 8192; ${callAndSay} ${before}; ${lines.join(' ')}`]
}

/** In perl: errno by name, and a call whose outcome is printed. Arguments are copied, for perl wants to write to them. */
export const errnoName = 'sub errno { my ($name) = sort grep { $!{$_} } keys %!; $name // "none" }'
const callAndSay = `${errnoName} sub call {
  my ($label, $number, @args) = @_;
  $! = 0;
  my $result = syscall($number, @args);
  print "$label ", ($result < 0 ? errno() : "ok"), "\\n";
}`

/** `ok` or the name of the error, by label. */
export function outcomes(stdout: string): Record<string, string> {
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
}
