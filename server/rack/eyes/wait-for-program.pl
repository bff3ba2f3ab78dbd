# Starts a program by a container runtime, and ends as that program ends, with its exit code; 128 and the signal's number where
# a signal ended it. `runc exec` copies output until everybody has closed it, so a daemon that a program leaves behind would keep
# it for ever; `runc exec --detach` hands its own streams down, and loses the exit code. This stands in between: as the
# subreaper (prctl(2)) it inherits the program when the runtime ends.
#   perl -I EYES wait-for-program.pl PID-FILE RUNTIME...
# RUNTIME is the runtime's command line. It must detach, and write the program's number to PID-FILE.
use strict;
use Kernel;

my ($pid_file, @runtime) = @ARGV;
# PR_SET_CHILD_SUBREAPER
Kernel::call('prctl', 36, 1, 0, 0, 0) == 0 or die "prctl: $!\n";
system { $runtime[0] } @runtime;
exit($? >> 8 || 255) if $?;
open(my $file, '<', $pid_file) or die "$pid_file: $!\n";
waitpid(<$file>, 0) > 0 or die "waitpid: $!\n";
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
