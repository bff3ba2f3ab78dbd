import { type Cause, type CauseKind, causeCodes, type View, views } from './cause.js'
import { causeKinds } from './causes.js'

/** docs/causes.md, printed from the causes themselves. */

/** So many are shown in full: each is made on real hosts by a test, and has the answer that was measured. */
const shownInFull = 20

export function causesPage(): string {
  const [full, further] = [causeKinds.slice(0, shownInFull), causeKinds.slice(shownInFull)]
  return `${introduction}

## The twenty causes

Each was made on real hosts by the test \`test/hosts/causes.test.ts\`, which breaks exactly what the second column says, and asks. The
third is what the trace answered then: what is wrong, what shows it, what to try. The same question was answered, without a
cause, when the fault was mended. Names that the Engine makes, MAC addresses and ports of senders are left out.

| cause | what was broken | what the trace answers |
|---|---|---|
${full.map((kind) => rowOf(kind, kind.example)).join('\n')}

## Further causes

Most were made on real hosts too, among the [incidents](incidents.md). The third column is how a trace tells them, with the names, addresses and
evidence of an example.

| cause | when | what a trace answers |
|---|---|---|
${further.map(({ code, broken, example }) => cells(`\`${code}\``, broken, answerOf(example))).join('\n')}

## With IPv6

Each cause is told of packets of IPv6 as of IPv4, by the state and by sight, with the commands for that family. But for these:

| cause | why the same can't be with IPv6 |
|---|---|
${causeKinds.flatMap(({ code, onlyIp4 }) => (onlyIp4 === undefined ? [] : [cells(`\`${code}\``, onlyIp4)])).join('\n')}

## Where a cause comes up

The same causes are behind all that vethlab says about who reaches whom: the reason of a \`reach\` or \`resolve\` check that failed, a trace, a
diagnosis, and with its own tools \`netdiag\`. Some can be seen from the state of the network alone, others only by a packet on its way.

| cause | ${views.map((view) => viewNames[view]).join(' | ')} |
|---|${views.map(() => '---').join('|')}|
${causeKinds.map((kind) => cells(`\`${kind.code}\``, ...views.map((view) => kind.hidden[view] ?? 'yes'))).join('\n')}

${rest}
`
}

const viewNames: Record<View, string> = {
  state: 'by the state',
  sight: 'by a packet seen',
  check: 'in a check',
  diagnose: 'in a diagnosis',
  netdiag: 'in `netdiag`',
}

/** A row of the first table: of the example of a cause, or of what was measured. */
export function rowOf({ code, broken, asked }: Pick<CauseKind, 'code' | 'broken' | 'asked'>, cause: Cause): string {
  return cells(`\`${code}\``, `${broken}. Asked: ${asked ?? ''}`, answerOf(cause))
}

function answerOf({ what, evidence, tries }: Cause): string {
  return [
    `${what.en.charAt(0).toUpperCase()}${what.en.slice(1)}`,
    ...evidence.map((line) => `\`\` ${line} \`\``),
    ...tries.map(({ en }) => `Try: ${en}`),
  ].join('<br>')
}

function cells(...texts: string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}

/** Codes of the causes that are shown in full. */
export const fullCodes = causeCodes.slice(0, shownInFull)

