import { z } from 'zod'
import type { Lab } from '../lab/lab.js'
import type { LabPath } from '../lab/paths.js'
import type { Reading } from '../lab/reading.js'
import { PostgresAddress } from '../store/postgres-address.js'
import { ProviderOptions } from './provider-options.js'

/** Nothing, or a slash and a name, once or several times. */
export const basePathPattern = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){0,8}$/

const port = z.int().min(0).max(65_535)

/** What the web process is told when it starts, on its stdin: arguments could be read by every user of the machine. */
export const WebOptions = z.strictObject({
  /** User and group to become. */
  user: z.int().min(1),
  host: z.string(),
  port,
  /** Undefined: everybody who reaches the port gets in. */
  token: z.string().min(32).optional(),
  publicNames: z.array(z.string()),
  /** Proxies that are believed when they say who asks. */
  trustedProxies: z.array(z.string()).optional(),
  /** What all addresses begin with, such as `/labs`. */
  basePath: z.string().regex(basePathPattern),
  /** Certificate, with those that lead to a root, and its key, in PEM; without them plain http is spoken. */
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  /** From the next port after the app's on where it isn't said. */
  previewPorts: z.strictObject({ from: port, to: port }).optional(),
  /** Folders of labs, a folder each; or one lab by its id, whose readings it is told. */
  labs: z.union([z.array(z.string()), z.strictObject({ preview: z.string() })]),
  client: z.string(),
  rackdSocket: z.string(),
  portsSocket: z.string(),
  records: z.string(),
  /** Name of the file below `records`. */
  recordsFile: z.string(),
  /** Where the records are, if not in that file: what waits for it is below `records`. */
  database: PostgresAddress.optional(),
  /** Where evidence of what is handed in goes, and what is said in it of who grades. */
  evidence: z
    .strictObject({ folder: z.string(), key: z.string(), vethlab: z.string(), golden: z.string(), kernel: z.string() })
    .optional(),
  securityLog: z.string(),
  /** What the numbers of labs are drawn from; those of practice where it isn't said. */
  seed: z.string().optional(),
  idleMs: z.int().min(1000).optional(),
  mostRacks: z.int().min(1).optional(),
  provider: ProviderOptions.optional(),
  /** Where figures for Prometheus are served, on loopback alone. */
  metricsPort: port.optional(),
  lacks: z.record(
    z.string(),
    z.strictObject({
      what: z.strictObject({ en: z.string(), zh: z.string() }),
      cure: z.strictObject({ en: z.string(), zh: z.string() }),
    }),
  ),
})
export type WebOptions = z.infer<typeof WebOptions>
export type Tls = NonNullable<WebOptions['tls']>

/**
 * What the web process is told later, a line of JSON each: how the lab of a preview was read, or a lab as its files are now, without
 * `lab` one that is gone, or the paths as their files are now. It can't read them itself by then.
 */
export type Told = { preview: Reading } | { id: string; lab?: Lab } | { paths: LabPath[] }

/** What it says: that it serves, or why it can't. `taken`: another program has the port. */
export const WebReport = z.union([
  z.strictObject({ ready: z.strictObject({ port }) }),
  z.strictObject({
    failed: z.strictObject({ what: z.string(), place: z.string(), cure: z.string(), taken: z.boolean() }),
  }),
])
export type WebReport = z.infer<typeof WebReport>
