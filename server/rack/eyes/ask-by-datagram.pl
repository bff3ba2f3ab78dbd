# Sends standard input as one datagram to ADDRESS PORT, and says whether it was answered within SECONDS, refused, had no way to
# go or was merely not answered, in the kernel's words: netcat ends without any.
#   perl -I EYES ask-by-datagram.pl USER NETWORK ADDRESS PORT SECONDS < PAYLOAD
# USER, NETWORK: namespaces of the host that asks (Kernel::join_network).
# It prints `answer:` and the answer; or `no datagram came back`; or `failed:` and the kernel's words.
use strict;
use Kernel;
use Peer;

my ($user, $network, $address, $port, $seconds) = @ARGV;
Kernel::join_network($user, $network);
my ($socket, $to) = Peer::to($Peer::datagram, $address, $port);
my $payload = do { local $/; <STDIN> };
connect($socket, $to) or Peer::say("failed: $!");
defined send($socket, $payload, 0) or Peer::say("failed: $!");
vec(my $readable = '', fileno $socket, 1) = 1;
select($readable, undef, undef, $seconds) or Peer::say('no datagram came back');
defined recv($socket, my $answer, 65536, 0) or Peer::say("failed: $!");
Peer::say("answer: $answer");
