# Becomes one of the machine's programs, in a network namespace of a host and with the rights of its root alone. Every other
# namespace stays the machine's: nobody in the host sees the program, traces it, or puts another in its place.
#   perl -I EYES run-in-network.pl USER NETWORK PROGRAM [ARGUMENT...]
# USER, NETWORK: namespaces of the host (Kernel::join_network).
use strict;
use Kernel;

my ($user, $network, @program) = @ARGV;
Kernel::join_network($user, $network);
exec { $program[0] } @program or die "$program[0]: $!\n";
