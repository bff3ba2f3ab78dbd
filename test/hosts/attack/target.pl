# A process of the machine, for attackers to get at: with a secret in its environment, in a network namespace of its own, with an
# abstract socket in the machine's. Its number is so high that no host has come to it. Argv: the socket's name, and the numbers
# of clone3, prctl and unshare. Says its process id, and ends with its standard input.
use strict;
use warnings;
use Socket;
my ($name, $clone3, $prctl, $unshare) = @ARGV;
$| = 1;

socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die $!;
bind($listener, pack_sockaddr_un("\0$name")) or die $!;
listen($listener, 8) or die $!;

open(my $file, '<', '/proc/sys/kernel/pid_max') or die $!;
chomp(my $last = <$file>);
# The kernel begins anew at pid_max, and takes any number that is free (clone(2), set_tid).
for (my $pid = $last - 1; $pid > $last - 100; $pid--) {
  my $wanted = pack 'i', $pid;
  # struct clone_args: a fork that ends with SIGCHLD (17).
  my $arguments = pack 'Q11', 0, 0, 0, 0, 17, 0, 0, 0, unpack('Q', pack 'P', $wanted), 1, 0;
  my $child = syscall($clone3, $arguments, 88);
  next if $child < 0;
  if ($child == 0) {
    syscall($prctl, 1, 9, 0, 0, 0);
    syscall($unshare, 0x40000000);
    print "$pid\n";
    sleep 600;
    exit;
  }
  close STDOUT;
  my $end = <STDIN>;
  kill 'KILL', $child;
  waitpid $child, 0;
  exit;
}
die "no free number: $!";
