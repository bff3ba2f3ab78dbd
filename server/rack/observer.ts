import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { oneLine } from '../wording/one-line.js'
import { machinePath } from './command.js'

/**
 * Sends one packet, and meanwhile listens in many network namespaces: with a packet socket (packet(7)) to all links, and with a
 * netlink socket to what netfilter does (trace-rules.ts). All of it belongs to this one process, so its end is the end of
 * sockets and tables. It reads nothing but the end of stdin, which ends it.
 *
 * It says, each on a line, with times in seconds of the machine's clock as the kernel took them:
 *   namespace N FAULT            that one can't be watched, or not in full
 *   sent TIME
 *   frame N TIME INDEX NAME DIRECTION LENGTH BYTES
 *   trace N TIME BYTES
 *   link N INDEX NAME            of a link in a trace
 *   outcome WORD DETAIL
 *   lost WHAT                    more came than is told
 */
const observer = `
  use strict;
  use Errno qw(EAGAIN EINTR EEXIST);
  use Fcntl qw(F_SETFL O_NONBLOCK);
  my ($setns, $gettime, $filter, $rules, $token, $kind, $version, $sender, $address, $port, $own, $size, $seconds, $linger, @paths) = @ARGV;
  $SIG{PIPE} = 'IGNORE';
  $_ = pack 'H*', $_ for $filter, $rules, $token, $address;
  my ($mostFrames, $mostNeighbours, $mostTraces) = (300, 100, 600);
  my $now = sub { my $time = pack 'q q', 0, 0; syscall($gettime, 0, $time); my ($s, $n) = unpack 'q q', $time; $s + $n / 1e9 };
  my $hex = sub { unpack 'H*', $_[0] };
  my @said;
  my $say = sub { push @said, join(' ', @_) . "\\n" };
  my $flush = sub { syswrite STDOUT, join('', @said) if @said; @said = () };

  # Asks nftables, and reads the first answer. NETLINK_NETFILTER; port ids are the kernel's to give.
  my $netlink = sub {
    socket(my $socket, 16, 3, 12) or return;
    bind($socket, pack('S S L L', 16, 0, 0, 0)) or return;
    # SO_RCVTIMEO: the kernel answers at once, or never will.
    setsockopt($socket, 1, 20, pack('q q', 1, 0));
    return $socket;
  };
  my $ask = sub {
    my ($socket, $question) = @_;
    my $answer;
    send($socket, $question, 0) or return;
    defined recv($socket, $answer, 65536, 0) or return;
    return $answer;
  };
  # NFT_MSG_GETCHAIN for all: where there is none, nothing can happen to a packet.
  my $filters = sub {
    my $socket = $netlink->() or return 0;
    my $answer = $ask->($socket, pack('L S S L L C C n', 20, 0x0a04, 0x301, 1, 0, 0, 0, 0));
    return defined $answer && unpack('x4 S', $answer) == 0x0a03;
  };
  my $trace = sub {
    my $socket = $netlink->() or return (undef, "netlink: $!");
    my $answer = $ask->($socket, $rules);
    return (undef, "nftables: $!") unless defined $answer;
    my ($type, $error) = unpack('x4 S x10 l', $answer);
    if ($type != 2 || $error) { local $! = -$error; return (undef, "nftables: $!") }
    # SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE
    setsockopt($socket, 270, 1, pack('i', 9)) or return (undef, "no traces: $!");
    return $socket;
  };
  my $watch = sub {
    # AF_PACKET, SOCK_RAW; nothing is received before the filter is there and ETH_P_ALL is asked for.
    socket(my $socket, 17, 3, 0) or return (undef, "packet socket: $!");
    # struct sock_fprog, SO_ATTACH_FILTER; SO_RCVBUFFORCE
    setsockopt($socket, 1, 26, pack('S x6 P', length($filter) / 8, $filter)) or return (undef, "filter: $!");
    setsockopt($socket, 1, 33, pack('i', 1 << 20));
    # SIOCGSTAMPNS: from now on the kernel takes the time of each packet.
    my $time = pack 'q q', 0, 0;
    ioctl($socket, 0x8907, $time);
    bind($socket, pack('S n l S C C x8', 17, 3, 0, 0, 0, 0)) or return (undef, "packet socket: $!");
    return $socket;
  };

  my (@watched, %at);
  my $socket;
  # SOL_IP with IP_RECVERR, IP_MTU_DISCOVER; SOL_IPV6 with theirs.
  my ($level, $errors, $discover) = $version == 4 ? (0, 11, 10) : (41, 25, 23);
  my $prepare = sub {
    my %type = (icmp => [3, $version == 4 ? 1 : 58], tcp => [1, 6], udp => [2, 17]);
    my $family = $version == 4 ? 2 : 10;
    socket($socket, $family, $type{$kind}[0], $type{$kind}[1]) or die "socket: $!\\n";
    setsockopt($socket, $level, $errors, pack('i', 1));
    # Sends with "don't fragment", and asks no memory of what was too large before (ip(7), IP_PMTUDISC_PROBE).
    setsockopt($socket, $level, $discover, pack('i', 3)) if $size;
    fcntl($socket, F_SETFL, O_NONBLOCK);
    return if $kind eq 'icmp';
    my $any = $version == 4 ? pack('S n x12', 2, $own) : pack('S n x24', 10, $own);
    bind($socket, $any) or bind($socket, $version == 4 ? pack('S x14', 2) : pack('S x26', 10)) or die "bind: $!\\n";
    return if $kind eq 'udp';
    # The first sequence number (tcp(7), TCP_REPAIR: queue of what is sent, its number, and off without a probe).
    for ([19, 1], [20, 2], [21, unpack 'N', $token], [19, -1]) {
      setsockopt($socket, 6, $_->[0], pack('l', unpack 'l', pack 'L', $_->[1] & 0xffffffff)) or die "sequence number: $!\\n";
    }
  };
  for my $index (0 .. $#paths) {
    my ($namespace, $packets, $traces, $fault);
    if (open($namespace, '<', $paths[$index]) and syscall($setns, fileno $namespace, 0x40000000) == 0) {
      ($packets, $fault) = $watch->();
      $say->('namespace', $index, $fault) if defined $fault;
      ($traces, $fault) = $filters->() ? $trace->() : ();
      $say->('namespace', $index, $fault) if defined $fault;
      $prepare->() if $index == $sender;
    } else {
      $say->('namespace', $index, "$!");
      die "$paths[$index]: $!\\n" if $index == $sender;
    }
    push @watched, { index => $index, packets => $packets, traces => $traces };
  }

  # struct ifreq, SIOCGIFNAME
  my $nameOf = sub {
    my ($namespace, $link) = @_;
    return $namespace->{names}{$link} //= do {
      my $request = pack('x16 l x20', $link);
      ioctl($namespace->{packets}, 0x8910, $request) ? unpack('Z16', $request) : '';
    };
  };
  my @needles = $kind eq 'tcp' ? map { pack 'N', (unpack('N', $token) + $_) & 0xffffffff } 0 .. 2 : $token;
  push @needles, pack 'n', $own if $kind eq 'udp';
  # ARP, neighbour discovery, and ARP within VXLAN.
  my $isNeighbour = sub {
    my $type = substr $_[0], 12, 2;
    return 1 if $type eq "\\x08\\x06";
    return $type eq "\\x86\\xdd" && substr($_[0], 20, 1) eq "\\x3a" && substr($_[0], 54, 1) =~ /[\\x87\\x88]/
      || $type eq "\\x08\\x00" && length $_[0] > 64 && substr($_[0], 62, 2) eq "\\x08\\x06";
  };
  my ($frames, $neighbours, $traced) = (0, 0, 0);
  my %lost;
  my $hear = sub {
    my ($namespace) = @_;
    for (1 .. 500) {
      my $bytes;
      # MSG_DONTWAIT
      my $from = recv($namespace->{packets}, $bytes, 65536, 0x40);
      return unless defined $from && length $from >= 12;
      my $neighbour = $isNeighbour->($bytes);
      next unless $neighbour or grep { index($bytes, $_) >= 0 } @needles;
      if ($neighbour ? $neighbours++ >= $mostNeighbours : $frames++ >= $mostFrames) { $lost{frames}++; next }
      my $time = pack 'q q', 0, 0;
      ioctl($namespace->{packets}, 0x8907, $time);
      my ($s, $n) = unpack 'q q', $time;
      my ($link, $direction) = unpack 'x4 l x2 C', $from;
      $say->('frame', $namespace->{index}, sprintf('%d.%09d', $s, $n), $link, $hex->($nameOf->($namespace, $link)),
        # PACKET_OUTGOING
        $direction == 4 ? 'out' : 'in', length $bytes, $hex->(substr $bytes, 0, 384));
    }
  };
  my $follow = sub {
    my ($namespace) = @_;
    for (1 .. 500) {
      my $bytes;
      if (!defined recv($namespace->{traces}, $bytes, 65536, 0x40)) {
        $lost{traces}++ unless $!{EAGAIN};
        return if $!{EAGAIN};
        next;
      }
      next if unpack('x4 S', $bytes) != 0x0a11;
      if ($traced++ >= $mostTraces) { $lost{traces}++; next }
      $say->('trace', $namespace->{index}, sprintf('%.6f', $now->()), $hex->($bytes));
      # NFTA_TRACE_IIF, NFTA_TRACE_OIF
      for (my $at = 20; $at + 8 <= length $bytes;) {
        my ($length, $type) = unpack 'S S', substr $bytes, $at, 4;
        last if $length < 4;
        my $link = unpack 'N', substr $bytes, $at + 4, 4;
        $say->('link', $namespace->{index}, $link, $hex->($nameOf->($namespace, $link)))
          if ($type == 10 || $type == 12) && !$namespace->{told}{$link}++;
        $at += ($length + 3) & ~3;
      }
    }
  };

  my %words;
  $words{$_} = 'refused' for 111, 104;
  $words{$_} = 'unroutable' for 101, 113, 99, 13, 22, 100;
  $words{90} = 'too-long';
  $words{1} = 'silent';
  my $outcome;
  my $failed = sub {
    return if $!{EAGAIN} || $!{EINTR} || $!{EINPROGRESS};
    $outcome = [$words{ $! + 0 } // 'error', "$!"];
  };
  my $to = $version == 4 ? pack('S n a4 x8', 2, $kind eq 'icmp' ? 0 : $port, $address)
    : pack('S n x4 a16 x4', 10, $kind eq 'icmp' ? 0 : $port, $address);
  my $checksum = sub {
    my $sum = 0;
    $sum += $_ for unpack 'n*', length($_[0]) % 2 ? "$_[0]\\0" : $_[0];
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
  };
  my $send = sub {
    return $failed->() unless connect($socket, $to);
    return if $kind eq 'tcp';
    my $payload = $token;
    if ($kind eq 'icmp') {
      my $header = $version == 4 ? 28 : 48;
      my $length = $size ? $size - $header : 56;
      $payload .= chr($_ & 0xff) for 8 .. $length - 1;
      my $type = $version == 4 ? 8 : 128;
      # The kernel counts for IPv6, where the sum covers addresses.
      my $sum = $version == 4 ? $checksum->(pack('C C n n n', $type, 0, 0, $own, 1) . $payload) : 0;
      $payload = pack('C C n n n', $type, 0, $sum, $own, 1) . $payload;
    }
    $failed->() unless defined send($socket, $payload, 0);
  };
  # Whether the answer is there.
  my $answered = sub {
    if ($kind eq 'tcp') {
      local $! = unpack 'i', getsockopt($socket, 1, 4);
      return $failed->() if $!;
      $outcome = ['answered', 'connected'];
      close $socket;
      return;
    }
    my $bytes;
    return $failed->() unless defined recv($socket, $bytes, 65536, 0);
    return $outcome = ['answered', 'a datagram came back'] if $kind eq 'udp';
    $bytes = substr $bytes, 4 * (ord($bytes) & 15) if $version == 4;
    return unless length $bytes >= 16 && ord($bytes) == ($version == 4 ? 0 : 129) && substr($bytes, 8, 8) eq $token;
    $outcome = ['answered', 'an echo reply came back'];
  };

  # Nothing of before is of interest, and time counts from here.
  my $until = $now->() + $seconds;
  $say->('sent', sprintf '%.9f', $now->());
  $send->();
  my $ending;
  while (1) {
    if ($outcome && !$ending) { $until = $now->() + $linger; $ending = 1 }
    my $left = $until - $now->();
    if ($left <= 0) {
      last if $ending;
      $outcome = ['silent', 'no answer'];
      next;
    }
    my ($read, $write) = ('', '');
    vec($read, fileno $_, 1) = 1 for \\*STDIN, grep { defined } map { ($_->{packets}, $_->{traces}) } @watched;
    vec($kind eq 'tcp' ? $write : $read, fileno $socket, 1) = 1 unless $outcome;
    my $found = select($read, $write, undef, $left);
    if ($found < 0) { next if $!{EINTR}; die "select: $!\\n" }
    next unless $found;
    # What was there at the answer is read first, in any case.
    for my $namespace (@watched) {
      $hear->($namespace) if defined $namespace->{packets} && vec($read, fileno $namespace->{packets}, 1);
      $follow->($namespace) if defined $namespace->{traces} && vec($read, fileno $namespace->{traces}, 1);
    }
    if (vec($read, 0, 1)) { sysread(STDIN, my $rest, 4096) or exit }
    $answered->() if !$outcome && vec($kind eq 'tcp' ? $write : $read, fileno $socket, 1);
    $flush->();
  }
  for my $namespace (grep { defined $_->{packets} } @watched) {
    # SOL_PACKET, PACKET_STATISTICS
    my (undef, $dropped) = unpack 'L L', getsockopt($namespace->{packets}, 263, 6) // '';
    $lost{frames} += $dropped if $dropped;
  }
  $say->('lost', $_) for sort keys %lost;
  $say->('outcome', @$outcome);
  $flush->();
`
/** The numbers of setns(2) and clock_gettime(2). */
const numbers = process.arch === 'x64' ? ['308', '228'] : ['268', '113']

