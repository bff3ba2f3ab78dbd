import { fileURLToPath } from 'node:url'

/** A file as vethlab made it before there was PostgreSQL: version 5, with a learner, two sessions and a rack. */
export const fixture = fileURLToPath(new URL('fixtures/records-5.sqlite', import.meta.url))
