import { type ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { CommandResult } from '../racks/command-result.js'
import { oneLine } from '../wording/one-line.js'
import type { Cgroups } from './cgroup.js'
import type { Host } from './host/host.js'
import { runIn } from './namespace-command.js'
import { inodeAt, withNamespaces } from './namespaces.js'

type Probe = ReturnType<typeof ProbeRequest.parse>
type ProbeOf<Kind extends Probe['kind']> = Extract<Probe, { kind: Kind }>
type Answer = Omit<ProbeAnswer, 'durationMs'>

/** How one kind of question is put to one of the machine's tools, and what its words mean. */
interface Tool<Kind extends Probe['kind']> {
  argv(probe: ProbeOf<Kind>): [file: string, ...args: string[]]
  stdin?(probe: ProbeOf<Kind>): string
  read(result: CommandResult, probe: ProbeOf<Kind>): Answer
}

/** What a probe reads of an answer; a page's beginning is enough. */
const mostOutputBytes = 64 * 1024
const mostBodyCharacters = 4096
/** Over a tool's own deadline, for its start and its end on a busy machine. */
const marginMs = 1500

/** Asks one question from a network namespace of a host. */
export async function probeFrom(cgroups: Cgroups, host: Host, request: ProbeRequest): Promise<ProbeAnswer> {
  const probe = ProbeRequest.parse(request)
  const started = performance.now()
  const answer = await withNamespaces(cgroups, host, async (found): Promise<Answer> => {
    const home = inodeAt(`/proc/${host.pid}/ns/net`)
    const namespace = found.find((candidate) => candidate.inode === (probe.namespace ?? home))
    if (!namespace) return { outcome: 'error', detail: `no network namespace ${probe.namespace} in the host` }
    const tool = tools[probe.kind] as Tool<Probe['kind']>
    const [file, ...args] = tool.argv(probe)
    const result = await runIn(namespace.path, file, args, {
      timeoutMs: longestMs(probe),
      maxOutputBytes: mostOutputBytes,
      stdin: tool.stdin?.(probe) ?? '',
    })
    const ran = result.exitCode !== null || result.timedOut || result.truncated
    return ran ? tool.read(result, probe) : { outcome: 'error', detail: wordsOf(result) || `${file} did not run` }
  })
  return { ...answer, durationMs: performance.now() - started }
}

function longestMs(probe: Probe): number {
  // Between pings are 200 ms.
  return probe.timeoutMs + marginMs + (probe.kind === 'ping' ? probe.count * 200 : 0)
}

/** dig counts whole seconds. */
const seconds = ({ timeoutMs }: Probe) => `${Math.max(1, Math.ceil(timeoutMs / 1000))}`

const ping: Tool<'ping'> = {
  argv({ count, size, timeoutMs, address }) {
    const sized = size === undefined ? [] : ['-M', 'do', '-s', `${size}`]
    return ['ping', '-n', '-c', `${count}`, '-i', '0.2', '-W', `${timeoutMs / 1000}`, ...sized, '--', address]
  },
  read(result) {
    const detail = wordsOf(result)
    if (result.exitCode === 0) return { outcome: 'yes', detail }
    const cause = causeOf(detail)
    // 2 is for whatever kept it from sending: the network's "no way there" as well as its own faults.
    if (result.exitCode === 2 && cause === undefined && !/Message too long/i.test(detail)) {
      return { outcome: 'error', detail }
    }
    return { outcome: 'no', detail, cause: cause ?? 'silent' }
  },
}

/**
 * Connects, sends what it is given, and repeats what comes back. netcat counts whole seconds, which is long to wait for a
 * silence that is expected. perl-base is essential on Debian and Ubuntu.
 */
const askByStream = `
  use Socket qw(:DEFAULT :addrinfo SOCK_STREAM);
  use Fcntl qw(F_SETFL O_NONBLOCK);
  $SIG{PIPE} = 'IGNORE';
  my ($address, $port, $left) = @ARGV;
  my %numeric = (flags => AI_NUMERICHOST | AI_NUMERICSERV, socktype => SOCK_STREAM);
  my ($wrong, $to) = getaddrinfo($address, $port, \\%numeric);
  die "$wrong\\n" if $wrong;
  socket(my $socket, $to->{family}, SOCK_STREAM, 0) or die "socket: $!\\n";
  # What an ICMP message says counts at once (ip(7) and ipv6(7), IP_RECVERR).
  my ($level, $option) = $to->{family} == AF_INET ? (0, 11) : (41, 25);
  setsockopt($socket, $level, $option, pack('i', 1));
  fcntl($socket, F_SETFL, O_NONBLOCK);
  my $payload = do { local $/; <STDIN> };
  my $said = sub { print "@_\\n"; exit };
  my $ready = sub {
    my ($read, $write) = ('', '');
    vec($_[0] ? $write : $read, fileno $socket, 1) = 1;
    # Linux says how much of the time is left (select(2)).
    (my $found, $left) = select($read, $write, undef, $left);
    return $found > 0;
  };
  unless (connect($socket, $to->{addr})) {
    $said->("failed: $!") unless $!{EINPROGRESS};
    $ready->(1) or $said->('timed out');
    local $! = unpack('i', getsockopt($socket, SOL_SOCKET, SO_ERROR));
    $said->("failed: $!") if $!;
  }
  $| = 1;
  print "connected\\n";
  exit if !defined $payload || $payload eq '';
  syswrite($socket, $payload);
  while ($ready->(0)) {
    my $count = sysread($socket, my $part, 65536);
    last unless $count;
    print $part;
  }
`

const stream = ({ address, port, timeoutMs }: ProbeOf<'tcp' | 'http'>): [string, ...string[]] => [
  'perl',
  '-e',
  askByStream,
  address,
  `${port}`,
  `${timeoutMs / 1000}`,
]

const tcp: Tool<'tcp'> = {
  argv: stream,
  read: (result) =>
    result.stdout.startsWith('connected') ? { outcome: 'yes', detail: 'connected' } : notConnected(result),
}

/**
 * Sends a datagram, and says whether it was answered, refused, had no way to go or was merely not answered in time, in the
 * kernel's words: netcat ends without any.
 */
const askByDatagram = `
  use Socket qw(:DEFAULT :addrinfo SOCK_DGRAM);
  my ($address, $port, $seconds) = @ARGV;
  my %numeric = (flags => AI_NUMERICHOST | AI_NUMERICSERV, socktype => SOCK_DGRAM);
  my ($wrong, $to) = getaddrinfo($address, $port, \\%numeric);
  die "$wrong\\n" if $wrong;
  socket(my $socket, $to->{family}, SOCK_DGRAM, 0) or die "socket: $!\\n";
  # Otherwise only a refusal is told (ip(7) and ipv6(7), IP_RECVERR).
  my ($level, $option) = $to->{family} == AF_INET ? (0, 11) : (41, 25);
  setsockopt($socket, $level, $option, pack('i', 1));
  my $payload = do { local $/; <STDIN> };
  my $said = sub { print "@_\\n"; exit };
  connect($socket, $to->{addr}) or $said->("failed: $!");
  defined send($socket, $payload, 0) or $said->("failed: $!");
  vec(my $readable = '', fileno $socket, 1) = 1;
  select($readable, undef, undef, $seconds) or $said->("no datagram came back");
  defined recv($socket, my $answer, 65536, 0) or $said->("failed: $!");
  $said->("answer: $answer");
`

const udp: Tool<'udp'> = {
  argv: ({ address, port, timeoutMs }) => ['perl', '-e', askByDatagram, address, `${port}`, `${timeoutMs / 1000}`],
  stdin: ({ payload }) => payload,
  read(result) {
    const detail = wordsOf(result)
    if (result.stdout.startsWith('answer: ')) return { outcome: 'yes', detail }
    if (result.exitCode === 0) return { outcome: 'no', detail, cause: causeOf(detail) ?? 'silent' }
    return { outcome: 'error', detail }
  },
}

const http: Tool<'http'> = {
  argv: stream,
  // HTTP/1.0 has no chunks, and its server hangs up at the end.
  stdin({ address, port, host, path }) {
    const literal = address.includes(':') ? `[${address}]` : address
    const name = host ?? (port === 80 ? literal : `${literal}:${port}`)
    return `GET ${path} HTTP/1.0\r\nHost: ${name}\r\nUser-Agent: vethlab\r\nAccept: */*\r\nConnection: close\r\n\r\n`
  },
  read(result) {
    const said = result.stdout.replace(/^connected\n/, '')
    if (said === result.stdout) return notConnected(result)
    const status = /^HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(said)
    if (status) {
      const end = /\r?\n\r?\n/.exec(said)
      const body = end ? said.slice(end.index + end[0].length, end.index + end[0].length + mostBodyCharacters) : ''
      return {
        outcome: 'yes',
        detail: oneLine(said.split('\n', 1)[0]!, 200),
        http: { status: Number(status[1]), body },
      }
    }
    if (said !== '') return { outcome: 'no', detail: `the answer is not HTTP: ${oneLine(said, 200)}` }
    const patient = result.timedOut || result.durationMs > 900
    return { outcome: 'no', detail: 'connected, and nothing came back', ...(patient ? { cause: 'silent' } : {}) }
  },
}

const dns: Tool<'dns'> = {
  argv(probe) {
    const { server, name, type } = probe
    // A pointer is asked for by the address itself, or by its name below in-addr.arpa.
    const question = type === 'PTR' && /^\d+(\.\d+){3}$/.test(name) ? ['-x', name] : ['-t', type, '-q', name]
    const options = ['+noall', '+answer', '+comments', '+nosearch', '+tries=1', `+time=${seconds(probe)}`]
    // -r: no file of the machine's user decides anything.
    return ['dig', '-r', `@${server}`, ...question, ...options]
  },
  read(result, { type }) {
    const status = /status: (\w+)/.exec(result.stdout)?.[1]
    if (result.exitCode === 0 && status) {
      const answer = new RegExp(`^\\S+\\s+\\d+\\s+IN\\s+${type}\\s+(\\S+)$`, 'gm')
      const records = [...result.stdout.matchAll(answer)].map((match) => match[1]!)
      const yes = status === 'NOERROR' && records.length > 0
      return { outcome: yes ? 'yes' : 'no', detail: yes ? records.join(' ') : status, records }
    }
    const detail = wordsOf(result)
    // 9 is for no answer from any server.
    if (result.exitCode === 9 || result.timedOut)
      return { outcome: 'no', detail, cause: causeOf(detail) ?? 'silent', records: [] }
    return { outcome: 'error', detail }
  },
}

const tools: { [Kind in Probe['kind']]: Tool<Kind> } = { ping, tcp, udp, http, dns }

function notConnected(result: CommandResult): Answer {
  const detail = wordsOf(result)
  const cause = causeOf(detail) ?? (result.timedOut ? 'silent' : undefined)
  return cause ? { outcome: 'no', detail: detail || 'no answer', cause } : { outcome: 'error', detail }
}

/** The kernel's words for a failed connection (errno(3)), as tools repeat them. */
function causeOf(words: string): ProbeAnswer['cause'] {
  if (/connection (was )?refused|reset by peer/i.test(words)) return 'refused'
  // Routes of the types prohibit and blackhole give the last two; a namespace without an address of the family, the third.
  if (/unreachable|no route to host|cannot assign requested address|permission denied|invalid argument/i.test(words))
    return 'unroutable'
  if (/timed out|100% packet loss|operation not permitted/i.test(words)) return 'silent'
  return undefined
}

function wordsOf(result: CommandResult): string {
  return oneLine(`${result.stdout} ${result.stderr}`, 400)
}
