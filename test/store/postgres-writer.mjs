// Writes verdicts to the outbox and database of its arguments for as long as it lives, and says each number once it is written.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { PostgresRecords } from '../../dist/store/postgres-records.js'

const records = await PostgresRecords.open(process.argv[2], JSON.parse(process.argv[3]))
const look = { step: 'create', asked: false, labHash: 'a'.repeat(64) }
for (let n = 0; ; n++) {
  await records.addVerdicts('s', look, [
    { index: 0, family: 'network', outcome: 'fail', reason: 'network.missing', evidence: n },
  ])
  writeSync(1, `${n}\n`)
  await sleep(10)
}
