import { z } from 'zod'
import type { CauseCode } from '../cause/cause.js'
import { causeKinds } from '../cause/causes.js'
import type { Incident } from './incident.js'

/** Those that look at one container, and are not told whom it wants to reach. */
export type ViewedBy = 'diagnose' | 'netdiag'

/**
 * `found`: it names the incident's cause. `false`: it names one that is not there. `missed`: neither, though its questions cover it.
 * `beyond`: neither, since they do not.
 */
export interface Viewed {
  judgement: 'found' | 'false' | 'missed' | 'beyond'
  /** What it said instead, or why it is beyond. */
  why: string
  /** All that it calls a problem. */
  problems: string[]
}

const Claim = z.object({ outcome: z.enum(['ok', 'note', 'problem']), text: z.string(), cause: z.string().optional() })
/** One finding. */
export type Claim = z.infer<typeof Claim>

/** What `netdiag --json` printed. @throws Error where that is something else */
export function claimsOf({ stdout, stderr }: { stdout: string; stderr: string }): Claim[] {
  if (stdout.trim() === '') return [{ outcome: 'note', text: stderr.trim() }]
  return z.object({ findings: z.array(Claim) }).parse(JSON.parse(stdout)).findings
}

export function judgeView(view: ViewedBy, { code, diagnosis, netdiag }: Incident, claims: Claim[]): Viewed {
  const asked = view === 'netdiag' ? { ...diagnosis, ...netdiag } : (diagnosis ?? {})
  const own: readonly string[] = [code, ...(asked.as ?? [])]
  const isTrue = (cause: string) =>
    own.includes(cause) || (asked.also as readonly string[] | undefined)?.includes(cause)
  const problems = claims.filter(({ outcome }) => outcome === 'problem')
  const astray = problems.filter(({ cause }) => cause !== undefined && !isTrue(cause))
  const seen = { problems: problems.map(told) }
  if (astray.length > 0) return { judgement: 'false', why: astray.map(told).join(' | '), ...seen }
  if (claims.some(({ cause }) => cause !== undefined && own.includes(cause)))
    return { judgement: 'found', why: '', ...seen }
  const beyond = hiddenFrom(view, code) ?? asked.beyond
  if (beyond !== undefined) return { judgement: 'beyond', why: beyond, ...seen }
  return { judgement: 'missed', why: seen.problems.join(' | ') || 'no problem was found', ...seen }
}

function hiddenFrom(view: ViewedBy, code: CauseCode): string | undefined {
  return causeKinds.find((kind) => kind.code === code)?.hidden[view]
}

function told({ cause, text }: Claim): string {
  return `${cause ?? 'no cause'}: ${text}`
}
