# Looks over the shoulder of every process that appears in a host: argv is a file of the machine's that nobody inside may
# read, where the host's files are, a file there whose coming is the end, and the numbers of ptrace, pidfd_open and
# pidfd_getfd. Says each thing once: a process's name, what was tried, and what came of it.
use strict;
my ($secret, $root, $stop, $ptrace, $pidfd_open, $pidfd_getfd) = @ARGV;
$| = 1;

my %said;
sub note { my $line = join ' ', @_; print "$line\n" unless $said{$line}++ }
sub errno { my ($name) = sort grep { $!{$_} } keys %!; $name // 'none' }
sub numbers { opendir(my $directory, $_[0]) or return (); grep { /^\d+$/ } readdir $directory }
sub inode { my @stat = stat $_[0]; @stat ? "$stat[0]:$stat[1]" : undef }

# A link of /proc that leads to a file: is it one of the host's own, and does it lead further?
sub follow {
  my ($who, $what, $path, $link) = @_;
  for my $way ($secret, "/../../../../../../../..$secret") {
    note($who, $what, 'SECRET') if open(my $file, '<', "$path$way");
  }
  return if $link =~ / \(deleted\)$/;
  my ($there, $here) = (inode($path), inode("$root$link"));
  note($who, $what, 'FOREIGN', $link) if defined $there && $there ne ($here // '') && (readlink($path) // '') eq $link;
}

sub look {
  my ($pid, $who) = @_;
  for my $what ('exe', 'root', 'cwd') {
    my $link = readlink "/proc/$pid/$what";
    note($who, $what, $link // errno());
    follow($who, $what, "/proc/$pid/$what", $link) if defined $link;
  }
  for my $what ('environ', 'maps', 'mem') {
    note($who, $what, open(my $file, '<', "/proc/$pid/$what") ? 'opened' : errno());
  }
  if (opendir(my $directory, "/proc/$pid/fd")) {
    for my $fd (grep { /^\d+$/ } readdir $directory) {
      my $link = readlink "/proc/$pid/fd/$fd" // next;
      note($who, 'fd', $link =~ s/\d+/N/gr);
      follow($who, "fd$fd", "/proc/$pid/fd/$fd", $link) if $link =~ m{^/};
    }
  } else {
    note($who, 'fd', errno());
  }
  my $seized = syscall($ptrace, 0x4206, $pid + 0, 0, 0);
  note($who, 'ptrace', $seized < 0 ? errno() : 'attached');
  my $handle = syscall($pidfd_open, $pid + 0, 0);
  return if $handle < 0;
  for my $fd (0 .. 12) {
    my $copy = syscall($pidfd_getfd, $handle, $fd, 0);
    if ($copy < 0) { note($who, 'pidfd_getfd', errno()); next }
    my $link = readlink "/proc/self/fd/$copy";
    note($who, 'pidfd_getfd', $link =~ s/\d+/N/gr);
    follow($who, "pidfd_getfd$fd", "/proc/self/fd/$copy", $link) if $link =~ m{^/};
    open(my $closing, '<&=', $copy);
  }
  open(my $closing, '<&=', $handle);
}

my %before = map { $_ => 1 } $$, numbers('/proc');
my $end = time + 60;
while (time < $end && !-e "$root$stop") {
  # A process that is traced waits for its tracer at each signal and at its end: let it go on, and so the race.
  while ((my $pid = waitpid(-1, 1 | 0x40000000)) > 0) {
    my $signal = ($? >> 8) & 0x7f;
    syscall($ptrace, 7, $pid, 0, $signal == 5 ? 0 : $signal) if ($? & 0x7f) == 0x7f;
  }
  for my $pid (numbers('/proc')) {
    next if $before{$pid};
    open(my $file, '<', "/proc/$pid/comm") or next;
    my $who = <$file> // next;
    chomp $who;
    look($pid, $who =~ s/\s/_/gr);
  }
}
