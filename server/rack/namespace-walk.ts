import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { oneLine } from '../wording/one-line.js'
import { machinePath } from './command.js'

/**
 * Goes from namespace to namespace and asks everything about each. After each answer comes a line with the boundary, the
 * question's name, and 0 for success; the boundary is random and only in our environment, so that no rule's comment and no
 * link's name can forge it. Files below /proc/sys/net are those of the reader's namespace (proc(5)).
 *
 * One `ip` answers for links, both families of routes (`root` chooses the family), neighbours and IPv4's routing rules, each on a line. It goes
 * on after a failure (-force), and then the number of lines tells. Only bridges and VXLANs forward by address. nft's JSON
 * names an iptables extension and leaves out what it was told, so that alone makes iptables speak; or that nft fails:
 * older ones crash on the sets of newer ones. Rules are left out where they are as they were last. Sockets come from the
 * kernel itself (sock_diag(7)), as ss has them.
 *
 * Perl, because each start of a program from Node holds up everything else for the 2 to 5 ms until it runs; this is one
 * start for all namespaces, and a small process to fork: starting programs is most of what a capture costs. perl-base is
 * essential on Debian and Ubuntu.
 */
const walker = `
  my ($setns, $getsockopt, $most, @places) = @ARGV;
  my $boundary = delete $ENV{boundary};
  $| = 1;
  my $said = sub { print "\\n$boundary $_[0] ", ($_[1] ? 1 : 0), "\\n" };
  my $run = sub { my $name = shift; system { $_[0] } @_; $said->($name, $?) };
  my $heard = sub {
    open(my $tool, '-|', @_) or return ('', 1);
    read $tool, my $answer, $most + 1;
    die "the answers are larger than $most bytes\\n" if length $answer > $most;
    my $failed = !close $tool;
    print $answer;
    ($answer, $failed);
  };
  my $sockets = sub {
    my ($family, $protocol) = @_;
    # NETLINK_SOCK_DIAG; SOCK_DIAG_BY_FAMILY as a dump; LISTEN of TCP, CLOSE (unconnected) of UDP.
    socket(my $diag, 16, 3, 4) or die "sock_diag: $!\\n";
    my $states = 1 << ($protocol eq 'tcp' ? 10 : 7);
    my $asked = pack 'LSSLL CCCCL x48', 72, 20, 0x301, 0, 0, $family, $protocol eq 'tcp' ? 6 : 17, 0, 0, $states;
    defined send $diag, $asked, 0 or die "sock_diag: $!\\n";
    while (defined recv $diag, my $answers, 65536, 0) {
      while (length $answers >= 16) {
        my ($length, $type) = unpack 'LS', $answers;
        return if $type == 3;
        # ENOENT: this kernel has no such sockets.
        return if $type == 2 and unpack('x16 l', $answers) == -2;
        die "sock_diag: refused\\n" if $type != 20 or $length < 88;
        my ($port, $address) = unpack 'x20 n x2 a16', $answers;
        # An IPv6 socket that takes IPv4 as well (INET_DIAG_SKV6ONLY is 0) and has no address of its own listens on all.
        my $only = 1;
        for (my $at = 88; $at + 5 <= $length;) {
          my ($size, $kind, $value) = unpack 'SSC', substr $answers, $at;
          last if $size < 4;
          $only = $value if $kind == 11;
          $at += ($size + 3) & ~3;
        }
        my $text = $family == 2 ? join '.', unpack 'C4', $address : join ':', map { sprintf '%x', $_ } unpack 'n8', $address;
        $text = '*' if !$only and $text !~ /[1-9a-f]/;
        print "$protocol $text $port\\n";
        substr $answers, 0, ($length + 3) & ~3, '';
      }
    }
    die "sock_diag: $!\\n";
  };
  # Of the rules: the namespace for good (SO_NETNS_COOKIE), and how often they have changed (NFT_MSG_GETGEN).
  my $generation = sub {
    socket(my $nft, 16, 3, 12) or return '';
    # Perl's own getsockopt offers more room than this option allows.
    my ($cookie, $size) = ("\\0" x 8, pack 'L', 8);
    syscall($getsockopt, fileno $nft, 1, 71, $cookie, $size) == 0 or return '';
    defined send $nft, pack('LSSLL L', 20, 0xa10, 1, 0, 0, 0), 0 or return '';
    defined recv $nft, my $answer, 4096, 0 or return '';
    my ($type, $kind, $count) = unpack 'x4 S x16 S N', $answer;
    $type == 0xa0f && $kind == 1 ? unpack('Q', $cookie) . ":$count" : '';
  };
  while (my ($path, $known) = splice @places, 0, 2) {
    # Whoever can't enter must not go on where it was before.
    open(my $namespace, '<', $path) or die "$path: $!\\n";
    syscall($setns, fileno $namespace, 0x40000000) == 0 or die "setns: $!\\n";
    pipe(my $batch, my $commands) or die "pipe: $!\\n";
    print $commands "address show\\nroute show table all root 0.0.0.0/0\\nroute show table all root ::/0\\nneighbour show\\nrule show\\n";
    close $commands;
    open(STDIN, '<&', $batch) or die "pipe: $!\\n";
    my ($links, $failed) = $heard->(qw(ip -json -details -force -batch -));
    $said->('ip', $failed);
    if ($failed or $links =~ /"info_kind": ?"(?:bridge|vxlan)"/) {
      $run->('forwarding', qw(bridge -json fdb show));
    } else {
      print '[]';
      $said->('forwarding', 0);
    }
    my $now = $generation->();
    print $now;
    $said->('generation', 0);
    if ($now eq '' or $now ne $known) {
      (my $rules, $failed) = $heard->(qw(nft --json list ruleset));
      $said->('rules', $failed);
      if ($failed or $rules =~ /"xt":/) {
        $run->('iptables', 'iptables-nft-save');
        $run->('ip6tables', 'ip6tables-nft-save') if $failed or $rules =~ /"rule": ?\\{"family": ?"ip6"/;
      }
    }
    my $whole = eval {
      for my $family (2, 10) { $sockets->($family, $_) for 'udp', 'tcp' }
      1;
    };
    print STDERR $@ unless $whole;
    $said->('sockets', !$whole);
    for my $file ('ipv4/ip_forward', 'ipv6/conf/all/forwarding') {
      open(my $value, '<', "/proc/sys/net/$file") or next;
      print "$file ", <$value>;
    }
    $said->('sysctls', 0);
    print "\\n$boundary done\\n";
  }
`
/** The numbers of setns(2) and getsockopt(2). */
const systemCalls = process.arch === 'x64' ? ['308', '55'] : ['268', '209']

