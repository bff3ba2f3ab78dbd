// Writes to the records named by its argument for as long as it lives, and says each number once it is written.
import { writeSync } from 'node:fs'
import { Records } from '../../dist/store/records.js'

writeSync(1, '0\n')
const records = Records.open(process.argv[2])
const labHash = 'a'.repeat(64)
const learner = records.localLearner()
try {
  records.createSession({ id: 's', learner, lab: 'user-bridge', labHash })
} catch {
  // An earlier writer made it.
}
for (let n = Number(records.session('s').answers.n ?? 0) + 1; ; n++) {
  records.addVerdicts('s', { step: 'create', asked: false, labHash }, [
    {
      index: 0,
      family: 'network',
      outcome: 'fail',
      reason: 'network.missing',
      evidence: { n, text: 'x'.repeat(n % 3000) },
    },
    { index: 1, family: 'network', outcome: 'fail', reason: 'network.missing', evidence: { n } },
  ])
  records.addUsed('s', 1)
  records.setAnswer('s', 'n', String(n))
  writeSync(1, `${n}\n`)
}
