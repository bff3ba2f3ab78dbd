import { closeSync } from 'node:fs'
import { constants as system } from 'node:os'
import { promisify } from 'node:util'
import ipaddr from 'ipaddr.js'
import { checked, SystemCallError, socket } from './call.js'
import { libc } from './libc.js'
import { inNetworkNamespace } from './system-calls.js'

/**
 * Links, addresses and routes of a network namespace, as ip(8) makes them: messages of rtnetlink(7). A program for each would take
 * most of the time in which a rack opens. Names of constants are those of linux/if_link.h, if_addr.h and rtnetlink.h.
 */

const send = libc.func('send', 'long', ['int', 'void *', 'size_t', 'int'])
const receive = libc.func('recv', 'long', ['int', 'void *', 'size_t', 'int'])
const indexOfName = libc.func('if_nametoindex', 'uint', ['str'])
/** The kernel does what it is told before the call returns, and may wait for others: so beside this thread. */
const sendAside = promisify(send.async) as (fd: number, data: Buffer, length: number, flags: number) => Promise<number>

const [AF_UNSPEC, AF_INET, AF_INET6, AF_NETLINK] = [0, 2, 10, 16]
const SOCK_RAW_CLOEXEC = 0o2000003
const NETLINK_ROUTE = 0
const MSG_DONTWAIT = 0x40
const NLMSG_ERROR = 2
const NLM_F_REQUEST_ACK = 5
const NLM_F_CREATE_EXCL = 0x600
const [RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_NEWROUTE] = [16, 17, 20, 24]
const [IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_LINKINFO, IFLA_NET_NS_PID] = [1, 3, 4, 10, 18, 19]
const [IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER] = [1, 2, 1]
const [IFLA_BR_FORWARD_DELAY, IFLA_BR_MCAST_SNOOPING] = [1, 23]
const IFF_UP = 1
const [IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST] = [1, 2, 4]
const IFA_F_NODAD = 2
const [RTA_OIF, RTA_GATEWAY, RTA_PRIORITY] = [4, 5, 6]
const RT_TABLE_MAIN = 254
/** Whose routes a person's are (/etc/iproute2/rt_protos). */
const RTPROT_BOOT = 3
const [RTN_UNICAST, RTN_UNREACHABLE] = [1, 7]
const LEAST_PRIORITY = 0xffffffff

/** One request, and what it is for. */
interface Request {
  what: string
  type: number
  flags: number
  body: Buffer
}

/** The other end of a cable, which lies in the namespace of a process. */
export interface CableEnd {
  name: string
  /** `02:00:00:00:00:01`. */
  mac: string
  pid: number
}

/** Changes the links of one network namespace; each change is made or throws. Close it in the end. */
export class Links {
  private readonly fd: number
  private sequence = 0

