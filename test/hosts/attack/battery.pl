# What techniques of an attacker are made of. A battery is this text, with what is known of the place in %at and one `attempt`
# a technique behind it; see battery.ts.
use strict;
use warnings;
use Config;

our %at;
our $zeros = "\0" x 8192;
# Descriptors live as long as what holds them.
our @held;
my @signals = split ' ', $Config{sig_name};
$| = 1;

sub errno { my ($name) = sort grep { $!{$_} } keys %!; $name // 'none' }

# Each technique has a process of its own: it may be killed for what it does, or leave its namespaces. Says its name, and what
# the technique gave; or the signal that ended it.
sub attempt {
  my ($name, $technique) = @_;
  pipe(my $read, my $write) or die;
  my $child = fork // die;
  if ($child == 0) {
    close $read;
    alarm 10;
    $! = 0;
    my $outcome = eval { $technique->() } // $@ =~ s/ at \S+ line \d+\.\n$//r;
    syswrite $write, join ' ', split ' ', $outcome;
    kill 'KILL', $$;
  }
  close $write;
  my $outcome = do { local $/; <$read> } // '';
  waitpid $child, 0;
  $outcome = "SIG$signals[$? & 127]" if $outcome eq '';
  print "$name\t$outcome\n";
}

# A system call: `ok` or the name of its error.
sub call { outcome_of(result_of(@_)) }
sub outcome_of { $_[0] < 0 ? errno() : 'ok' }
# Arguments are copied, for perl wants to write to them.
sub result_of { my ($number, @arguments) = @_; $! = 0; syscall($number, @arguments) }

# Opens a file for reading (0) or writing (1), never waiting for anybody, and does nothing more.
sub opens { my ($path, $way) = @_; sysopen(my $file, $path, $way | 0x800) ? 'ok' : errno() }
# A descriptor of what the technique needs; where there is none, that is the outcome.
sub fd_of {
  my ($path, $way) = @_;
  sysopen(my $file, $path, $way // 0) or die errno();
  push @held, $file;
  fileno $file;
}
# The same for a call that gives a descriptor.
sub fd_by { my $fd = result_of(@_); die errno() if $fd < 0; $fd }

sub address_of { unpack 'Q', pack 'p', $_[0] }

# A directory that nobody else sees, with a file system of the own in it.
sub own_place {
  my ($unshare, $mount) = @_;
  call($unshare, 0x20000);
  my $outcome = call($mount, 'none', "$at{H}/tmp", 'tmpfs', 0, '');
  die "no place of the own: $outcome" if $outcome ne 'ok';
  "$at{H}/tmp";
}

# A namespace for users, held by a child that maps id 0 of it to whoever this is.
sub own_users {
  my ($unshare) = @_;
  pipe(my $read, my $write);
  my $child = fork // die;
  if ($child == 0) { syscall($unshare, 0x10000000); syswrite $write, 'x'; sleep 20; kill 'KILL', $$ }
  sysread $read, my $ready, 1;
  open(my $map, '>', "/proc/$child/uid_map") or die errno();
  syswrite $map, '0 0 1' or die errno();
  open(my $groups, '>', "/proc/$child/gid_map") or die errno();
  syswrite $groups, '0 0 1' or die errno();
  my $fd = fd_of("/proc/$child/ns/user");
  kill 'KILL', $child;
  $fd;
}

# Does some file of /proc/PID/NAME, of any process that is seen, hold the machine's secret?
sub seen_in {
  my ($name) = @_;
  for my $path (glob "/proc/[0-9]*/$name") {
    open(my $file, '<', $path) or next;
    return 'seen' if index(do { local $/; <$file> } // '', $at{secret}) >= 0;
  }
  'unseen';
}

# Is the machine's file, which anybody there may read, below this directory?
sub reached { my ($root) = @_; open(my $file, '<', "$root$at{file}") ? 'reached' : 'not reached' }

# A message of netlink and what the kernel answers it with.
sub netlink {
  my ($protocol, $type, $flags, $body) = @_;
  socket(my $socket, 16, 3, $protocol) or return errno();
  my $to = pack 'S x2 L L', 16, 0, 0;
  my $message = pack('L S S L L', 16 + length $body, $type, $flags | 5, 1, 0) . $body;
  send($socket, $message, 0, $to) or return errno();
  my $waiting = '';
  vec($waiting, fileno $socket, 1) = 1;
  return 'no answer' if !select($waiting, undef, undef, 2);
  defined recv($socket, my $answer, 65536, 0) or return errno();
  my ($length, $kind) = unpack 'L S', $answer;
  return 'ok' if $kind != 2;
  $! = -unpack 'x16 l', $answer;
  $! ? errno() : 'ok';
}
sub attribute { my ($type, $value) = @_; my $length = 4 + length $value; pack('S S', $length, $type) . $value . "\0" x (-$length & 3) }

# One of the two halves of a terminal of the own: the one that a program would have.
sub own_terminal {
  my $master = fd_of('/dev/ptmx', 2);
  my ($unlock, $number) = (pack('i', 0), pack('i', 0));
  my $given = fdopen_of($master);
  ioctl($given, 0x40045431, $unlock) or die errno();
  ioctl($given, 0x80045430, $number) or die errno();
  fd_of('/dev/pts/' . unpack('i', $number), 0x102);
}
sub fdopen_of { open(my $file, "+<&=", $_[0]) or die errno(); push @held, $file; $file }
sub fdopen_of_reading { open(my $file, "<&=", $_[0]) or die errno(); push @held, $file; $file }

# A file of the host's own control group: on version 1 of a controller, else of the one tree.
sub group {
  my ($controller, $v1, $v2) = @_;
  die "ENOENT\n" if ($at{unified} ? $v2 : $v1) eq '';
  return "$at{groups}/$v2" if $at{unified};
  "$at{groups}/$controller/$at{group}/$v1";
}

1;
