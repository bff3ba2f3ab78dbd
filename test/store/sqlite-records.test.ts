import { join } from 'node:path'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { describeRecords } from './contract.js'
import { newDirectory } from './directory.js'

describeRecords({
  async make() {
    const path = join(newDirectory(), 'records.db')
    return async () => SqliteRecords.open(path)
  },
})