  /** @param namespace path of a network namespace */
  constructor(private readonly namespace: string) {
    this.fd = inNetworkNamespace(namespace, () =>
      checked(socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE), 'socket'),
    )
  }

  close(): void {
    closeSync(this.fd)
  }

  /**
   * Makes a bridge that forwards at once and passes every multicast, and sets it up.
   * @param mac its own; without one it would take another whenever its ports change
   */
  async addBridge(name: string, mtu: number, mac: string): Promise<void> {
    const own = Buffer.concat([u32(IFLA_BR_FORWARD_DELAY, 0), attribute(IFLA_BR_MCAST_SNOOPING, Buffer.of(0))])
    const kind = [text(IFLA_INFO_KIND, 'bridge'), attribute(IFLA_INFO_DATA, own)]
    await this.ask([
      link(`add bridge ${name}`, RTM_NEWLINK, {
        create: true,
        up: true,
        attributes: [
          ...[text(IFLA_IFNAME, name), u32(IFLA_MTU, mtu), macAddress(mac)],
          attribute(IFLA_LINKINFO, Buffer.concat(kind)),
        ],
      }),
    ])
  }

  /** Makes veth pairs: one end is a port of a bridge here, and up. */
  async plug(bridge: string, mtu: number, cables: readonly { port: string; end: CableEnd }[]): Promise<void> {
    const master = this.index(bridge)
    await this.ask(
      cables.map(({ port, end }) => {
        const peer = Buffer.concat([
          ifinfo(false),
          text(IFLA_IFNAME, end.name),
          macAddress(end.mac),
          u32(IFLA_MTU, mtu),
          u32(IFLA_NET_NS_PID, end.pid),
        ])
        const kind = [text(IFLA_INFO_KIND, 'veth'), attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, peer))]
        return link(`add ${port}, of ${end.name}`, RTM_NEWLINK, {
          create: true,
          up: true,
          attributes: [
            ...[text(IFLA_IFNAME, port), u32(IFLA_MTU, mtu), u32(IFLA_MASTER, master)],
            attribute(IFLA_LINKINFO, Buffer.concat(kind)),
          ],
        })
      }),
    )
  }

  async setUp(name: string, up = true): Promise<void> {
    await this.ask([
      link(`set ${name} ${up ? 'up' : 'down'}`, RTM_NEWLINK, { up, attributes: [text(IFLA_IFNAME, name)] }),
    ])
  }

  async delete(name: string): Promise<void> {
    await this.ask([link(`delete ${name}`, RTM_DELLINK, { attributes: [text(IFLA_IFNAME, name)] })])
  }

  /** IPv6 ones at once, without looking whether another has them. @param broadcast whether it has that of its subnet (IPv4) */
  async addAddress(name: string, address: string, prefix: number, { broadcast = false } = {}): Promise<void> {
    const bytes = bytesOf(address)
    const four = bytes.length === 4
    const head = Buffer.alloc(8)
    head.writeUInt8(four ? AF_INET : AF_INET6, 0)
    head.writeUInt8(prefix, 1)
    head.writeUInt8(four ? 0 : IFA_F_NODAD, 2)
    head.writeUInt32LE(this.index(name), 4)
    const all = [attribute(IFA_LOCAL, bytes), attribute(IFA_ADDRESS, bytes)]
    if (broadcast && four) all.push(attribute(IFA_BROADCAST, lastOf(bytes, prefix)))
    const what = `add address ${address}/${prefix} to ${name}`
    await this.ask([{ what, type: RTM_NEWADDR, flags: NLM_F_CREATE_EXCL, body: Buffer.concat([head, ...all]) }])
  }

  async addDefaultRoute(gateway: string, name: string): Promise<void> {
    const bytes = bytesOf(gateway)
    const family = bytes.length === 4 ? AF_INET : AF_INET6
    const attributes = [attribute(RTA_GATEWAY, bytes), u32(RTA_OIF, this.index(name))]
    await this.ask([defaultRoute(`add default route via ${gateway}`, family, RTN_UNICAST, attributes)])
  }

  /** What has no better way is refused at once instead of timing out. */
  async refuseTheRest(): Promise<void> {
    await this.ask(
      [AF_INET, AF_INET6].map((family) =>
        defaultRoute('add unreachable default', family, RTN_UNREACHABLE, [u32(RTA_PRIORITY, LEAST_PRIORITY)]),
      ),
    )
  }

  private index(name: string): number {
    const index = inNetworkNamespace(this.namespace, () => Number(indexOfName(name)))
    if (index === 0) throw new SystemCallError(`link ${name}`, system.errno.ENODEV)
    return index
  }

  private async ask(requests: readonly Request[]): Promise<void> {
    const waiting = new Map<number, string>()
    const messages = requests.map(({ what, type, flags, body }) => {
      const sequence = ++this.sequence
      waiting.set(sequence, what)
      // struct nlmsghdr { u32 len; u16 type, flags; u32 seq, pid }
      const head = Buffer.alloc(16)
      head.writeUInt32LE(16 + body.length, 0)
      head.writeUInt16LE(type, 4)
      head.writeUInt16LE(NLM_F_REQUEST_ACK | flags, 6)
      head.writeUInt32LE(sequence, 8)
      return Buffer.concat([head, body])
    })
    const all = Buffer.concat(messages)
    if (Number(await sendAside(this.fd, all, all.length, 0)) !== all.length) throw new Error('netlink: not sent')
    // All answers are there by now.
    const answers = Buffer.alloc(65_536)
    while (waiting.size > 0) {
      const length = checked(receive(this.fd, answers, answers.length, MSG_DONTWAIT), 'netlink')
      for (let at = 0; at + 16 <= length; ) {
        const [size, type, sequence] = [
          answers.readUInt32LE(at),
          answers.readUInt16LE(at + 4),
          answers.readUInt32LE(at + 8),
        ]
        // struct nlmsgerr { int error; struct nlmsghdr msg }
        const error = type === NLMSG_ERROR ? answers.readInt32LE(at + 16) : 0
        const what = waiting.get(sequence)
        if (error !== 0) throw new SystemCallError(what ?? 'netlink', -error)
        waiting.delete(sequence)
        at += (size + 3) & ~3
      }
    }
  }
}

function link(
  what: string,
  type: number,
  { create = false, up, attributes }: { create?: boolean; up?: boolean; attributes: Buffer[] },
): Request {
  return { what, type, flags: create ? NLM_F_CREATE_EXCL : 0, body: Buffer.concat([ifinfo(up), ...attributes]) }
}

/** struct ifinfomsg { u8 family; u8 pad; u16 type; s32 index; u32 flags, change } */
function ifinfo(up: boolean | undefined): Buffer {
  const info = Buffer.alloc(16)
  info.writeUInt8(AF_UNSPEC, 0)
  if (up !== undefined) info.writeUInt32LE(IFF_UP, 12)
  if (up) info.writeUInt32LE(IFF_UP, 8)
  return info
}

/** struct rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags } */
function defaultRoute(what: string, family: number, type: number, attributes: Buffer[]): Request {
  const head = Buffer.from([family, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, 0, type, 0, 0, 0, 0])
  return { what, type: RTM_NEWROUTE, flags: NLM_F_CREATE_EXCL, body: Buffer.concat([head, ...attributes]) }
}

/** struct rtattr { u16 len, type }, its value, and what fills it up to four bytes. */
function attribute(type: number, value: Buffer): Buffer {
  const all = Buffer.alloc((4 + value.length + 3) & ~3)
  all.writeUInt16LE(4 + value.length, 0)
  all.writeUInt16LE(type, 2)
  value.copy(all, 4)
  return all
}

function macAddress(mac: string): Buffer {
  return attribute(IFLA_ADDRESS, Buffer.from(mac.replaceAll(':', ''), 'hex'))
}

function u32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return attribute(type, bytes)
}

function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`))
}

function bytesOf(address: string): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray())
}

/** The last address of a subnet. */
function lastOf(address: Buffer, prefix: number): Buffer {
  const last = Buffer.alloc(4)
  last.writeUInt32BE((address.readUInt32BE() | (prefix === 32 ? 0 : 0xffffffff >>> prefix)) >>> 0)
  return last
}
