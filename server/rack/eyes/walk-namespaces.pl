# Goes from network namespace to network namespace of one host and asks everything about each.
#   boundary=WORD perl -I EYES walk-namespaces.pl USER MOST-BYTES [PATH GENERATION]...
# USER: of the host's user namespace; the tools read a learner's bytes, so they run with his rights alone (Kernel::join_host).
# MOST-BYTES: what all answers about one namespace may have. PATH: of a namespace. GENERATION: of the rules that need not be said again, or empty.
# After each answer comes a line with the boundary, the question's name, 0 for success, and what signal ended the tool, if one did;
# `done` ends a namespace. The boundary
# is random and only in our environment, so that no rule's comment and no link's name can forge it. Files below /proc/sys/net are
# those of the reader's namespace (proc(5)).
#
# One `ip` answers for links, both families of routes (`root` chooses the family), neighbours, routing rules of IPv4 and the settings of
# links, each on a line. It goes on after a failure (-force), and then the number of lines tells. Only bridges and VXLANs forward by address.
# tc is asked where a link has a queueing discipline whose settings decide what it drops. nft's JSON names an iptables extension and leaves
# out what it was told, so that alone makes iptables speak; or that nft fails: older ones crash on the sets of newer ones. Rules are left
# out where they are as they were last. Sockets come from the kernel itself (sock_diag(7)), as ss has them.
#
# Perl, because each start of a program from Node holds up everything else for the 2 to 5 ms until it runs; this is one start
# for all namespaces, and a small process to fork: starting programs is most of what a capture costs.
use strict;
use Kernel;

my ($user, $most, @places) = @ARGV;
my $boundary = delete $ENV{boundary};
# Bytes that may still be said of the present namespace.
my $left;
my @walk;
while (my ($path, $known) = splice @places, 0, 2) {
  my $namespace;
  push @walk, [$path, $known, open($namespace, '<', $path) ? $namespace : undef, "$!"];
}
Kernel::join_host($user);
my $batch = "address show\nroute show table all root 0.0.0.0/0\nroute show table all root ::/0\nneighbour show\nrule show\nnetconf show\n";
$| = 1;
for (@walk) {
  my ($path, $known, $namespace, $why) = @$_;
  # Whoever can't enter must not go on where it was before.
  defined $namespace or die "$path: $why\n";
  Kernel::enter_open($namespace) or die "$path: $!\n";
  $left = $most;
  links();
  listeners();
  sysctls();
  # Last, since a learner can make more rules than there is time to list: all else is known then.
  rules($known);
  legacy_rules();
  print "\n$boundary done\n";
}

sub links {
  feed($batch);
  my ($links, $failed) = heard(qw(ip -json -details -force -batch -));
  said('ip', $failed);
  ip6_rules();
  run('disciplines', qw(tc -json qdisc show)) if $failed or $links =~ /"qdisc": ?"(?:netem|[pb]fifo|tbf)"/;
  return run('forwarding', qw(bridge -json fdb show)) if $failed or $links =~ /"info_kind": ?"(?:bridge|vxlan)"/;
  print '[]';
  said('forwarding', 0);
}

# Of the routing rules of IPv6 nothing is said where they are those that a kernel begins with: ip's batch has no word for their family, and
# another program costs more than to ask the kernel.
sub ip6_rules {
  return run('routingRules6', qw(ip -6 -json -details rule show)) unless usual_ip6_rules();
  said('routingRules6', 0);
}

sub usual_ip6_rules {
  my $route = Kernel::netlink(0) or return 0;
  # RTM_GETRULE as a dump, with a struct fib_rule_hdr of AF_INET6.
  defined send $route, Kernel::request(34, 0x300, pack 'C x11', 10), 0 or return 0;
  my @found;
  while (defined recv $route, my $answers, 65536, 0) {
    for (Kernel::messages($answers)) {
      my ($type, undef, $body) = @$_;
      # `local` and `main` (fib6_rules_net_init in net/ipv6/fib6_rules.c).
      return "@found" eq '0:255 32766:254' if $type == 3;
      return 0 if $type != 32;
      my ($lengths, $action, $flags) = unpack 'x a3 x3 C L', $body;
      # FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN (-1 is none), FRA_TABLE, FRA_PROTOCOL; any other one is a condition.
      my %has = (6 => pack('L', 0), map { $_->[0] => $_->[1] } Kernel::attributes($body, 12));
      return 0 if $lengths ne "\0\0\0" or $action != 1 or $flags or grep { !/^(?:6|14|15|21)$/ } keys %has;
      return 0 if exists $has{14} and unpack('l', $has{14}) != -1;
      push @found, unpack('L', $has{6}) . ':' . unpack 'L', $has{15};
    }
  }
  return 0;
}

