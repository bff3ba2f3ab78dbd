import { z } from 'zod'
import type { Frame, IpPacket } from './observation.js'
import type { Upstream } from './parse-upstreams.js'

/** Forms of what is said to a program, what it says, and what it does meanwhile; raw, before anyone has judged it. */

/** A name as the Host header has it (RFC 9110, section 7.2), and a path (RFC 9112, section 3.2.1). */
export const HostHeader = z.string().regex(/^[A-Za-z0-9_.:[\]-]{1,253}$/)
export const HttpPath = z.string().regex(/^\/[\x21-\x7e]{0,500}$/)

/** What is asked of a program at a port, from a network namespace of a host. */
export const Talk = z.strictObject({
  /** Network namespace that asks, by inode; the host's own unless said. */
  namespace: z.string().regex(/^\d+$/).optional(),
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65_535),
  /** `http`: a GET; `tls`: the first message of a TLS client, and no more; `redis`: a PING. */
  speaks: z.enum(['http', 'tls', 'redis']),
  /** http: the Host header; tls: the server's name. The address by default. */
  host: HostHeader.optional(),
  /** http */
  path: HttpPath.default('/'),
  /** How long an answer is waited for, after as long for the connection. */
  timeoutMs: z.int().min(100).max(10_000).default(3000),
})
export type Talk = z.input<typeof Talk>

/** What became of it. */
export interface Conversation {
  /**
   * `answered`: something came back. `silent`: connected, and nothing did. `closed`, `reset`: the other side ended the connection
   * without a word. `refused`, `unconnected`: there was no connection.
   */
  outcome: 'answered' | 'silent' | 'closed' | 'reset' | 'refused' | 'unconnected' | 'error'
  /** In the kernel's words, one line. */
  detail: string
  /** The first 4 KiB that came back, a character for each byte. Whoever serves wrote it: not to be trusted. */
  said: string
  /** When the first of it came, since the words were sent; missing where nothing did. */
  saidMs?: number
  /** In the order of time, at most some hundreds. */
  overheard: Overheard[]
  /** Whom the programs that the words came to are told to pass requests on to, by the configuration that they have. */
  upstreams: (Upstream & { host: string; namespace: string })[]
  /** Why something may not have been heard. */
  faults: string[]
  durationMs: number
}

/** A frame on a link of the rack while the program was at work. */
export interface Overheard {
  /** Since the words were sent. */
  atMs: number
  host: string
  /** Inode of the namespace. */
  namespace: string
  link: string
  direction: 'in' | 'out'
  /** The words themselves, or what passed them on. */
  passedOn?: true
  /** The Host header of what was passed on. */
  hostHeader?: string
  /** A question to a nameserver, or its answer. */
  lookup?: string
  packet?: IpPacket
  neighbour?: Frame['neighbour']
}