const introduction = `# Where did my packet die?

\`vethlab trace RACK FROM TO[:PORT]\`, the button beside a failed check and the picker on the map send real packets, watch
them on their way through all hosts of a rack at once, and tell hop by hop where they went; where they stopped, they say why.

\`\`\`sh
vethlab trace RACK api web:80
vethlab trace RACK laptop node1:8080 --language zh
vethlab trace RACK node2/app 10.10.0.5 --protocol icmp --json
vethlab trace RACK laptop http://node1:8080/orders
\`\`\`

\`FROM\` is a reference as in [checks](checks.md): \`web\` is a container on the first docker host, \`node2/app\` one on another,
\`laptop\` a host. \`TO\` is a reference, a name, an address (IPv6 in brackets where a port follows), or the name of a LAN for its
gateway. With a URL of HTTP, or \`--http\`, something is said to the program as well. A bare word is first resolved as the sender itself would; with a host before it, its address is taken at once. The exit
code is 0 when an answer came back, 1 when it did not, and 2 when that could not be told.

## How a trace works

1. **State.** All hosts are captured: links, routes, rules, neighbours, sockets, and what the Engines say.
2. **Name.** The name is resolved where the sender stands: its hosts file, then its nameservers.
3. **One packet.** It is a real one: an ICMP echo request, the SYN of a TCP connection, or a UDP datagram, sent from the sender's own
   network namespace. If it is answered, another follows that is as large as the MTU of the sender's link and may not be
   fragmented: it finds what is narrower on the way.
4. **Watching.** Meanwhile every interface in every namespace of the rack, and every port of its LANs, is watched by packet
   sockets, and netfilter tells which rules the packet met.
5. **Observation first.** Where the packet was last seen decides which causes are thought of: it was not sent at all, dropped by a
   rule, lost between two places, refused where it arrived, or answered in vain. Then the state has to show the evidence: the
   rule, the missing route, the closed port. What has no evidence is called \`unknown\`, with the last hop seen.

With \`http://\`, \`https://\` or \`--http\` (in the page's form: HTTP and HTTPS), the program is spoken to once the connection is there: it gets one
\`GET\`, or the first message of a TLS client, and 3 seconds to begin an answer, of which 4 KiB are read. Its status or its banner is
told; so is that it says nothing, speaks another protocol, or was never told, since the words were lost on their way. The request carries a word of chance, so that it is known again where a proxy
passes it on, and whom the last program connects to meanwhile is heard in its network namespace. Where that fails, a packet is
sent from there, and the story goes on with it. A configuration of nginx or HAProxy is read, for the names that it has, and not run.

A trace changes nothing that stays. While it runs, each namespace has a table of nftables with an owner (the kernel removes it
as soon as its maker's socket is closed, even after SIGKILL), whose only rules mark the traced packet for \`nft monitor trace\`; and packet
sockets. What the packet itself leaves behind is what any ping would: an entry in a neighbour table or in connection tracking.`

const rest = `## What a trace can't see

- **Encrypted overlays**: within ESP nothing can be recognised. The packet is last seen where it goes into the tunnel; that no key is agreed on
  is known (\`no-esp\`), and that somebody drops ESP is not.
- **docker-proxy**: what is published is reached from the host's own loopback through a program, which takes every connection and makes
  one of its own to the container. The trace sends a second packet from there on, as the proxy would.
- **Floods**: where far more passes than the watchers can look at, some of it is not seen. Then nothing is concluded from
  what was not seen: the hop is marked as unknown, and so is the cause, unless something that *was* seen shows it.
- **UDP** promises no answer. A datagram that was delivered to an open port and not answered is exit code 2, not a fault.
- **Programs**: that a connection is taken says nothing of what is said over it; \`--http\` asks, in HTTP and TLS alone. Of other proxies
  than nginx and HAProxy it is heard whom they connect to, and not which name they mean by it.
- **Connections that are there already**: a trace opens a new one. What an old entry of connection tracking does to an old one it does not
  meet; \`conntrack -L\` shows them.
- **Older tables**: what \`iptables-legacy\` keeps is read as nft's tables are, but the kernel does not say when a packet meets a rule
  of it: such a rule is told by what it says, and by where the packet was seen last. Where both kinds of tables translate one packet, it is not known which one comes first.
- **Newer tables**: tables of nft that the machine's own \`nft\` is too old to read are not read; a rule of theirs is named when a packet meets it.
- **Queueing disciplines**: known are those at the root of a link that drop all: \`blackhole\`, \`netem\` with a \`loss\` of 100 %, and \`pfifo\`, \`bfifo\`
  and \`tbf\` with a \`limit\` or \`burst\` that is smaller than any packet. \`netem\` with less \`loss\` is told only where the packet was seen to come to that link, and not to
  leave by it; with a correlation, a loss model, copies or \`ecn\` it is not told. \`netdiag\` knows \`blackhole\` alone. Classes, and what stands below the root, are not read.
- **Several ways**: of a route with several next hops, and where a routing rule asks for a mark, a user or anything else that is not known of a packet and leads elsewhere than
  the rest, no way is foreseen: what is told is where the packet was seen, and \`unknown\` where only the way could show more.
- **Filters of tc, and eBPF**: filters and programs on links are not read.
- **\`force_forwarding\`** of a link, by which IPv6 is forwarded though \`net.ipv6.conf.all.forwarding\` is 0 (Linux 6.17), is not read.`
