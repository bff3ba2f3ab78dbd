import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { VethlabError } from '../error/vethlab-error.js'
import { traceTablePrefix } from '../network/observation.js'
import { oneLine } from '../wording/one-line.js'
import type { Cgroups } from './cgroup.js'
import { machinePath } from './command.js'
import type { Host } from './host/host.js'
import { withNamespaces } from './namespaces.js'

/**
 * Listens to the kernel about many network namespaces from a namespace of its own, over two netlink sockets. Each namespace
 * gets an id there (RTM_NEWNSID), and the sockets hear of all that have one (netlink(7), NETLINK_LISTEN_ALL_NSID). A socket
 * within a namespace would keep it and its links alive after the last process has gone; an id does not.
 *
 * It prints `changed` when something of interest came, and then looks away for a while: what comes meanwhile waits in the
 * sockets' buffers, and what does not fit there (ENOBUFS) is a change as well. On stdin come lines of paths of namespaces;
 * `added` answers each. The end of stdin is its end.
 */
const listener = `
  use strict;
  use Errno qw(EAGAIN EINTR);
  my ($unshare, $pause, $trace) = @ARGV;
  $| = 1;
  syscall($unshare, 0x40000000) == 0 or die "unshare: $!\\n";
  my $open = sub {
    my ($protocol, @groups) = @_;
    # AF_NETLINK, SOCK_RAW, SOL_NETLINK; option 8 is NETLINK_LISTEN_ALL_NSID, 1 NETLINK_ADD_MEMBERSHIP.
    socket(my $socket, 16, 3, $protocol) or die "socket: $!\\n";
    bind($socket, pack('S S L L', 16, 0, 0, 0)) or die "bind: $!\\n";
    if (@groups) {
      setsockopt($socket, 270, 8, pack('i', 1)) or die "listen to all: $!\\n";
      setsockopt($socket, 270, 1, pack('i', $_)) or die "group $_: $!\\n" for @groups;
    }
    return $socket;
  };
  # rtnetlink(7): links, neighbours, addresses, routes and rules of both families, netconf, ids. NFNLGRP_NFTABLES.
  my $route = $open->(0, 1, 3, 5, 7, 8, 9, 11, 19, 24, 25, 28);
  my $nft = $open->(12, 7);
  my $ask = $open->(0);

  # What is learnt from traffic is no change: only what is to stay, or what somebody asked for (a port id), counts.
  my $tells = sub {
    my ($type, $pid, $body) = @_;
    return $type != 88 unless $type == 28 || $type == 29;
    my ($family, $state) = unpack('C x7 S', $body);
    return $state & ($family == 7 ? 0xc0 : 0x80) || $pid;
  };
  # Each change ends with a message about the generation; a trace's own table is not the learner's.
  my $ruled = sub { ($_[0] & 0xff) != 15 && index($_[2], $trace) < 0 };
  my $drain = sub {
    my ($socket, $matters) = @_;
    my $changed = 0;
    for (1 .. 2000) {
      my $bytes;
      # MSG_DONTWAIT
      if (!defined recv($socket, $bytes, 65536, 0x40)) {
        last if $!{EAGAIN};
        $changed = 1;
        next;
      }
      next if $changed;
      for (my $at = 0; $at + 16 <= length $bytes;) {
        my ($length, $type, $flags, $sequence, $pid) = unpack('L S S L L', substr($bytes, $at, 16));
        last if $length < 16;
        $changed = 1 if $matters->($type, $pid, substr($bytes, $at + 16, $length - 16));
        $at += ($length + 3) & ~3;
      }
    }
    return $changed;
  };

  # Says whether it was not known before.
  my $add = sub {
    my ($path) = @_;
    open(my $namespace, '<', $path) or return 0;
    # RTM_NEWNSID, with an acknowledgement; struct rtgenmsg; NETNSA_NSID, any; NETNSA_FD.
    my $body = pack('C x3 S S l S S L', 0, 8, 1, -1, 8, 3, fileno $namespace);
    send($ask, pack('L S S L L', 16 + length $body, 88, 5, 1, 0) . $body, 0) or return 0;
    defined recv($ask, my $answer, 4096, 0) or return 0;
    return unpack('x16 l', $answer) == 0;
  };

  my ($known, $said) = (0, '');
  while (1) {
    my $ready = '';
    vec($ready, fileno $_, 1) = 1 for \\*STDIN, $route, $nft;
    if (select($ready, undef, undef, undef) < 0) { next if $!{EINTR}; die "select: $!\\n" }
    if (vec($ready, 0, 1)) {
      sysread(STDIN, $said, 65536, length $said) or exit;
      while ($said =~ s/^(.*)\\n//) {
        my $fresh = grep { $add->($_) } split ' ', $1;
        print 'changed', "\\n" if $fresh && $known++;
        $known ||= 1;
        print "added\\n";
      }
    }
    my $heard = vec($ready, fileno $route, 1) || vec($ready, fileno $nft, 1) or next;
    my $changed = $drain->($route, $tells) + $drain->($nft, $ruled);
    print "changed\\n" if $changed;
    select(undef, undef, undef, $pause);
  }
`
/** The number of unshare(2). */
const unshare = process.arch === 'x64' ? '272' : '97'

