# Starts other eyes, each as a fork of this process: a start from Node copies the page tables of a large process and starts Perl anew,
# which together is most of what an eye costs.
#   perl -I EYES start-eyes.pl EYES SOCKET
# EYES: the directory of the eyes. SOCKET: name of an abstract socket (unix(7)), without the zero byte in front.
# On stdin comes a line for each: ID WANTS BOUNDARY NAME ARGUMENT..., all but the first two in hexadecimal digits. WANTS: `in` where it has
# standard input, `status` where its end is asked for, both with a comma between, or `-`. The eye connects twice: on one connection it says
# `ID out PID` and a line's end, which its standard output follows (and by which its standard input comes); on the other one `ID err`, which
# its standard error follows. PID leads its process group. Whose end is asked for has a third connection, `ID end`, which its wait status
# follows (wait(2)). An ID that can't be started is printed. The end of stdin is this one's end.
use strict;
use Kernel;

my ($directory, $name) = @ARGV;
$| = 1;
$SIG{CHLD} = 'IGNORE';
my $said = '';
while (sysread STDIN, $said, 65536, length $said) {
  while ($said =~ s/^(.*)\n//) {
    my ($id, $wants, @words) = split ' ', $1;
    my $child = fork;
    print "$id\n" unless defined $child;
    become($id, $wants, map { pack 'H*', $_ eq '-' ? '' : $_ } @words) if defined $child and $child == 0;
  }
}

sub become {
  my ($id, $wants, $boundary, $eye, @arguments) = @_;
  $SIG{CHLD} = 'DEFAULT';
  setpgrp 0, 0;
  my ($out, $err) = (connected("$id out $$\n"), connected("$id err\n"));
  stand_by($id, $out, $err) if $wants =~ /status/;
  my $hears = $wants =~ /in/;
  open(STDIN, '<&', $out) if $hears;
  open(STDIN, '<', '/dev/null') unless $hears;
  open(STDOUT, '>&', $out);
  open(STDERR, '>&', $err);
  close $_ for $out, $err;
  $ENV{boundary} = $boundary if $boundary ne '';
  @ARGV = @arguments;
  $0 = "perl $directory/$eye.pl";
  do "$directory/$eye.pl";
  print STDERR $@ if $@;
  exit($@ ? 255 : 0);
}

# The eye goes on in a further process; this one waits for its end, and says which it was.
sub stand_by {
  my ($id, @streams) = @_;
  my $end = connected("$id end\n");
  my $child = fork;
  if (defined $child && $child == 0) {
    close $end;
    return;
  }
  close $_ for @streams, *STDIN, *STDOUT;
  exit 1 unless defined $child;
  waitpid $child, 0;
  syswrite $end, "$?\n";
  exit 0;
}

# Node up to 20 fills the name of an abstract socket up with zero bytes; later ones don't.
sub connected {
  my ($greeting) = @_;
  for my $form ('S x a107', 'S x a*') {
    socket(my $socket, 1, 1, 0) or exit 1;
    next unless connect $socket, pack $form, 1, $name;
    syswrite $socket, $greeting;
    return $socket;
  }
  exit 1;
}
