# Listens to the kernel about many network namespaces from a namespace of its own, over two netlink sockets. Each namespace gets
# an id there (RTM_NEWNSID), and the sockets hear of all that have one (netlink(7), NETLINK_LISTEN_ALL_NSID). A socket within a
# namespace would keep it and its links alive after the last process has gone; an id does not.
#   perl -I EYES watch-namespaces.pl PAUSE TABLES
# PAUSE: seconds between two looks. TABLES: how the names of nftables' tables begin whose changes don't count.
# It prints `changed` when something of interest came, and then looks away for a while: what comes meanwhile waits in the
# sockets' buffers, and what does not fit there (ENOBUFS) is a change as well. On stdin come lines of paths of namespaces, with
# spaces between; `added` answers each line. The end of stdin is its end.
use strict;
use Errno qw(EAGAIN EINTR);
use Kernel;

my ($pause, $tables) = @ARGV;
$| = 1;
my $parent = $$;
Kernel::leave() or die "unshare: $!\n";
# rtnetlink(7): links, neighbours, addresses, routes and rules of both families, netconf, ids. NFNLGRP_NFTABLES.
my $route = listener(0, 1, 3, 5, 7, 8, 9, 11, 19, 24, 25, 28);
my $nft = listener(12, 7);
my $ids = Kernel::netlink(0) or die "netlink: $!\n";


# Only this process may open namespaces; the other one reads what learners make, and may do nothing.
defined(my $reader = fork) or die "fork: $!\n";
if ($reader == 0) {
  close $ids;
  Kernel::become_nobody();
  # PR_SET_PDEATHSIG, which becoming another user forgets: it ends with this one, which may have ended by now.
  Kernel::call('prctl', 1, 9, 0, 0, 0) == 0 && getppid == $parent or die "prctl: $!\n";
  listen_for_changes();
}
my ($known, $said) = (0, '');
while (sysread STDIN, $said, 65536, length $said) {
  while ($said =~ s/^(.*)\n//) {
    my $fresh = grep { add($_) } split ' ', $1;
    print "changed\n" if $fresh && $known++;
    $known ||= 1;
    print "added\n";
  }
}

sub listen_for_changes {
  while (1) {
    my $ready = '';
    vec($ready, fileno $_, 1) = 1 for $route, $nft;
    if (select($ready, undef, undef, undef) < 0) { next if $!{EINTR}; die "select: $!\n" }
    my $changed = drain($route, \&is_route_change) + drain($nft, \&is_rule_change);
    print "changed\n" if $changed;
    select(undef, undef, undef, $pause);
  }
}

sub listener {
  my ($protocol, @groups) = @_;
  my $socket = Kernel::netlink($protocol) or die "netlink: $!\n";
  # SOL_NETLINK; NETLINK_LISTEN_ALL_NSID, NETLINK_ADD_MEMBERSHIP.
  setsockopt($socket, 270, 8, pack('i', 1)) or die "listen to all: $!\n";
  setsockopt($socket, 270, 1, pack('i', $_)) or die "group $_: $!\n" for @groups;
  return $socket;
}

# Gives the namespace at a path an id; says whether it had none before.
sub add {
  my ($path) = @_;
  open(my $namespace, '<', $path) or return 0;
  # RTM_NEWNSID with NLM_F_ACK; struct rtgenmsg; NETNSA_NSID, any; NETNSA_FD.
  my $body = pack('C x3 S S l S S L', 0, 8, 1, -1, 8, 3, fileno $namespace);
  send($ids, Kernel::request(88, 4, $body), 0) or return 0;
  defined recv($ids, my $answer, 4096, 0) or return 0;
  return unpack('x16 l', $answer) == 0;
}

# Reads all that waits, and says whether anything of it was a change.
sub drain {
  my ($socket, $is_change) = @_;
  my $changed = 0;
  for (1 .. 2000) {
    my $bytes;
    # MSG_DONTWAIT
    if (!defined recv($socket, $bytes, 65536, 0x40)) {
      last if $!{EAGAIN};
      $changed = 1;
      next;
    }
    $changed ||= grep { $is_change->(@$_) } Kernel::messages($bytes);
  }
  return $changed ? 1 : 0;
}

# What is learnt from traffic is no change: only what is to stay, or what somebody asked for (a port id), counts.
sub is_route_change {
  my ($type, $from, $body) = @_;
  return $type != 88 unless $type == 28 || $type == 29;
  my ($family, $state) = unpack('C x7 S', $body);
  return $state & ($family == 7 ? 0xc0 : 0x80) || $from;
}

# Each change ends with a message about the generation; a trace's own table is not the learner's.
sub is_rule_change {
  my ($type, undef, $body) = @_;
  return ($type & 0xff) != 15 && index($body, $tables) < 0;
}
