# Connects to a program, says something, and repeats the beginning of what it answers; meanwhile listens in many network namespaces,
# with a packet socket (packet(7)) to all links, to what that program then does itself: whom it connects to, and which names it looks up.
#   perl -I EYES talk-to-program.pl FILTER TOKEN WORDS SENDER ADDRESS PORT SECONDS PATH...
# FILTER: of the packet sockets, classic BPF. TOKEN: what is in WORDS and known again wherever they are passed on. WORDS: what is said
# to the program. All three in hexadecimal. SECONDS: to connect, and after that as many again until there is no answer.
# PATH: of a namespace; SENDER is the number of the one that asks, from 0.
# It reads nothing but the end of stdin, which ends it.
#
# It says, each on a line, with times in nanoseconds of the machine's clock:
#   namespace N FAULT            that one can't be watched
#   sent TIME                    when the connection was there, and the words were sent
#   heard TIME BYTES             a part of the answer, in hexadecimal
#   frame N TIME INDEX NAME DIRECTION LENGTH BYTES
#   lost frames                  more frames came than are told
#   outcome WORD DETAIL          the last line; without it something went wrong
use strict;
use Errno qw(EINTR);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(SOCK_STREAM SOL_SOCKET SO_ERROR);
use Frames;
use Kernel;
use Peer;

my ($most_frames, $most_bytes_of_a_frame, $most_heard) = (400, 640, 4096);
# What a page has after its beginning is of no interest; what the program does after its answer, neither.
my $linger = 0.05;

my ($filter, $token, $words, $sender, $address, $port, $seconds, @paths) = @ARGV;
$_ = pack 'H*', $_ for $filter, $token, $words;
$SIG{PIPE} = 'IGNORE';

my ($frames, $lost, $heard, $outcome) = (0, 0, 0, undef);
my ($socket, $to);
my @watched = map { watch_namespace($_) } 0 .. $#paths;
# What comes now is a learner's, and all that is needed is open.
Kernel::become_nobody();
fcntl($socket, F_SETFL, O_NONBLOCK);
my $state = 'connecting';
my $until = Kernel::now() + $seconds * 1e9;
if (connect($socket, $to)) { speak() }
elsif (!$!{EINPROGRESS}) { fail() }
listen_until_the_end();
$lost += Frames::lost(@watched);
Frames::say_line('lost', 'frames') if $lost;
Frames::say_line('outcome', @$outcome);
Frames::flush_lines();

sub watch_namespace {
  my ($index) = @_;
  my $namespace = { index => $index, names => {} };
  if (!Kernel::enter($paths[$index])) {
    Frames::say_line('namespace', $index, "$!");
    die "$paths[$index]: $!\n" if $index == $sender;
    return $namespace;
  }
  my $fault;
  ($namespace->{packets}, $fault) = Frames::listener($filter);
  Frames::say_line('namespace', $index, $fault) if defined $fault;
  ($socket, $to) = Peer::to(SOCK_STREAM, $address, $port) if $index == $sender;
  return $namespace;
}

sub speak {
  $state = 'spoken';
  my $now = Kernel::now();
  $until = $now + $seconds * 1e9;
  Frames::say_line('sent', $now);
  syswrite($socket, $words) if $words ne '';
}

sub fail {
  my %words = (111 => 'refused', 104 => 'reset');
  $outcome = [$words{ $! + 0 } // 'unconnected', "$!"];
}

sub listen_until_the_end {
  my $ending;
  while (1) {
    if ($outcome && !$ending) { $until = Kernel::now() + $linger * 1e9; $ending = 1 }
    my $left = $until - Kernel::now();
    if ($left <= 0) {
      last if $ending;
      $outcome = $state eq 'connecting' ? ['unconnected', 'no answer'] : $heard ? ['answered', ''] : ['silent', 'no answer'];
      next;
    }
    my ($read, $write) = ('', '');
    vec($read, fileno $_, 1) = 1 for \*STDIN, grep { defined } map { $_->{packets} } @watched;
    vec($state eq 'connecting' ? $write : $read, fileno $socket, 1) = 1 unless $outcome;
    my $found = select($read, $write, undef, $left / 1e9);
    if ($found < 0) { next if $!{EINTR}; die "select: $!\n" }
    next unless $found;
    for my $namespace (@watched) {
      read_frames($namespace) if defined $namespace->{packets} && vec($read, fileno $namespace->{packets}, 1);
    }
    if (vec($read, 0, 1)) { sysread(STDIN, my $rest, 4096) or exit }
    go_on() if !$outcome && vec($state eq 'connecting' ? $write : $read, fileno $socket, 1);
    Frames::flush_lines();
  }
}

# What the socket has to tell: that the connection is there, a part of the answer, or its end.
sub go_on {
  if ($state eq 'connecting') {
    local $! = unpack 'i', getsockopt($socket, SOL_SOCKET, SO_ERROR);
    return $! ? fail() : speak();
  }
  my $count = sysread($socket, my $part, $most_heard - $heard);
  return if !defined $count && ($!{EAGAIN} || $!{EINTR});
  if (!$count) {
    $outcome = $heard ? ['answered', ''] : defined $count ? ['closed', 'closed without an answer'] : ['reset', "$!"];
    return;
  }
  $heard += $count;
  Frames::say_line('heard', Kernel::now(), unpack 'H*', $part);
  # A server that goes on talking is not waited for: half a second after its first words is enough for the rest of a page's beginning.
  my $soon = Kernel::now() + 0.5e9;
  $until = $soon if $soon < $until;
  $outcome = ['answered', ''] if $heard >= $most_heard;
}

sub read_frames {
  my ($namespace) = @_;
  for (1 .. 500) {
    my ($bytes, $from) = Frames::received($namespace->{packets}) or return;
    # What others say to each other is nobody's business here: of data only that which was passed on counts.
    next if is_data($bytes) && index($bytes, $token) < 0;
    if ($frames++ >= $most_frames) { $lost++; next }
    Frames::tell_frame($namespace, $bytes, $from, $most_bytes_of_a_frame);
  }
}

# TCP that neither begins nor ends a connection.
sub is_data {
  my ($bytes) = @_;
  my $type = substr $bytes, 12, 2;
  my $header = $type eq "\x08\x00" ? 4 * (ord(substr $bytes, 14, 1) & 15) : 40;
  my $protocol = ord substr $bytes, $type eq "\x08\x00" ? 23 : 20, 1;
  return ($type eq "\x08\x00" || $type eq "\x86\xdd") && $protocol == 6
    && !(ord(substr $bytes, 14 + $header + 13, 1) & 0x06);
}