const largestComplaintBytes = 4096

export interface ToolAnswer {
  failed: boolean
  text: string
}

/** What the tools said about one namespace. */
export interface Said {
  /** By question; `generation` is that of the rules, empty where the kernel does not tell. */
  answers: Map<string, ToolAnswer>
  /** Bytes, as they travel on. */
  size: number
  complaints: string
  /** Why it was cut off; then the last answers are missing. */
  fault?: string
}

interface Place {
  path: string
  /** Empty: all is asked. */
  rulesGeneration: string
}

export interface WalkLimits {
  /** For one namespace. */
  timeoutMs: number
  maxBytes: number
}

/**
 * Asks about namespaces one after another. One that hangs or floods is given up, and the walk goes on behind it.
 * @param places how they can be opened from this process, and the generation of rules that need not be said again
 * @param limitsNow asked before each; undefined when nothing more may be spent
 */
export async function walkNamespaces(
  places: Place[],
  limitsNow: () => WalkLimits | { fault: string },
  use: (index: number, said: Said) => void,
): Promise<void> {
  let next = 0
  while (next < places.length) {
    const limits = limitsNow()
    if ('fault' in limits) {
      for (; next < places.length; next++)
        use(next, { answers: new Map(), size: 0, complaints: '', fault: limits.fault })
      return
    }
    const fault = await new Walk(places.slice(next), limits, limitsNow, (said) => use(next++, said)).ended
    if (fault && next < places.length) use(next++, fault)
  }
}

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
    places: Place[],
    private limits: WalkLimits,
    private readonly limitsNow: () => WalkLimits | { fault: string },
    private readonly use: (said: Said) => void,
  ) {
    const args = places.flatMap(({ path, rulesGeneration }) => [
      path.replace('/self/', `/${process.pid}/`),
      rulesGeneration,
    ])
    this.child = spawn('perl', ['-e', walker, ...systemCalls, `${limits.maxBytes}`, ...args], {
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
