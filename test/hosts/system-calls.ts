/**
 * System calls by hand, for hosts that have no compiler: perl is part of every Debian. Numbers as in the kernel's
 * tables for x86_64 and arm64.
 */
const numbers = {
  acct: [163, 89],
  add_key: [248, 217],
  adjtimex: [159, 171],
  bpf: [321, 280],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  delete_module: [176, 106],
  finit_module: [313, 273],
  getpid: [39, 172],
  init_module: [175, 105],
  inotify_add_watch: [254, 27],
  inotify_init1: [294, 26],
  io_setup: [206, 0],
  io_uring_setup: [425, 425],
  ioctl: [16, 29],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  mknodat: [259, 33],
  mount: [165, 40],
  open_by_handle_at: [304, 265],
  perf_event_open: [298, 241],
  pidfd_getfd: [438, 438],
  pidfd_open: [434, 434],
  ptrace: [101, 117],
  quotactl: [179, 60],
  request_key: [249, 218],
  settimeofday: [164, 170],
  socket: [41, 198],
  swapon: [167, 224],
  syslog: [103, 116],
  unshare: [272, 97],
  userfaultfd: [323, 282],
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
