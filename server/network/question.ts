import { z } from 'zod'

/** Which network namespace of the host: its own by default, else by inode as a capture gave it. */
const inNamespace = { namespace: z.string().regex(/^\d+$/).optional() }
const address = z.union([z.ipv4(), z.ipv6()])
const port = z.int().min(1).max(65_535)
const timeoutMs = z.int().min(100).max(30_000).default(2000)

/** Questions that can be put to the network; validated again by whoever runs them. */
export const ProbeRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ping'),
    ...inNamespace,
    address,
    count: z.int().min(1).max(20).default(1),
    /** Bytes of payload, with "don't fragment" set when given. */
    size: z.int().min(0).max(9000).optional(),
    timeoutMs,
  }),
  z.strictObject({ kind: z.literal('tcp'), ...inNamespace, address, port, timeoutMs }),
  /** Yes when anything comes back: a datagram without an answer tells nothing. */
  z.strictObject({
    kind: z.literal('udp'),
    ...inNamespace,
    address,
    port,
    /** What is sent, in one datagram. */
    payload: z.string().min(1).max(512).default('vethlab\n'),
    timeoutMs,
  }),
  /** Yes when the answer begins as HTTP does (RFC 9112), whatever its status. */
  z.strictObject({
    kind: z.literal('http'),
    ...inNamespace,
    address,
    port,
    /** Value of the Host header; the address by default. */
    host: z
      .string()
      .regex(/^[A-Za-z0-9_.:[\]-]{1,253}$/)
      .optional(),
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]{0,500}$/)
      .default('/'),
    timeoutMs,
  }),
  z.strictObject({
    kind: z.literal('dns'),
    ...inNamespace,
    server: address,
    name: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,253}$/)
      .refine((name) => !name.startsWith('-'), 'is no name'),
    type: z.enum(['A', 'AAAA', 'PTR']).default('A'),
    timeoutMs,
  }),
])
export type ProbeRequest = z.input<typeof ProbeRequest>

export interface ProbeAnswer {
  /** `error`: the question could not be asked, which says nothing about the network. */
  outcome: 'yes' | 'no' | 'error'
  /** In the tool's or the kernel's words, one line. */
  detail: string
  durationMs: number
  /** With `no`, where it is known: the other side refused, nothing came back, or no way leads there. */
  cause?: 'refused' | 'silent' | 'unroutable'
  /** dns: what the name resolves to, in the answer's order; empty where it does not. */
  records?: string[]
  /** http: status code, and the first 4 KiB of the body. */
  http?: { status: number; body: string }
}
