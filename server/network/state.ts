/**
 * What is true about the network of a rack at one moment. Serialisable; lists are in a steady order. Facts of the kernel
 * come from outside the learner's reach; names come from the Engine, and where the two disagree the kernel is right and
 * `disagreements` says so.
 */
export interface NetworkState {
  /** ISO 8601. */
  takenAt: string
  durationMs: number
  /** The rack's own segments, as it was planned: what is on them is known by their hosts' links. */
  lans: LanState[]
  /** It was made without a way to the internet: the gateways of its LANs lead nowhere. */
  offline?: true
  hosts: HostState[]
}

export interface LanState {
  name: string
  /** CIDR. */
  subnet: string
  gateway: string
  subnet6?: string
  gateway6?: string
  /** Bytes. */
  mtu: number
}

export interface HostState {
  name: string
  /** Another one after a reset, which makes another host of the same name; missing where only captures are known. */
  id?: string
  kind: 'docker' | 'plain'
  /** The host's own comes first. */
  namespaces: NamespaceState[]
  dns: DnsSettings
  /** Missing on plain hosts, and where the Engine gave no answer that can be trusted. */
  engine?: EngineState
  /** Why `engine` is missing on a docker host. */
  engineFault?: EngineFault
  disagreements: Disagreement[]
  /** There may be processes, and namespaces with them, that were not seen: the host has too many control groups. */
  unseen?: true
}

/** `silent`: no answer; `unverified`: what answers is not the golden system's own Engine. */
export interface EngineFault {
  kind: 'silent' | 'unverified'
  detail: string
}

/** The Engine says one thing and the kernel another. */
export interface Disagreement {
  /** What it is about, such as `container web` or `network my_net`. */
  about: string
  engine: string
  kernel: string
}

/** Whose a network namespace is. Several containers share one with `--network container:`. */
export type NamespaceOwner =
  | { kind: 'host' }
  | { kind: 'container'; containers: string[] }
  /** Made by the Engine for an overlay network or the routing mesh, such as `1-vetw9syjco` or `ingress_sbox`. */
  | { kind: 'engine'; name: string }
  | { kind: 'unknown' }

export interface NamespaceState {
  /** Inode of the namespace. */
  id: string
  owner: NamespaceOwner
  /** Names under which the Engine has pinned it. */
  names: string[]
  links: Link[]
  routes: Route[]
  /** Of each family in the order of their priorities: which table is asked (ip-rule(8)). */
  routingRules: RoutingRule[]
  neighbours: Neighbour[]
  forwarding: ForwardingEntry[]
  chains: Chain[]
  rules: Rule[]
  sockets: ListeningSocket[]
  /** Whether packets are passed on; missing where the kernel did not tell. */
  forwards: { ip4?: boolean; ip6?: boolean }
  /** Versions of IP of which no ping is answered (icmp_echo_ignore_all of ip-sysctl); missing where all are. */
  ignoresPings?: (4 | 6)[]
  /** Frames between two ports of a bridge meet the rules of IP (br_netfilter); missing where the kernel has no such settings: they do not. */
  bridgedMeetsRules?: { ip4: boolean; ip6: boolean }
  /** How many virtual servers IPVS has here; `none` where the kernel has no IPVS; missing where it did not tell. */
  virtualServers?: number | 'none'
  /** IPsec of IPv4 (ip-xfrm(8)): whose packets are to be encrypted, and between whom they can be; missing where it was not told. */
  encryption?: {
    policies: { direction: 'in' | 'out' | 'fwd'; source: string; destination: string }[]
    associations: { source: string; destination: string }[]
  }
  /** Questions that the machine's tools could not answer here, in their words. */
  faults: string[]
}

