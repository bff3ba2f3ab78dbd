// Writes to the records named by its argument for as long as it lives, and says each number once it is written.
import { writeSync } from 'node:fs'
import { SqliteRecords } from '../../dist/store/sqlite-records.js'

writeSync(1, '0\n')
const records = SqliteRecords.open(process.argv[2])
const labHash = 'a'.repeat(64)
const learner = await records.localLearner()
try {
  await records.createSession({ id: 's', learner, lab: 'user-bridge', labHash })
} catch {
  // An earlier writer made it.
}
for (let n = Number((await records.session('s')).answers.n ?? 0) + 1; ; n++) {
  await records.addVerdicts('s', { step: 'create', asked: false, labHash }, [
    {
      index: 0,
      family: 'network',
      outcome: 'fail',
      reason: 'network.missing',
      evidence: { n, text: 'x'.repeat(n % 3000) },
    },
    { index: 1, family: 'network', outcome: 'fail', reason: 'network.missing', evidence: { n } },
  ])
  await records.addUsed('s', 1)
  await records.setAnswer('s', 'n', String(n))
  writeSync(1, `${n}\n`)
}
