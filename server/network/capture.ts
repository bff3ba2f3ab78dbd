/** Raw answers of the machine's tools and of a host's Engine, before any parser has seen them. */

/** One network namespace of a host. */
export interface NamespaceCapture {
  /** Inode of the namespace; the same for containers that share it. */
  inode: string
  /** Processes in it, as the host numbers them; the host's own has the init's. */
  pids: number[]
  /** Names under which the Engine has pinned it (`/run/docker/netns`), for those that no process is in. */
  names: string[]
  /** What each tool said, by the name of the question; a tool that failed has `failed`. */
  answers: Record<CaptureQuestion, { failed: boolean; text: string }>
}

export type CaptureQuestion =
  | 'links'
  | 'routes'
  | 'routes6'
  | 'neighbours'
  | 'routingRules'
  | 'routingRules6'
  | 'linkSettings'
  | 'disciplines'
  | 'forwarding'
  | 'rules'
  | 'iptables'
  | 'ip6tables'
  | 'iptablesLegacy'
  | 'ip6tablesLegacy'
  | 'sockets'
  | 'sysctls'

export interface HostCapture {
  host: string
  kind: 'docker' | 'plain'
  takenAt: string
  durationMs: number
  /** The host's own comes first. */
  namespaces: NamespaceCapture[]
  /**
   * `resolv.conf` and `hosts` as a container sees them, by the container's id; the host's own by `''`. Empty where there is none;
   * and `unread` says why one that is there could not be read.
   */
  files: Record<string, { resolvConf: string; hosts: string; unread?: { resolvConf?: string; hosts?: string } }>
  engine?: EngineCapture
  /** Whether there may be processes, and namespaces with them, that were not seen: there are too many control groups. */
  unseen?: true
}

/** What the Engine's API said (v1.44), unparsed; or why nothing that it says can be used. */
export type EngineCapture =
  | { fault: { kind: 'silent' | 'unverified'; detail: string } }
  | {
      /** As `/version` has it: `Version`, and perhaps more. */
      version: unknown
      /** Missing outside of a swarm: it costs the Engine as much as all the rest. */
      info?: unknown
      networks: unknown
      /** One `/containers/ID/json` each. */
      containers: unknown[]
      /** How many containers were not asked about, since there are so many; those that run come first. */
      unasked?: number
      /** Managers of a swarm only. */
      swarm?: { swarm: unknown; nodes: unknown; services: unknown; tasks: unknown }
    }

/** All hosts of a rack at one moment, in which none of their processes ran. */
export interface StillCapture {
  /** With what Engines said before; they can say nothing meanwhile. */
  hosts: HostCapture[]
  /** What each host's Engine said afterwards, by the host. */
  engines: Record<string, EngineCapture>
}
