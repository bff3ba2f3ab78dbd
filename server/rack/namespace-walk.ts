import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { oneLine } from '../errors.js'
import { machinePath } from './command.js'

/**
 * Goes from namespace to namespace and asks everything about each. After each answer comes a line with the boundary, the
 * question's name, and 0 for success; the boundary is random and only in our environment, so that no rule's comment and no
 * link's name can forge it. Files below /proc/sys/net are those of the reader's namespace (proc(5)).
 *
 * One `ip` answers for links, both families of routes (`root` chooses the family) and neighbours, each on a line. It goes
 * on after a failure (-force), and then the number of lines tells. nft's JSON names an iptables extension and leaves out
 * what it was told, so that alone makes iptables speak; or that nft fails: older ones crash on the sets of newer ones.
 *
 * Perl, because each start of a program from Node holds up everything else for the 2 to 5 ms until it runs; this is one
 * start for all namespaces, and a small process to fork. perl-base is essential on Debian and Ubuntu.
 */
const walker = `
  my ($setns, $most, @paths) = @ARGV;
  my $boundary = delete $ENV{boundary};
  $| = 1;
  my $said = sub { print "\\n$boundary $_[0] ", ($_[1] ? 1 : 0), "\\n" };
  my $run = sub { my $name = shift; system { $_[0] } @_; $said->($name, $?) };
  for my $path (@paths) {
    # Whoever can't enter must not go on where it was before.
    open(my $namespace, '<', $path) or die "$path: $!\\n";
    syscall($setns, fileno $namespace, 0x40000000) == 0 or die "setns: $!\\n";
    if (open my $ip, '|-', qw(ip -json -details -force -batch -)) {
      print $ip "address show\\nroute show table all root 0.0.0.0/0\\nroute show table all root ::/0\\nneighbour show\\n";
      close $ip;
    }
    $said->('ip', $?);
    $run->('forwarding', qw(bridge -json fdb show));
    my ($rules, $failed) = ('', 1);
    if (open my $nft, '-|', qw(nft --json list ruleset)) {
      read $nft, $rules, $most + 1;
      $failed = !close $nft;
    }
    print $rules;
    $said->('rules', $failed);
    if ($failed or $rules =~ /"xt":/) {
      $run->('iptables', 'iptables-nft-save');
      $run->('ip6tables', 'ip6tables-nft-save') if $failed or $rules =~ /"rule": ?\\{"family": ?"ip6"/;
    }
    $run->('sockets', qw(ss --no-header --numeric --listening --tcp --udp));
    for my $file ('ipv4/ip_forward', 'ipv6/conf/all/forwarding') {
      open(my $value, '<', "/proc/sys/net/$file") or next;
      print "$file ", <$value>;
    }
    $said->('sysctls', 0);
    print "\\n$boundary done\\n";
  }
`
/** The number of setns(2). */
const setns = process.arch === 'x64' ? '308' : '268'

const largestComplaintBytes = 4096

/** What the tools said about one namespace. */
export interface Said {
  /** By question: the answer, and whether its tool failed. */
  answers: Map<string, { failed: boolean; text: string }>
  /** Bytes, as they travel on. */
  size: number
  complaints: string
  /** Why it was cut off; then the last answers are missing. */
  fault?: string
}

export interface WalkLimits {
  /** For one namespace. */
  timeoutMs: number
  maxBytes: number
}

/**
 * Asks about namespaces one after another. One that hangs or floods is given up, and the walk goes on behind it.
 * @param paths by which they can be opened, from this process
 * @param limitsNow asked before each; undefined when nothing more may be spent
 */
export async function walkNamespaces(
  paths: string[],
  limitsNow: () => WalkLimits | { fault: string },
  use: (index: number, said: Said) => void,
): Promise<void> {
  let next = 0
  while (next < paths.length) {
    const limits = limitsNow()
    if ('fault' in limits) {
      for (; next < paths.length; next++) use(next, { ...nothing, fault: limits.fault })
      return
    }
    const fault = await new Walk(paths.slice(next), limits, limitsNow, (said) => use(next++, said)).ended
    if (fault && next < paths.length) use(next++, fault)
  }
}

const nothing: Said = { answers: new Map(), size: 0, complaints: '' }

class Walk {
  /** What there is of the namespace in which it was cut off. */
  readonly ended: Promise<Said | undefined>
  private readonly boundary = randomBytes(16).toString('hex')
  private readonly done = Buffer.from(`\n${this.boundary} done\n`)
  private readonly child: ChildProcessByStdio<null, Readable, Readable>
  private heard = Buffer.alloc(0)
  private complaints = ''
  private fault: string | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(
    paths: string[],
    private limits: WalkLimits,
    private readonly limitsNow: () => WalkLimits | { fault: string },
    private readonly use: (said: Said) => void,
  ) {
    const args = [setns, `${limits.maxBytes}`, ...paths.map((path) => path.replace('/self/', `/${process.pid}/`))]
    this.child = spawn('perl', ['-e', walker, ...args], {
      env: { PATH: machinePath, LC_ALL: 'C.UTF-8', boundary: this.boundary },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      // It leads a process group, so that its end is the tools' end too.
      detached: true,
    })
    this.wait()
    this.child.stdout.on('data', (chunk: Buffer) => this.hear(chunk))
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.complaints = `${this.complaints}${chunk.toString('utf8')}`.slice(0, largestComplaintBytes)
    })
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => this.end(error.message))
      this.child.on('close', () => {
        clearTimeout(this.timer)
        resolve({ ...this.read(this.heard), fault: this.fault ?? (oneLine(this.complaints, 300) || 'it ended early') })
      })
    })
  }

  private wait(): void {
    clearTimeout(this.timer)
    const { timeoutMs } = this.limits
    this.timer = setTimeout(() => this.end(`no answer within ${Math.round(timeoutMs)} ms`), timeoutMs)
  }

  private hear(chunk: Buffer): void {
    const from = Math.max(0, this.heard.length - this.done.length)
    this.heard = Buffer.concat([this.heard, chunk])
    for (let at = this.heard.indexOf(this.done, from); at >= 0; at = this.heard.indexOf(this.done)) {
      const said = this.read(this.heard.subarray(0, at))
      this.heard = this.heard.subarray(at + this.done.length)
      this.complaints = ''
      this.use(said)
      const limits = this.limitsNow()
      if ('fault' in limits) {
        this.end(limits.fault)
        return
      }
      this.limits = limits
      this.wait()
    }
    if (this.heard.length > this.limits.maxBytes) this.end(`the answers are larger than ${this.limits.maxBytes} bytes`)
  }

  private end(why: string): void {
    this.fault ??= why
    try {
      if (this.child.pid) process.kill(-this.child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    this.child.stdout.destroy()
    this.child.stderr.destroy()
  }

  private read(heard: Buffer): Said {
    const text = heard.toString('utf8')
    const answers: Said['answers'] = new Map()
    let from = 0
    for (const match of text.matchAll(new RegExp(`\\n${this.boundary} (\\w+) ([01])\\n`, 'g'))) {
      answers.set(match[1]!, { failed: match[2] !== '0', text: text.slice(from, match.index) })
      from = match.index + match[0].length
    }
    // Bytes that are no UTF-8 have become three.
    return { answers, size: Buffer.byteLength(text), complaints: oneLine(this.complaints, 300) }
  }
}
