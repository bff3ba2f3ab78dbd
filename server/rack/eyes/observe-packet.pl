# Sends one packet, and meanwhile listens in many network namespaces: with a packet socket (packet(7)) to all links, and with a
# netlink socket to what netfilter does. All of it belongs to this one process, so its end is the end of sockets and tables.
#   perl -I EYES observe-packet.pl FILTER RULES TOKEN PROTOCOL VERSION SENDER ROOT ADDRESS PORT OWN SIZE SECONDS LINGER PATH...
# FILTER: of the packet sockets, classic BPF. RULES: a transaction for nftables that has it tell of the packet. TOKEN: 8 bytes by
# which the packet is known. ADDRESS: where it goes, in network order. All four in hexadecimal.
# PROTOCOL: icmp, tcp, udp. VERSION: 4, 6. PORT: 0 for icmp. OWN: the port that it is sent from, or icmp's id.
# SIZE: of the whole packet; 0: as it comes. SECONDS: until there is no answer, or less where netfilter has dropped it. LINGER: seconds
# to listen on after the answer.
# PATH: of a namespace; SENDER is the number of the one that sends, from 0. ROOT: the machine's number for root of its host.
# It reads nothing but the end of stdin, which ends it.
#
# It says, each on a line, with times in nanoseconds of the machine's clock as the kernel took them:
#   namespace N FAULT            that one can't be watched, or not in full
#   sent TIME
#   frame N TIME INDEX NAME DIRECTION LENGTH BYTES
#   trace N TIME BYTES
#   link N INDEX NAME            of a link in a trace
#   lost WHAT                    more frames or traces came than are told; times: those of frames are not the kernel's
#   outcome WORD DETAIL          the last line; without it something went wrong
use strict;
use Errno qw(EAGAIN EINTR EINPROGRESS);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Frames;
use Kernel;
use Peer;

my ($most_frames, $most_neighbours, $most_traces) = (300, 100, 600);
my $most_bytes_of_a_frame = 384;
# Where netfilter dropped the packet or its answer, nobody answers any more, but to a copy of it that a bridge sent elsewhere.
my $seconds_after_drop = 0.25;

my ($filter, $rules, $token, $kind, $version, $sender, $root, $address, $port, $own, $size, $seconds, $linger, @paths) = @ARGV;
$_ = pack 'H*', $_ for $filter, $rules, $token, $address;
$SIG{PIPE} = 'IGNORE';

my ($frames, $neighbours, $traced) = (0, 0, 0);
my %lost;
my $outcome;
my $dropped;
# What a frame of ours has in it.
my @needles = $kind eq 'tcp' ? map { pack 'N', (unpack('N', $token) + $_) & 0xffffffff } 0 .. 2 : $token;
push @needles, pack 'n', $own if $kind eq 'udp';
# Outcomes by errno(3).
my %words = (1 => 'silent', 90 => 'too-long');
$words{$_} = 'refused' for 111, 104;
$words{$_} = 'unroutable' for 101, 113, 99, 13, 22, 100;

my $timekeeper = Kernel::timekeeper();
my $socket;
my @watched = map { watch_namespace($_) } 0 .. $#paths;
# What comes now is a learner's, and all that is needed is open.
Kernel::become_nobody();
$timekeeper && Kernel::await_times($timekeeper) or $lost{times}++;
# Nothing of before is of interest, and time counts from here.
my $sent = Kernel::now();
my $until = $sent + $seconds * 1e9;
Frames::say_line('sent', $sent);
send_packet();
listen_until_the_end();
say_losses();
Frames::say_line('outcome', @$outcome);
Frames::flush_lines();

sub watch_namespace {
  my ($index) = @_;
  my $namespace = { index => $index, names => {}, told => {} };
  if (!Kernel::enter($paths[$index])) {
    Frames::say_line('namespace', $index, "$!");
    die "$paths[$index]: $!\n" if $index == $sender;
    return $namespace;
  }
  my $fault;
  ($namespace->{packets}, $fault) = Frames::listener($filter);
  Frames::say_line('namespace', $index, $fault) if defined $fault;
  # Where there is no chain, nothing can happen to a packet.
  if (has_chains()) {
    ($namespace->{traces}, $fault) = trace_socket();
    Frames::say_line('namespace', $index, $fault) if defined $fault;
  }
  $socket = prepared_socket() if $index == $sender;
  return $namespace;
}

# NFT_MSG_GETCHAIN for all.
sub has_chains {
  my $nft = nftables() or return 0;
  my $answer = ask($nft, Kernel::request(0x0a04, 0x300, pack 'C C n', 0, 0, 0));
  return defined $answer && unpack('x4 S', $answer) == 0x0a03;
}

