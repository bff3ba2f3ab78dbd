# Makes the user namespaces of one host, and holds them until the end of its input; they live on in whoever joined them by
# then, or is mapped by them. A namespace is made by a process of its own, and its maps can be written only from outside,
# so this is one program with a process for each: every other way starts a dozen programs.
#
# Arguments: FIRST OWNER COUNT PROCESSES [NAME MOST ...]
#   FIRST, COUNT  ids of the machine that are the host's 0 and up
#   OWNER         the id that makes the outer namespace, whose limits are charged to it
#   PROCESSES     most processes and threads of the host (RLIMIT_NPROC as a user namespace keeps it from its maker, setrlimit(2))
#   NAME MOST     limits of the outer namespace, below /proc/sys/user; one that this kernel does not know is passed over
# Output: one line of process ids, whose /proc/ID/ns/user are the host's namespace and the one that only maps its disk's ids.
use strict;
use warnings;
use Kernel;

my ($first, $owner, $count, $processes, @limits) = @ARGV;
# Some captures, probes and traces of one host at once, each with a tool or two.
my $of_tools = 64;
$| = 1;

# In a namespace of its own: tells its parent, and goes on when that has written the maps.
sub unshare_user {
  my ($ready, $go) = @_;
  # CLONE_NEWUSER
  Kernel::call('unshare', 0x10000000) == 0 or die "unshare: $!\n";
  syswrite $ready, "x";
  sysread($go, my $said, 1) or exit 1;
}

# child WORK: forks. WORK gets what `unshare_user` needs. Returns the child's id, and what it says and hears through.
sub child {
  my ($work) = @_;
  pipe(my $from, my $ready) && pipe(my $go, my $to) or die "pipe: $!\n";
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    close $_ for $from, $to;
    $work->($ready, $go);
    exit 0;
  }
  close $_ for $ready, $go;
  sysread($from, my $said, 1) or die "a process that makes a namespace ended\n";
  return ($pid, $from, $to);
}

# map_ids PID MAP: writes both maps of a process's namespace, from outside (user_namespaces(7)).
sub map_ids {
  my ($pid, $map) = @_;
  put("/proc/$pid/$_", $map) for 'uid_map', 'gid_map';
}

sub put {
  my ($path, $text) = @_;
  open(my $file, '>', $path) or die "$path: $!\n";
  defined syswrite($file, $text) or die "$path: $!\n";
}

# Holds its namespace until the starter closes the input, which its death does too.
sub hold { 1 while sysread STDIN, my $said, 1 }

sub inner {
  unshare_user(@_);
  hold();
}

sub outer {
  my ($ready, $go) = @_;
  # Of both namespaces together, before the control group, which takes a lock of the whole machine's. The machine's own tools run
  # in the outer one (Kernel::join_host), and some of them do when the host has used up all of its own.
  limit_processes($processes + $of_tools);
  become($owner);
  unshare_user($ready, $go);
  limit_processes($processes);
  # Root of the outer one, who can be the inner one's maker.
  become(0);
  # PR_SET_DUMPABLE: who changed ids can't otherwise be mapped by its parent.
  Kernel::call('prctl', 4, 1, 0, 0, 0);
  while (my ($name, $most) = splice @limits, 0, 2) {
    put("/proc/sys/user/$name", $most) if -e "/proc/sys/user/$name";
  }
  my ($pid, undef, $go_on) = child(\&inner);
  map_ids($pid, "0 0 $count\n");
  syswrite $go_on, "x";
  syswrite $ready, "$pid\n";
  waitpid $pid, 0;
}

sub limit_processes {
  my ($most) = @_;
  # RLIMIT_NPROC
  Kernel::call('prlimit64', 0, 6, pack('Q Q', $most, $most), 0) == 0 or die "prlimit: $!\n";
}

# Perl's own variables leave the saved ids as they were.
sub become {
  my ($id) = @_;
  # In the inner one's parent no group list can be set, and none is left from before.
  $< != 0 or Kernel::call('setgroups', 0, 0) == 0 or die "setgroups: $!\n";
  for my $set ('setresgid', 'setresuid') {
    Kernel::call($set, $id, $id, $id) == 0 or die "$set $id: $!\n";
  }
}

# What a disk's ids are mapped by: 0 and up are the slot's, and the machine's root is the one after the last, so that he has
# an id there too, for what the kernel makes in his name when he mounts an overlay.
my ($disk, undef, $go_disk) = child(\&inner);
map_ids($disk, "0 $first $count\n$count 0 1\n");
syswrite $go_disk, "x";
my ($outer, $from_outer, $go_outer) = child(\&outer);
map_ids($outer, "0 $first $count\n");
syswrite $go_outer, "x";
my $inner = readline $from_outer;
defined $inner or exit 1;
chomp $inner;
print "$inner $disk\n";
hold();
waitpid $_, 0 for $outer, $disk;
