import { join } from 'node:path'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { describeRecords, type Kind } from './contract.js'
import { newDirectory } from './directory.js'
import { describePeople } from './people-contract.js'

const kind: Kind = {
  async make() {
    const path = join(newDirectory(), 'records.db')
    return async () => SqliteRecords.open(path)
  },
}

describeRecords(kind)
describePeople(kind)
