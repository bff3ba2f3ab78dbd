#!/bin/bash
# The LAN has a DNS server, which node1 asks. It knows a wiki, which it shows itself, and a printer with a number in its TXT record.
set -euo pipefail

# A small DNS server, over UDP: lan-dns ADDRESS [SERVER]. It knows what stands in /etc/lan-dns, lines of "name type value", and passes
# all other questions on to SERVER, or says that there is no such name. Who asked for what is in /var/log/lan-dns.log.
cat > /usr/local/sbin/lan-dns <<'PERL'
#!/usr/bin/perl
use strict;
use warnings;
use IO::Handle;
use POSIX 'setsid';
use Socket;

my ($address, $upstream) = @ARGV;
my %types = (A => 1, TXT => 16);
socket(my $server, PF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
bind($server, pack_sockaddr_in(53, inet_aton($address))) or die "lan-dns: $address: $!\n";
open(my $log, '>>', '/var/log/lan-dns.log') or die "log: $!\n";
$log->autoflush(1);
$SIG{CHLD} = 'IGNORE';

# It listens by now: whoever has started it may go on.
exit 0 if fork // die "fork: $!\n";
setsid();
open(STDIN, '<', '/dev/null');
open($_, '>', '/dev/null') for *STDOUT, *STDERR;

while (1) {
  my $peer = recv($server, my $query, 4096, 0) // next;
  next if length $query < 17;
  my ($id, $flags, $questions) = unpack('n3', $query);
  next if $flags & 0x8000 || $questions != 1;
  my ($name, $question) = question($query) or next;
  my ($type) = unpack('n', substr($question, -4, 2));
  my ($called) = grep { $types{$_} == $type } keys %types;
  print $log inet_ntoa((unpack_sockaddr_in($peer))[1]), ' asks for ', $called // "type $type", " of $name\n";

  my @records = records($name);
  if (!@records && defined $upstream) {
    pass_on($query, $peer) if (fork // 1) == 0;
    next;
  }
  my @answers = map { answer($type, $_->[1]) } grep { ($types{$_->[0]} // 0) == $type } @records;
  # Who has no record at all is no name (3); who has none of this type gets an answer without records.
  my $code = 0x8480 | ($flags & 0x0100) | (@records ? 0 : 3);
  send($server, pack('n6', $id, $code, 1, scalar @answers, 0, 0) . $question . join('', @answers), 0, $peer);
}

# The name that is asked for, in small letters, and the question as it came: labels, type and class.
sub question {
  my ($query) = @_;
  my ($at, @labels) = (12);
  while ($at < length $query) {
    my $length = ord(substr($query, $at, 1));
    last if $length == 0;
    return if $length > 63;
    push @labels, lc substr($query, $at + 1, $length);
    $at += $length + 1;
  }
  return if $at + 5 > length $query;
  return (join('.', @labels), substr($query, 12, $at + 5 - 12));
}

sub records {
  my ($name) = @_;
  open(my $zone, '<', '/etc/lan-dns') or return;
  return map { my ($of, $type, $value) = split; defined $value && $of eq $name ? [$type, $value] : () } <$zone>;
}

sub answer {
  my ($type, $value) = @_;
  my $data = $type == $types{A} ? inet_aton($value) : pack('C/a', $value);
  return pack('n3 N n/a', 0xc00c, $type, 1, 60, $data);
}

sub pass_on {
  my ($query, $peer) = @_;
  alarm 3;
  socket(my $client, PF_INET, SOCK_DGRAM, 0) or exit 1;
  send($client, $query, 0, pack_sockaddr_in(53, inet_aton($upstream)));
  my $reply;
  send($server, $reply, 0, $peer) if defined recv($client, $reply, 4096, 0);
  exit 0;
}
PERL
chmod +x /usr/local/sbin/lan-dns

# A service of one sentence: page PORT SENTENCE
page() {
  cat > /usr/local/bin/page <<PAGE
#!/bin/bash
while read -r line && [ "\$line" != \$'\r' ]; do :; done
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n$2\n'
PAGE
  chmod +x /usr/local/bin/page
  setsid -f socat "TCP-LISTEN:$1,fork,reuseaddr" EXEC:/usr/local/bin/page </dev/null >/dev/null 2>&1
}

case "$HOST" in
  ns)
    cat > /etc/lan-dns <<ZONE
wiki.corp.example A 192.168.1.53
printer.corp.example A 192.168.1.60
printer.corp.example TXT $TAG
ZONE
    lan-dns 192.168.1.53
    page 80 'the wiki of the company'
    ready() { ss -Hltn sport = :80 | grep -q .; }
    ;;
  node1)
    printf 'nameserver 192.168.1.53\noptions timeout:2 attempts:1\n' > /etc/resolv.conf
    page 9100 'meter of node1: 42'
    ready() { ss -Hltn sport = :9100 | grep -q .; }
    ;;
esac

for _ in $(seq 50); do
  if ready; then exit 0; fi
  sleep 0.1
done
exit 1
