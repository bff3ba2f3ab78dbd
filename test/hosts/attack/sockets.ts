import type { Subject, Technique } from './technique.js'

/** Socket families that have no namespaces, or reach something of the machine: number, type and protocol. */
const families: Record<string, [family: number, type: number, protocol?: number]> = {
  AX25: [3, 5],
  ATMPVC: [8, 2],
  X25: [9, 5],
  ROSE: [11, 5],
  ATMSVC: [20, 2],
  RDS: [21, 5],
  PPPOX: [24, 2],
  CAN: [29, 3, 1],
  TIPC: [30, 4],
  BLUETOOTH: [31, 3],
  IUCV: [32, 1],
  RXRPC: [33, 2],
  ISDN: [34, 3],
  PHONET: [35, 2],
  IEEE802154: [36, 2],
  CAIF: [37, 5],
  ALG: [38, 5],
  NFC: [39, 3],
  VSOCK: [40, 1],
  KCM: [41, 2],
  QIPCRTR: [42, 2],
  SMC: [43, 1],
  XDP: [44, 3],
}

/** An option of a socket that asks for the machine's own capability (sk_setsockopt in the kernel). */
const option = (name: string, value: number): Technique => ({
  name: `socket option ${name}`,
  perl: `socket(my $socket, 2, 2, 0); setsockopt($socket, 1, ${value}, pack('i', 1 << 20)) ? 'ok' : errno()`,
  inside: ['EPERM'],
  machine: ['ok'],
})

/** A link that is made in the network namespace of a process: RTM_NEWLINK with IFLA_NET_NS_PID. */
const linkAt = `attribute(3, "attack$at{run}\\0") . attribute(18, attribute(1, "bridge\\0")) . attribute(19, pack('L', $at{pid}))`

export const sockets: Subject = {
  title: 'Sockets',
  techniques: [
    ...Object.entries(families).map(
      ([name, [family, type, protocol = 0]]): Technique => ({
        name: `socket family AF_${name}`,
        perl: `socket(my $socket, ${family}, ${type}, ${protocol}) ? 'ok' : errno()`,
        inside: ['EAFNOSUPPORT'],
        machine: ['ok', 'EPERM', 'EINVAL', 'ESOCKTNOSUPPORT', 'EPROTONOSUPPORT'],
      }),
    ),
    {
      name: 'a pair of sockets of the hypervisor: socketpair',
      perl: `socketpair(my $one, my $other, 40, 1, 0) ? 'ok' : errno()`,
      inside: ['EAFNOSUPPORT'],
      machine: ['ENOTSUP', 'ok'],
    },
    option('SO_SNDBUFFORCE', 32),
    option('SO_RCVBUFFORCE', 33),
    {
      name: 'a link in the network namespace of a process of the machine: RTM_NEWLINK',
      perl: `netlink(0, 16, 0x600, pack('C x S l L L', 0, 0, 0, 0, 0) . ${linkAt})`,
      inside: ['ESRCH'],
      machine: ['ok'],
    },
    {
      name: 'a number for the network namespace of a process of the machine: RTM_GETNSID',
      perl: `netlink(0, 90, 0, pack('C x3', 0) . attribute(2, pack('L', $at{pid})))`,
      inside: ['ESRCH'],
      machine: ['ok'],
    },
    {
      name: 'the rules of the audit: NETLINK_AUDIT',
      perl: `netlink(9, 1013, 0, '')`,
      inside: ['ECONNREFUSED', 'EPERM', 'EPROTONOSUPPORT'],
      machine: ['ok'],
    },
    {
      name: 'events of processes: NETLINK_CONNECTOR',
      perl: `netlink(11, 3, 0, pack('L L L L S S L', 1, 1, 0, 0, 4, 0, 1))`,
      inside: ['ECONNREFUSED', 'EPROTONOSUPPORT', 'EPERM'],
      machine: ['ok', 'no answer'],
    },
    {
      name: 'the links of the machine, by the stream that a program is given for its output: SIOCGIFCONF',
      perl: `my $room = "\\0" x 4096; my $asked = pack('i x4 P', 4096, $room); ioctl(STDOUT, 0x8912, $asked) ? 'ok' : errno()`,
      inside: ['ENOTTY'],
      machine: ['ok'],
    },
    {
      name: 'the abstract socket of a program of the machine',
      perl: `use Socket (); socket(my $socket, 1, 1, 0); connect($socket, Socket::pack_sockaddr_un("\\0$at{abstract}")) ? 'ok' : errno()`,
      inside: ['ECONNREFUSED'],
      machine: ['ok'],
    },
    {
      name: "the Engine's or another service's socket of the machine, by its path",
      perl: `use Socket (); socket(my $socket, 1, 1, 0); connect($socket, Socket::pack_sockaddr_un($at{path})) ? 'ok' : errno()`,
      inside: ['ENOENT'],
      machine: ['ok'],
    },
  ],
}
