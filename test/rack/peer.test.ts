import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'

/** Where sockets to these addresses lead, packed: by our own words, and by Perl's module; `none` where one takes none. */
function packed(addresses: string[]): [address: string, ours: string, theirs: string][] {
  const program = `use Peer; use Socket qw(:DEFAULT inet_pton);
for (@ARGV) {
  my (undef, $to) = eval { Peer::to(1, $_, 8080) };
  my $bytes = inet_pton(/:/ ? AF_INET6 : AF_INET, $_);
  my $theirs = !defined $bytes ? undef : /:/ ? Socket::pack_sockaddr_in6(8080, $bytes) : pack_sockaddr_in(8080, $bytes);
  print join(' ', $_, map { defined ? unpack 'H*', $_ : 'none' } $to, $theirs), "\\n";
}`
  const said = execFileSync('perl', [`-I${fromPackage('server/rack/eyes')}`, '-e', program, ...addresses])
  return `${said}`
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string, string])
}

it('leads to an address as the C library reads it', () => {
  const four = ['127.0.0.1', '0.0.0.0', '255.255.255.255', '192.168.1.11']
  const six = ['::1', '::2', '1::', 'fe80::1', 'FD00::C0A8:132', '1:2:3:4:5:6:7:8', '1::8', '2001:db8::192.0.2.33']
  const more = ['::ffff:10.0.0.1', '0:0:0:0:0:0:0:1', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1:2:3:4:5:6:192.0.2.33']
  for (const [address, ours, theirs] of packed([...four, ...six, ...more])) {
    expect(ours, address).toBe(theirs)
    expect(ours, address).not.toBe('none')
  }
})

it('leads nowhere for what is no address', () => {
  const four = ['1.2.3', '1.2.3.256', 'a.b.c.d', '1.2.3.4.5', 'node1', '1.2.3.4.']
  const six = [
    '1:2:3',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '::g',
    ':',
    ':::',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '::1.2.3',
    '1:',
  ]
  for (const [address, ours, theirs] of packed([...four, ...six]))
    expect([ours, theirs], address).toEqual(['none', 'none'])
})
