import { evaluate } from '../../server/check/evaluate.js'
import type { Lab } from '../../server/lab/lab.js'
import type { LabRack } from '../../server/labrack/lab-rack.js'
import type { Probe } from '../../server/place/ground.js'
import { resultOf } from '../../server/report/judge.js'
import type { Result } from '../../server/report/result.js'
import { judged } from '../../server/trial/grade.js'
import { Looks } from '../../server/trial/looks.js'
import { Stopwatch } from '../../server/trial/phase.js'
import { Witness } from '../../server/trial/witness.js'

/** What a submission was graded by, in a network that a probe shows; nothing is run. */
export async function graded(
  lab: Lab,
  ground: Probe,
  answers: Record<string, string> = {},
): Promise<{ result: Result; witness: Witness }> {
  const witness = new Witness()
  const check: LabRack['check'] = (checks, { probe = ground, ...options } = {}) =>
    evaluate(checks, probe, { home: lab.home, labDirectory: lab.directory, answers, ...options })
  const signal = new AbortController().signal
  const rack = { lab, ground, answers, check } as unknown as LabRack
  const looks = new Looks(rack, { signal, watch: new Stopwatch(), witness, say: () => {} })
  witness.before = await ground.capture()
  const startedAt = '2026-03-01T20:00:00.000Z'
  const ran = { file: 'node1.sh', host: 'node1', ended: 'exit', exitCode: 3, errors: 'no' } as const
  witness.ran(ran, 'docker ps\n# \u001b[31m', performance.now(), {
    stdout: 'CONTAINER ID\n',
    stderr: '\u001b[31mno\u001b[0m',
  })
  const verdicts = await looks.atTheEnd()
  witness.after = await ground.capture()
  for (const [{ id }, found] of verdicts)
    witness.findings.set(
      id,
      found.map(({ finding }) => finding),
    )
  const { id, title, contentHash } = lab
  const about = {
    student: { id: 's1' },
    assignment: { id, title, lab: id, labHash: contentHash },
    attempt: { of: 'submission' as const, submittedAt: startedAt, startedAt, durationMs: 5000 },
  }
  const steps = lab.steps.map((step) => judged(lab, step, verdicts.get(step)!))
  const { text: _, startedMs: _s, tookMs: _t, stdout: _o, stderr: _e, ...script } = witness.scripts[0]!
  return { result: resultOf(about, steps, { scripts: [script] }), witness }
}