/** How long it goes on to listen after the answer, in seconds. */
const lingerSeconds = 0.1
/** Over the packet's own deadline, for a busy machine. */
const marginMs = 10_000
const mostOutputBytes = 2 * 1024 ** 2

export interface Errand {
  /** By which namespaces can be entered, from this process. */
  paths: string[]
  /** Which of them sends. */
  sender: number
  filter: Uint8Array
  rules: Uint8Array
  token: Uint8Array
  protocol: 'icmp' | 'tcp' | 'udp'
  version: 4 | 6
  /** In network order. */
  address: Uint8Array
  port: number
  sourcePort: number
  /** 0: as it comes. */
  size: number
  timeoutMs: number
}

/**
 * Runs it to its end.
 * @returns its lines; the last one says the outcome, unless something went wrong
 */
export async function observeWith(errand: Errand, signal: AbortSignal | undefined): Promise<string[]> {
  signal?.throwIfAborted()
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    'perl',
    [
      ...['-e', observer, ...numbers, hex(errand.filter), hex(errand.rules), hex(errand.token), errand.protocol],
      ...[`${errand.version}`, `${errand.sender}`, hex(errand.address), `${errand.port}`, `${errand.sourcePort}`],
      ...[`${errand.size}`, `${errand.timeoutMs / 1000}`, `${lingerSeconds}`],
      ...errand.paths.map((path) => path.replace('/self/', `/${process.pid}/`)),
    ],
    { env: { PATH: machinePath, LC_ALL: 'C.UTF-8' }, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' },
  )
  const end = () => child.kill('SIGKILL')
  const timer = setTimeout(end, errand.timeoutMs + marginMs)
  signal?.addEventListener('abort', end, { once: true })
  let said = ''
  let complaints = ''
  child.stdin.on('error', () => {})
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.length > mostOutputBytes) end()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = oneLine(`${complaints}${text}`, 300)
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', () => resolve())
    })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
  signal?.throwIfAborted()
  const lines = said.split('\n').slice(0, -1)
  return lines.at(-1)?.startsWith('outcome ')
    ? lines
    : [...lines, `outcome error ${complaints || 'the watch ended early'}`]
}