sub trace_socket {
  my $nft = nftables() or return (undef, "netlink: $!");
  my $answer = ask($nft, $rules);
  return (undef, "nftables: $!") unless defined $answer;
  my ($type, $error) = unpack('x4 S x10 l', $answer);
  if ($type != 2 || $error) { local $! = -$error; return (undef, "nftables: $!") }
  # SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE
  setsockopt($nft, 270, 1, pack('i', 9)) or return (undef, "no traces: $!");
  return $nft;
}

sub nftables {
  my $nft = Kernel::netlink(12) or return;
  # SO_RCVTIMEO: the kernel answers at once, or never will.
  setsockopt($nft, 1, 20, pack('q q', 1, 0));
  return $nft;
}

# Asks, and reads the first answer.
sub ask {
  my ($nft, $question) = @_;
  send($nft, $question, 0) or return;
  defined recv($nft, my $answer, 65536, 0) or return;
  return $answer;
}

# The socket that the packet will leave by, in the present namespace.
sub prepared_socket {
  my %type = (icmp => [3, $version == 4 ? 1 : 58], tcp => [1, 6], udp => [2, 17]);
  my $family = $version == 4 ? 2 : 10;
  # A rule may ask who sends (iptables-extensions(8), owner), which is whoever made the socket: root there, as programs mostly are.
  Kernel::call('setfsuid', 0 + $root);
  my $made = socket(my $prepared, $family, $type{$kind}[0], $type{$kind}[1]);
  my $why = "$!";
  Kernel::call('setfsuid', 0);
  $made or die "socket: $why\n";
  Peer::tell_errors($prepared, $family);
  # IP_MTU_DISCOVER and IPV6_MTU_DISCOVER: sends with "don't fragment", and asks no memory of what was too large before (ip(7),
  # IP_PMTUDISC_PROBE).
  my ($level, $discover) = $version == 4 ? (0, 10) : (41, 23);
  setsockopt($prepared, $level, $discover, pack('i', 3)) if $size;
  fcntl($prepared, F_SETFL, O_NONBLOCK);
  return $prepared if $kind eq 'icmp';
  my $any = $version == 4 ? pack('S n x12', 2, $own) : pack('S n x24', 10, $own);
  bind($prepared, $any) or bind($prepared, $version == 4 ? pack('S x14', 2) : pack('S x26', 10)) or die "bind: $!\n";
  return $prepared if $kind eq 'udp';
  # The first sequence number (tcp(7), TCP_REPAIR: queue of what is sent, its number, and off without a probe).
  for ([19, 1], [20, 2], [21, unpack 'N', $token], [19, -1]) {
    my ($option, $value) = @$_;
    setsockopt($prepared, 6, $option, pack('l', unpack 'l', pack 'L', $value & 0xffffffff))
      or die "sequence number: $!\n";
  }
  return $prepared;
}

sub send_packet {
  my $to = $version == 4
    ? pack('S n a4 x8', 2, $kind eq 'icmp' ? 0 : $port, $address)
    : pack('S n x4 a16 x4', 10, $kind eq 'icmp' ? 0 : $port, $address);
  return note_failure() unless connect($socket, $to);
  return if $kind eq 'tcp';
  note_failure() unless defined send($socket, $kind eq 'icmp' ? echo_request() : $token, 0);
}

sub echo_request {
  my $header = $version == 4 ? 28 : 48;
  my $length = $size ? $size - $header : 56;
  my $payload = $token . join '', map { chr($_ & 0xff) } 8 .. $length - 1;
  my $type = $version == 4 ? 8 : 128;
  # The kernel counts for IPv6, where the sum covers addresses.
  my $sum = $version == 4 ? checksum(pack('C C n n n', $type, 0, 0, $own, 1) . $payload) : 0;
  return pack('C C n n n', $type, 0, $sum, $own, 1) . $payload;
}

# RFC 1071.
sub checksum {
  my ($bytes) = @_;
  my $sum = 0;
  $sum += $_ for unpack 'n*', length($bytes) % 2 ? "$bytes\0" : $bytes;
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}

