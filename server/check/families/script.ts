import { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import { placeInWords, schemaIssues } from '../../error/schema-issue.js'
import { Unanswerable } from '../../place/unanswerable.js'
import { bare, code } from '../../wording/wording.js'
import type { Family } from '../family.js'
import { bothLanguages as text } from '../fields.js'
import { fail, failedToCheck, pass } from '../finding.js'
import { runScript } from '../script-process.js'

/** A file of a lab that its checks run. */
export const scriptFile = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/, 'is no path below `checks/`')

const schema = z.strictObject({
  run: scriptFile.describe('executable file below `checks/`; it gets the state as JSON and prints one finding as JSON'),
})
type Spec = z.output<typeof schema>

const Reason = z.string().regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/)
const Said = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('pass'), observed: text }),
  z.strictObject({ outcome: z.literal('fail'), reason: Reason, expected: text, observed: text, why: text }),
  z.strictObject({ outcome: z.literal('error'), reason: Reason, why: text }),
])

/** The lab's own program, for what no family can say. It judges the state; it can't reach the rack. */
export const script: Family<Spec> = {
  key: 'script',
  files: ({ run }) => [`checks/${run}`],
  schema,
  reasons: [],
  nothing: [],
  hosts: () => [],
  async check(spec, { state, probe, labDirectory, signal }) {
    const output = await runScript(probe, labDirectory, spec.run, {
      stdin: JSON.stringify(withoutSecrets(state)),
      signal,
    })
    let said: unknown
    try {
      said = JSON.parse(output)
    } catch {
      throw unreadable(spec, 'it is no JSON')
    }
    const parsed = safeParse(Said, said)
    if (!parsed.success) {
      const [issue] = schemaIssues(Said, parsed.error, said)
      throw unreadable(spec, `${placeInWords(issue?.path ?? [], said) || 'it'}: ${issue?.what ?? 'is something else'}`)
    }
    const finding = parsed.data
    if (finding.outcome === 'pass') return pass(finding.observed.en, finding.observed.zh)
    if (finding.outcome === 'fail') return fail(finding.reason, finding)
    return failedToCheck(finding.reason, finding.why)
  },
}

function unreadable(spec: Spec, what: string): Unanswerable {
  return new Unanswerable('script.output', {
    en: `what the check's script ${code(spec.run)} printed is no finding: ${bare(what, 200)}`,
    zh: `检查脚本 ${code(spec.run)} 的输出不是有效结果：${bare(what, 200)}`,
  })
}

/** Whoever holds a join token can enter the swarm. */
function withoutSecrets<T>(state: T): T {
  return JSON.parse(JSON.stringify(state, (key, value: unknown) => (key === 'joinTokens' ? undefined : value))) as T
}
