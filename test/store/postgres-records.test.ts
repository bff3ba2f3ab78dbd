import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { PostgresRecords } from '../../server/store/postgres-records.js'
import { describeRecords } from './contract.js'
import { newDirectory } from './directory.js'
import { PostgresServer } from './postgres-server.js'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
}, 60_000)
afterAll(() => server?.remove(), 60_000)

describeRecords({
  async make() {
    const address = await server.newDatabase()
    const path = join(newDirectory(), 'outbox.sqlite')
    return () => PostgresRecords.open(path, address)
  },
})