sub rules {
  my ($known) = @_;
  my $now = generation();
  print $now;
  said('generation', 0);
  return if $now ne '' and $now eq $known;
  my ($rules, $failed) = heard(qw(nft --json list ruleset));
  said('rules', $failed);
  # Then there is too much for iptables, too.
  return if $failed eq 'large';
  return unless $failed or $rules =~ /"xt":/;
  run('iptables', 'iptables-nft-save');
  run('ip6tables', 'ip6tables-nft-save') if $failed or $rules =~ /"rule": ?\{"family": ?"ip6"/;
}

# What iptables-legacy keeps has no generation. Its tables are there only where somebody has touched them (net/ipv4/netfilter/ip_tables.c).
sub legacy_rules {
  for my $ip ('ip', 'ip6') {
    open(my $names, '<', "/proc/net/${ip}_tables_names") or next;
    defined(my $name = <$names>) or next;
    run("${ip}tablesLegacy", "${ip}tables-legacy-save");
  }
}

sub listeners {
  my $whole = eval {
    for my $family (2, 10) { sockets($family, $_) for 'udp', 'tcp' }
    1;
  };
  print STDERR $@ unless $whole;
  said('sockets', !$whole);
}

sub sysctls {
  for my $file ('ipv4/ip_forward', 'ipv6/conf/all/forwarding', 'ipv4/icmp_echo_ignore_all', 'ipv6/icmp/echo_ignore_all',
    map { "bridge/bridge-nf-call-$_" } qw(iptables ip6tables)) {
    open(my $value, '<', "/proc/sys/net/$file") or next;
    print "$file ", <$value>;
  }
  switches('ipv6/conf', 'disable_ipv6');
  switches('ipv4/conf', 'arp_ignore');
  switches('ipv4/conf', 'route_localnet');
  print 'ipvs ', virtual_servers(), "\n";
  eval { encryption(); 1 } or print STDERR $@;
  said('sysctls', 0);
}

# Of links only what is not 0. Perl's glob would load a module.
sub switches {
  my ($directory, $name) = @_;
  opendir(my $links, "/proc/sys/net/$directory") or return;
  for my $link (grep !/^\.\.?$/, readdir $links) {
    open(my $value, '<', "/proc/sys/net/$directory/$link/$name") or next;
    my $set = <$value> // 0;
    print "$directory/$link/$name $set" if $set > 0;
  }
}

# How many IPVS has here; `none` where the kernel has none. Each begins with its protocol, or with FWM for a mark; its members follow
# with an arrow.
sub virtual_servers {
  open(my $table, '<', '/proc/net/ip_vs') or return $!{ENOENT} ? 'none' : '?';
  return scalar grep /^(TCP|UDP|SCTP|FWM) /, <$table>;
}

# Prints a line for each policy of IPsec, and for each association by which packets can really be encrypted; of IPv4, which Docker's
# tunnels use (linux/xfrm.h: struct xfrm_userpolicy_info, struct xfrm_usersa_info). The last line says that they are all.
sub encryption {
  # NETLINK_XFRM; XFRM_MSG_GETPOLICY, XFRM_MSG_GETSA.
  for my $question (0x15, 0x12) {
    my $xfrm = Kernel::netlink(6) or return;
    defined send $xfrm, Kernel::request($question, 0x300, ''), 0 or return;
    ANSWER: while (1) {
      defined recv $xfrm, my $answers, 65536, 0 or return;
      for (Kernel::messages($answers)) {
        my ($type, undef, $body) = @$_;
        last ANSWER if $type == 3;
        return if $type == 2;
        if ($type == 0x13 && length $body >= 168) {
          my ($to, $from, $family) = unpack 'a4 x12 a4 x20 S', $body;
          print 'policy ', (qw(in out fwd))[ord substr $body, 160, 1], ' ', dotted($from), ' ', dotted($to), "\n" if $family == 2;
        }
        if ($type == 0x10 && length $body >= 224) {
          my ($to, $from, $family) = unpack 'x56 a4 x20 a4 x128 S', $body;
          print 'association ', dotted($from), ' ', dotted($to), "\n" if $family == 2;
        }
      }
    }
  }
  print "encryption told\n";
}

sub dotted { join '.', unpack 'C4', $_[0] }

# Of the rules: the namespace for good (SO_NETNS_COOKIE), and how often they have changed (NFT_MSG_GETGEN). Empty where the
# kernel does not tell.
sub generation {
  my $nft = Kernel::netlink(12) or return '';
  # Perl's own getsockopt offers more room than this option allows.
  my ($cookie, $size) = ("\0" x 8, pack 'L', 8);
  Kernel::call('getsockopt', fileno $nft, 1, 71, $cookie, $size) == 0 or return '';
  defined send $nft, Kernel::request(0xa10, 0, pack 'L', 0), 0 or return '';
  defined recv $nft, my $answer, 4096, 0 or return '';
  my ($type, $kind, $count) = unpack 'x4 S x16 S N', $answer;
  return $type == 0xa0f && $kind == 1 ? unpack('Q', $cookie) . ":$count" : '';
}

# Prints a line for each socket that waits to be spoken to: protocol, address (`*` for all of both families), port; and of TCP, how
# many connections wait to be accepted and how many may.
sub sockets {
  my ($family, $protocol) = @_;
  # NETLINK_SOCK_DIAG; SOCK_DIAG_BY_FAMILY as a dump; LISTEN of TCP, CLOSE (unconnected) of UDP.
  my $diag = Kernel::netlink(4) or die "sock_diag: $!\n";
  my $states = 1 << ($protocol eq 'tcp' ? 10 : 7);
  my $asked = pack 'CCCCL x48', $family, $protocol eq 'tcp' ? 6 : 17, 0, 0, $states;
  defined send $diag, Kernel::request(20, 0x300, $asked), 0 or die "sock_diag: $!\n";
  while (defined recv $diag, my $answers, 65536, 0) {
    for (Kernel::messages($answers)) {
      my ($type, undef, $body) = @$_;
      return if $type == 3;
      # ENOENT: this kernel has no such sockets.
      return if $type == 2 and unpack('l', $body) == -2;
      die "sock_diag: refused\n" if $type != 20 or length $body < 72;
      my ($port, $address) = unpack 'x4 n x2 a16', $body;
      # An IPv6 socket that takes IPv4 as well (INET_DIAG_SKV6ONLY is 0) and has no address of its own listens on all.
      my ($only) = (grep({ $_->[0] == 11 } Kernel::attributes($body, 72)), [11, "\1"]);
      my $text = $family == 2 ? join '.', unpack 'C4', $address : join ':', map { sprintf '%x', $_ } unpack 'n8', $address;
      $text = '*' if !unpack('C', $only->[1]) and $text !~ /[1-9a-f]/;
      my ($waiting, $most) = unpack 'x56 L L', $body;
      print "$protocol $text $port", ($protocol eq 'tcp' ? " $waiting $most" : ''), "\n";
    }
  }
  die "sock_diag: $!\n";
}

# Makes a text the standard input of what is run next; a pipe holds 64 KiB.
sub feed {
  my ($text) = @_;
  pipe(my $out, my $in) or die "pipe: $!\n";
  print $in $text;
  close $in;
  open(STDIN, '<&', $out) or die "pipe: $!\n";
}

# Runs a tool whose answer is not of interest here.
sub run {
  my $name = shift;
  my (undef, $failed) = heard(@_);
  said($name, $failed);
}

# Runs a tool, repeats its answer, and returns it with how it failed: its status, `large`, or 0.
sub heard {
  open(my $tool, '-|', @_) or return ('', 1);
  read $tool, my $answer, $left + 1;
  my $large = length $answer > $left;
  my $failed = close($tool) ? 0 : $? || 1;
  return ('', 'large') if $large;
  $left -= length $answer;
  print $answer;
  return ($answer, $failed);
}

# A learner can make what a tool crashes at, or says too much of: then it comes what signal ended it, or `large`.
sub said {
  my ($name, $failed) = @_;
  my $why = $failed eq 'large' ? ' large' : $failed > 0 && ($failed & 127) > 1 ? ' ' . ($failed & 127) : '';
  print "\n$boundary $name ", ($failed ? 1 : 0), "$why\n";
}