export interface Link {
  index: number
  name: string
  /** As ip-link(8) names it: loopback, veth, bridge, macvlan, ipvlan, vxlan, vlan, dummy, ...; `device` for none. */
  kind: string
  mac: string
  /** Bytes. */
  mtu: number
  /** Administratively up, and with a carrier. */
  up: boolean
  carrier: boolean
  addresses: LinkAddress[]
  /** Name of the bridge that it is a port of. */
  master?: string
  /**
   * As a port of a bridge (bridge(8)): `forwarding` unless spanning tree or somebody stops it; isolated ones do not reach each other;
   * only with `hairpin` a frame may leave by the port that it came in by.
   */
  port?: { state: string; isolated?: true; hairpin?: true }
  /** A bridge that decides by spanning tree (IEEE 802.1D) which of its ports forward; Docker's do not. */
  spanningTree?: true
  /**
   * Which part of what it should send its queueing discipline drops by itself, 1 for all; and by which setting, as tc(8) writes it, such as
   * `netem loss 30%`. Missing where it drops nothing so, or that is not known.
   */
  loses?: { share: number; by: string }
  /** Takes in only packets whose sender it has a way back to: by itself (strict), by any link (loose). rp_filter of ip-sysctl. */
  reversePath?: 'strict' | 'loose'
  /** Answers ARP questions for others' addresses to which there is a way (proxy_arp of ip-sysctl). */
  proxyArp?: true
  /** Speaks no IPv6 (disable_ipv6 of ip-sysctl); Docker sets it where a network has none. */
  ipv6Off?: true
  /** Answers no ARP question at all (arp_ignore of ip-sysctl is 8). */
  arpOff?: true
  /** Lets out and in what has an address of 127.0.0.0/8 (route_localnet of ip-sysctl): as Docker's bridges where no docker-proxy runs. */
  routesLoopback?: true
  /** Set to use no ARP at all (NOARP of ip-link(8)), though it is a link of Ethernet. */
  noArp?: true
  /** Whether IPv4 that comes in by it is forwarded; missing where the kernel did not tell. Of IPv6 no link decides that by itself. */
  forwards4?: boolean
  /** The other end of a veth pair. */
  peer?: LinkReference
  /** What a macvlan, ipvlan or vlan stands on. */
  parent?: LinkReference
  /** The LAN of the rack that it leads to. */
  lan?: string
  vlan?: number
  vxlan?: { id: number; port: number; local?: string; device?: string }
  /** bridge, private, vepa or passthru. */
  macvlanMode?: string
  /** l2, l3 or l3s. */
  ipvlanMode?: string
}

export interface LinkReference {
  /** Inode of the namespace it is in. */
  namespace: string
  name: string
}

export interface LinkAddress {
  family: 4 | 6
  address: string
  prefix: number
  /** global, link or host. */
  scope: string
  /** Of IPv6: somebody on the segment had it already, so that it is not used (duplicate address detection, RFC 4862, 5.4.5). */
  failed?: true
}

export interface Route {
  family: 4 | 6
  /** CIDR; `default` for the default route. */
  destination: string
  gateway?: string
  device?: string
  source?: string
  /** main, local, or a number. */
  table: string
  /** unicast, local, broadcast, unreachable, blackhole, prohibit, ... */
  type: string
  scope?: string
  metric?: number
  /** How many next hops the route has, of which this is one; the kernel chooses one of them for each flow. */
  oneOf?: number
}

/** Which table of routes is asked for which packets (ip-rule(8)). */
export interface RoutingRule {
  family: 4 | 6
  priority: number
  /** `lookup` asks the table; `blackhole`, `unreachable` and `prohibit` end the search; `goto` leads past rules; anything else goes on behind it. */
  action: string
  /** main, local, default, or a number. */
  table?: string
  /** Whether it is for all packets but these. */
  not?: true
  /** CIDR. */
  source?: string
  destination?: string
  in?: string
  out?: string
  protocol?: string
  /** Number or range `a:b`. */
  sourcePort?: string
  destinationPort?: string
  /** Of the table's answers, those with a prefix of at most so many bits do not count. */
  suppressedPrefix?: number
  /** Conditions that no packet is known to meet or not, such as `fwmark 0x1` or `uidrange 1-5`. */
  further: string[]
}

export interface Neighbour {
  address: string
  device: string
  mac?: string
  /** REACHABLE, STALE, DELAY, PROBE, PERMANENT, FAILED, INCOMPLETE, NOARP. */
  state: string
}

/** An entry of a bridge's or a VXLAN's forwarding database. */
export interface ForwardingEntry {
  mac: string
  device: string
  master?: string
  /** VXLAN: the tunnel end behind which the MAC address is. */
  destination?: string
  state: string
}

export interface Chain {
  /** ip, ip6, inet, bridge, arp, netdev; and `iptables-legacy` and `ip6tables-legacy` for what these keep apart (tables.ts). */
  family: string
  table: string
  name: string
  /** Base chains only. */
  hook?: string
  policy?: string
}

/** A rule of netfilter, from iptables-nft where that can say it, else from nft. */
export interface Rule {
  family: string
  table: string
  chain: string
  /** From 1, within its chain. */
  position: number
  protocol?: string
  /** CIDR or address; a leading `!` negates, as in the fields below. */
  source?: string
  destination?: string
  in?: string
  out?: string
  /** Number or range `a:b`. */
  destinationPort?: string
  sourcePort?: string
  /** Upper case: ACCEPT, DROP, REJECT, RETURN, MASQUERADE, DNAT, SNAT, REDIRECT, ..., or the chain it jumps to. */
  target: string
  /** DNAT and SNAT: `address:port`, `address` or `:port`. */
  to?: string
  /** The rule as its tool writes it, one line. */
  text: string
}