/** Between two calls. */
const pauseMs = 50
/** A namespace that no watched one is told of, such as one without links, is found that late. */
const rescanMs = 2000
/** Between two looks for new namespaces while much is going on. */
const rescanPauseMs = 250
/** The process only has to make room for itself; milliseconds. */
const addMs = 10_000
/** A host may have 96; whatever a kernel allows, no more are listened to. */
const mostNamespaces = 512

/**
 * Calls back when it begins to listen, and then for every change in any network namespace of a host, at most once in 50 ms:
 * links, addresses, routes, rules, permanent neighbours and static forwarding entries, forwarding. What is learnt from
 * traffic is no change. Resolves when `signal` aborts.
 * @throws VethlabError host.unreachable when the host ends
 */
export async function watchHost(
  cgroups: Cgroups,
  host: Host,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return
  const listening = new Listener(onChange)
  const stop = () => listening.stop()
  signal.addEventListener('abort', stop)
  try {
    for (let first = true; !listening.stopped; first = false) {
      await withNamespaces(cgroups, host, (found) =>
        listening.add(found.slice(0, mostNamespaces).map(({ path }) => path.replace('/self/', `/${process.pid}/`))),
      )
      if (first && !listening.stopped) onChange()
      await listening.news(rescanMs)
    }
    if (!signal.aborted) {
      throw new VethlabError('command.failed', `the watch of its network ended: ${listening.complaints}`, {
        place: host.id,
        cure: 'Run `vethlab doctor`.',
      })
    }
  } catch (error) {
    // Whoever stops it does not care what it met last.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
    listening.stop()
    await listening.ended
  }
}

/** The process that listens. */
class Listener {
  readonly ended: Promise<void>
  stopped = false
  complaints = ''
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  private heard = ''
  private changed = false
  /** Whether news end the pause. */
  private awaited = false
  private added: (() => void) | undefined
  private wake: (() => void) | undefined

  constructor(private readonly onChange: () => void) {
    this.child = spawn('perl', ['-e', listener, unshare, `${pauseMs / 1000}`, traceTablePrefix], {
      env: { PATH: machinePath, LC_ALL: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
    })
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.hear(text))
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaints = oneLine(`${this.complaints}${text}`, 300)
    })
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.complaints = error.message
        this.stop()
        resolve()
      })
      this.child.on('close', () => {
        this.stop()
        resolve()
      })
    })
  }

  /** Resolves when they are listened to, or never will be. */
  async add(paths: string[]): Promise<void> {
    if (this.stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.complaints ||= `no answer within ${addMs} ms`
        this.stop()
      }, addMs)
      this.added = () => {
        clearTimeout(timer)
        resolve()
      }
      this.child.stdin.write(`${paths.join(' ')}\n`)
    })
  }

  /** Waits for a change since the last call, a while at most; and a moment at least, so that a flood costs little. */
  async news(timeoutMs: number): Promise<void> {
    if (!this.changed) await this.pause(timeoutMs, true)
    await this.pause(rescanPauseMs, false)
    this.changed = false
  }

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.child.kill('SIGKILL')
    this.added?.()
    this.wake?.()
  }

  private async pause(timeoutMs: number, endsWithNews: boolean): Promise<void> {
    if (this.stopped) return
    this.awaited = endsWithNews
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private hear(text: string): void {
    const lines = `${this.heard}${text}`.split('\n')
    this.heard = lines.pop()!
    for (const line of lines) {
      if (line === 'added') this.added?.()
      if (line !== 'changed' || this.stopped) continue
      this.changed = true
      if (this.awaited) this.wake?.()
      this.onChange()
    }
  }
}
