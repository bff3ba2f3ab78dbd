import { z } from 'zod'

/** Where a PostgreSQL database is, and how to be let in: all that was to be read from files and the environment is in it. */
export const PostgresAddress = z.strictObject({
  /** A name or an address; a directory with a unix socket where it begins with `/`. */
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  database: z.string().min(1),
  user: z.string().min(1),
  password: z.string().optional(),
  /** Without it the connection is in plain. Certificates and keys are PEM. */
  ssl: z
    .strictObject({
      ca: z.string().optional(),
      cert: z.string().optional(),
      key: z.string().optional(),
      rejectUnauthorized: z.boolean().optional(),
    })
    .optional(),
})
export type PostgresAddress = z.infer<typeof PostgresAddress>
