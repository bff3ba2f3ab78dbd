# Reads files below root directories of one host, which a learner has made what he likes: it runs with his rights alone
# (Kernel::join_host), and whoever started it ends it where the kernel takes its time.
#   perl -I EYES read-files.pl USER MOST PATH...
# USER: of the host's user namespace. MOST: bytes that a file may have. PATH: of the files, below each root, without a slash in front;
# one that ends with a slash is a directory, and what is read of it are the names in it, each on a line.
# On stdin comes a line for each root, with the number of a process that has it. For each root and each path it prints a line
# PROCESS STATUS BYTES, and then so many bytes: the file, or why it was not read. STATUS: read, none, unread.
use strict;
use Errno qw(EAGAIN ENOENT ENOTDIR);
use Kernel;

my ($user, $most, @paths) = @ARGV;
my $most_names = 100;
# Btrfs, overlayfs, tmpfs (statfs(2)): what a host's files lie on.
my %ordinary = map { $_ => 1 } 0x9123683e, 0x794c7630, 0x01021994;
# AT_FDCWD; O_PATH, O_NONBLOCK, both with O_CLOEXEC. openat2(2): RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT.
my $here = -100;
my ($looking, $unwaiting) = (0x280000, 0x80800);
my $inside = 0x12;
$| = 1;
Kernel::join_host($user);
while (my $process = <STDIN>) {
  chomp $process;
  my $root = opened($here, "/proc/$process/root", $looking, 0);
  my $why = "$!";
  for my $path (@paths) {
    my ($status, $text) = defined $root ? contents($root, $path) : ('unread', $why);
    print "$process $status ", length $text, "\n", $text;
  }
}

sub opened {
  my ($at, $path, $flags, $resolve) = @_;
  # struct open_how { u64 flags, mode, resolve }
  my $fd = Kernel::call('openat2', ref $at ? fileno $at : $at, $path, pack('Q3', $flags, 0, $resolve), 24);
  return if $fd < 0;
  open(my $handle, '<&=', $fd) or return;
  return $handle;
}

sub contents {
  my ($root, $path) = @_;
  # Opened for nothing at first: opening a pipe or a device may wait, or do something.
  my $file = opened($root, $path, $looking, $inside);
  return $!{ENOENT} || $!{ENOTDIR} ? ('none', '') : ('unread', "$!") unless defined $file;
  return names($file) if $path =~ m{/$};
  return ('unread', 'it is no ordinary file') unless -f $file && $ordinary{type_of($file)};
  # O_NONBLOCK: a lease on it (fcntl(2), F_SETLEASE) must not make the opening wait.
  my $readable = opened($here, '/proc/self/fd/' . fileno $file, $unwaiting, 0);
  return ('unread', $!{EAGAIN} ? 'a process has a lease on it' : "$!") unless defined $readable;
  my $text = '';
  while (length $text <= $most) {
    my $count = sysread $readable, $text, $most + 1 - length $text, length $text;
    return ('unread', "$!") unless defined $count;
    return ('read', $text) unless $count;
  }
  return ('unread', "it has more than $most bytes");
}

# The beginning of a large directory will do. A name with the end of a line in it can't be told from two, and opens nothing else.
sub names {
  my ($directory) = @_;
  return ('unread', 'it is no ordinary directory') unless -d $directory && $ordinary{type_of($directory)};
  opendir(my $entries, '/proc/self/fd/' . fileno $directory) or return ('unread', "$!");
  my @names;
  while (@names < $most_names and defined(my $name = readdir $entries)) { push @names, $name unless $name =~ /^\.\.?$/ }
  return ('read', join "\n", @names);
}

# Of the file system that a file lies on.
sub type_of {
  my ($file) = @_;
  my $answer = "\0" x 120;
  Kernel::call('fstatfs', fileno $file, $answer) == 0 or return 0;
  return unpack 'q', $answer;
}