sub note_failure {
  return if $!{EAGAIN} || $!{EINTR} || $!{EINPROGRESS};
  $outcome = [$words{ $! + 0 } // 'error', "$!"];
}

sub listen_until_the_end {
  my $ending;
  while (1) {
    if ($outcome && !$ending) { $until = Kernel::now() + $linger * 1e9; $ending = 1 }
    my $left = $until - Kernel::now();
    if ($left <= 0) {
      last if $ending;
      $outcome = ['silent', 'no answer'];
      next;
    }
    my ($read, $write) = ('', '');
    vec($read, fileno $_, 1) = 1 for \*STDIN, grep { defined } map { ($_->{packets}, $_->{traces}) } @watched;
    vec($kind eq 'tcp' ? $write : $read, fileno $socket, 1) = 1 unless $outcome;
    my $found = select($read, $write, undef, $left / 1e9);
    if ($found < 0) { next if $!{EINTR}; die "select: $!\n" }
    next unless $found;
    # What was there at the answer is read first, in any case.
    for my $namespace (@watched) {
      read_frames($namespace) if defined $namespace->{packets} && vec($read, fileno $namespace->{packets}, 1);
      read_traces($namespace) if defined $namespace->{traces} && vec($read, fileno $namespace->{traces}, 1);
    }
    if (vec($read, 0, 1)) { sysread(STDIN, my $rest, 4096) or exit }
    read_answer() if !$outcome && vec($kind eq 'tcp' ? $write : $read, fileno $socket, 1);
    Frames::flush_lines();
  }
}

sub read_frames {
  my ($namespace) = @_;
  for (1 .. 500) {
    my ($bytes, $from) = Frames::received($namespace->{packets}) or return;
    my $neighbour = is_neighbour($bytes);
    next unless $neighbour or grep { index($bytes, $_) >= 0 } @needles;
    if ($neighbour ? $neighbours++ >= $most_neighbours : $frames++ >= $most_frames) { $lost{frames}++; next }
    Frames::tell_frame($namespace, $bytes, $from, $most_bytes_of_a_frame);
  }
}

# ARP, neighbour discovery, and ARP within VXLAN.
sub is_neighbour {
  my ($bytes) = @_;
  my $type = substr $bytes, 12, 2;
  return 1 if $type eq "\x08\x06";
  return $type eq "\x86\xdd" && substr($bytes, 20, 1) eq "\x3a" && substr($bytes, 54, 1) =~ /[\x87\x88]/
    || $type eq "\x08\x00" && length $bytes > 64 && substr($bytes, 62, 2) eq "\x08\x06";
}

sub read_traces {
  my ($namespace) = @_;
  for (1 .. 500) {
    my $bytes;
    if (!defined recv($namespace->{traces}, $bytes, 65536, 0x40)) {
      return if $!{EAGAIN};
      $lost{traces}++;
      next;
    }
    # NFT_MSG_TRACE
    next if unpack('x4 S', $bytes) != 0x0a11;
    if ($traced++ >= $most_traces) { $lost{traces}++; next }
    Frames::say_line('trace', $namespace->{index}, Kernel::now(), Frames::hex_of($bytes));
    wait_no_longer() if !$dropped && is_drop($bytes);
    # Behind struct nfgenmsg: NFTA_TRACE_IIF, NFTA_TRACE_OIF.
    for (Kernel::attributes($bytes, 20)) {
      my ($type, $value) = @$_;
      next unless ($type == 10 || $type == 12) && length $value >= 4;
      my $link = unpack 'N', $value;
      next if $namespace->{told}{$link}++;
      Frames::say_line('link', $namespace->{index}, $link, Frames::hex_of(Frames::name_of($namespace, $link)));
    }
  }
}

# NFTA_TRACE_VERDICT with NFTA_VERDICT_CODE within, or NFTA_TRACE_POLICY; NF_DROP is 0.
sub is_drop {
  for (Kernel::attributes($_[0], 20)) {
    my ($type, $value) = @$_;
    $type &= 0x7fff;
    return 1 if $type == 16 && unpack('N', $value) == 0;
    next unless $type == 5;
    for (Kernel::attributes($value, 0)) { return 1 if $_->[0] == 1 && unpack('N', $_->[1]) == 0 }
  }
  return 0;
}

sub wait_no_longer {
  $dropped = 1;
  my $soon = Kernel::now() + $seconds_after_drop * 1e9;
  $until = $soon if $soon < $until;
}

# Notes the outcome if the answer is there.
sub read_answer {
  if ($kind eq 'tcp') {
    local $! = unpack 'i', getsockopt($socket, 1, 4);
    return note_failure() if $!;
    $outcome = ['answered', 'connected'];
    close $socket;
    return;
  }
  my $bytes;
  return note_failure() unless defined recv($socket, $bytes, 65536, 0);
  return $outcome = ['answered', 'a datagram came back'] if $kind eq 'udp';
  $bytes = substr $bytes, 4 * (ord($bytes) & 15) if $version == 4;
  return unless length $bytes >= 16 && ord($bytes) == ($version == 4 ? 0 : 129) && substr($bytes, 8, 8) eq $token;
  $outcome = ['answered', 'an echo reply came back'];
}

sub say_losses {
  my $dropped = Frames::lost(@watched);
  $lost{frames} += $dropped if $dropped;
  Frames::say_line('lost', $_) for sort keys %lost;
}