export interface ListeningSocket {
  protocol: 'tcp' | 'udp'
  /** `0.0.0.0`, `::`, or an address; `*` is both families. */
  address: string
  port: number
  /** TCP: there are more connections to be accepted than the program asked to be kept, so that the kernel drops further ones. */
  full?: { waiting: number; most: number }
}

export interface DnsSettings {
  nameservers: string[]
  /** Whom the Engine's server 127.0.0.11 asks for what it does not know, as its note in a container's resolv.conf says. */
  forwardsTo?: string[]
  /** The Engine found no nameserver that a container could use, and put public ones in (its note in resolv.conf). */
  usesDefaults?: true
  search: string[]
  options: string[]
  hosts: { address: string; names: string[] }[]
  /** Files that could not be read, and why, in the machine's words: nothing is known of what is in them. */
  unread?: { resolvConf?: string; hosts?: string }
}

export interface EngineState {
  version: string
  networks: EngineNetwork[]
  containers: Container[]
  /** How many further containers there are, none of them running, of which nothing is known: there are too many. */
  unasked?: number
  swarm: SwarmState
}

export interface EngineNetwork {
  id: string
  name: string
  driver: string
  scope: string
  internal: boolean
  attachable: boolean
  ingress: boolean
  ipv6: boolean
  subnets: { subnet: string; gateway?: string; range?: string; reserved: Record<string, string> }[]
  options: Record<string, string>
  labels: Record<string, string>
  /** Name of the kernel's bridge in the host, where there is one. */
  bridge?: string
  /** VXLAN identifiers, of overlays. */
  vxlanIds: number[]
}

export interface Container {
  id: string
  name: string
  /** As it was called, unless that name is another image's. */
  image: string
  /** All names that hosts begin with for the same image; missing for one that they do not begin with. */
  imageNames?: string[]
  /** created, running, paused, restarting, removing, exited, dead. */
  state: string
  exitCode: number
  /** Inode of the network namespace that its first process really is in; missing unless it runs. */
  namespace?: string
  /** Its first process, as the host numbers its processes; missing unless it runs. */
  process?: number
  /** As asked for: bridge, host, none, container:ID, or a network's name. */
  networkMode: string
  /** Name of the container whose namespace it was asked to share. */
  sharesWith?: string
  privileged: boolean
  capabilitiesAdded: string[]
  restartPolicy: string
  /** How often its restart policy has started it again, and when it was started last (ISO 8601); missing where never. */
  restarts?: { count: number; startedAt: string }
  /** What its health check says; missing where it has none, and unless it runs. */
  health?: Health
  labels: Record<string, string>
  endpoints: Endpoint[]
  /** What is published. */
  ports: PublishedPort[]
  /** What was asked to be published (`-p`); port 0 of the host where the Engine was to choose. */
  wants: PublishedPort[]
  dns: DnsSettings
}

/** Of a container with a health check (`HEALTHCHECK`, `docker run --health-cmd`). */
export interface Health {
  /** starting, healthy, unhealthy. */
  status: string
  /** How often in a row it has failed. */
  failures: number
  /** Of the last time. */
  last?: { exitCode: number; output: string }
}

/** A container's leg on a network. Addresses are the kernel's where it runs. */
export interface Endpoint {
  network: string
  networkId: string
  address?: string
  prefix?: number
  address6?: string
  mac?: string
  gateway?: string
  aliases: string[]
  /** All names that the embedded DNS server knows it by. */
  dnsNames: string[]
  /** Name of the link inside the container, such as eth0. */
  link?: string
  /** Name of the other end in the host, such as veth1f2e3d4. */
  hostLink?: string
}

export interface PublishedPort {
  protocol: 'tcp' | 'udp' | 'sctp'
  containerPort: number
  hostAddress: string
  hostPort: number
}

export interface SwarmState {
  /** inactive, pending, active, error, locked. */
  state: string
  manager: boolean
  nodeId?: string
  nodeAddress?: string
  /** Managers only, as all below; secrets, to fill in where a page asks for them. */
  joinTokens?: { worker: string; manager: string }
  nodes: SwarmNode[]
  services: SwarmService[]
}

export interface SwarmNode {
  id: string
  hostname: string
  /** worker or manager. */
  role: string
  /** ready, down, disconnected, unknown. */
  state: string
  /** active, pause, drain. */
  availability: string
  address?: string
  leader: boolean
}

export interface SwarmService {
  id: string
  name: string
  image: string
  /** As of a container; by the name, since a service has no other. */
  imageNames?: string[]
  /** Undefined for global services. */
  replicas?: number
  running: number
  /** vip or dnsrr. */
  endpointMode: string
  networks: string[]
  virtualAddresses: { network: string; address: string }[]
  ports: { protocol: string; targetPort: number; publishedPort: number; mode: string }[]
  tasks: { state: string; desired: string; node: string; container?: string }[]
}
