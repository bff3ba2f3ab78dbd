import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { PostgresRecords } from '../../server/store/postgres-records.js'
import { describeRecords, type Kind } from './contract.js'
import { newDirectory } from './directory.js'
import { describePeople } from './people-contract.js'
import { PostgresServer } from './postgres-server.js'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
}, 60_000)
afterAll(() => server?.remove(), 240_000)

const kind: Kind = {
  async make() {
    const address = await server.newDatabase()
    const path = join(newDirectory(), 'outbox.sqlite')
    return () => PostgresRecords.open(path, address)
  },
}

describeRecords(kind)
describePeople(kind)
