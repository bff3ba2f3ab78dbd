import { describe, expect, it } from 'vitest'
import { families, parseCheck, runCheck } from '../../server/check/checks.js'
import type { Check, CheckContext } from '../../server/check/family.js'
import type { Finding } from '../../server/check/verdict.js'
import type { ProbeAnswer, ProbeRequest } from '../../server/network/question.js'
import type { Probe } from '../../server/place/ground.js'
import type { Text } from '../../server/wording/text.js'
import { type StateBuilder, standardRack } from './state-builder.js'

/** A check in a state, and what it must find. */
export interface Case {
  /** `pass`, the reason of a fail, or `error` and the reason. */
  gives: string
  spec: unknown
  rack?: () => StateBuilder
  given?: (rack: StateBuilder) => unknown
  /** What the network answers, by `NAMESPACE kind address:port`, `dns6` for AAAA; silence where nothing is said. */
  network?: Script
  answers?: Record<string, string>
  labDirectory?: string
  runScript?: Probe['runScript']
  runCommand?: Probe['runCommand']
  /** Must be within the English or the Chinese of the finding. */
  says?: string
  /** Must be in none of its sentences, since it would be false. */
  never?: string
}

export type Script = Record<string, Partial<ProbeAnswer> | string[]>

/** A probe that answers as a script says, and notes what it was asked. */
export class ScriptedProbe implements Probe {
  readonly asked: string[] = []
  constructor(
    readonly rack: StateBuilder,
    private readonly script: Script = {},
    readonly runScript: Probe['runScript'] = () => Promise.reject(new Error('no script was expected')),
    readonly runCommand: Probe['runCommand'] = () => Promise.reject(new Error('no command was expected')),
  ) {}

  async capture() {
    return structuredClone(this.rack.state)
  }

  async ask(host: string, question: ProbeRequest): Promise<ProbeAnswer> {
    const from = question.namespace === undefined ? host : (this.rack.labels.get(question.namespace) ?? 'nowhere')
    const key =
      question.kind === 'dns'
        ? `${from} ${question.type === 'AAAA' ? 'dns6' : 'dns'} ${question.name}`
        : `${from} ${question.kind} ${question.address}${'port' in question ? `:${question.port}` : ''}`
    this.asked.push(key)
    const said = this.script[key]
    const answer: Pick<ProbeAnswer, 'outcome' | 'detail' | 'durationMs'> = { outcome: 'yes', detail: '', durationMs: 1 }
    if (Array.isArray(said)) return { ...answer, records: said }
    if (said) return { ...answer, ...said }
    if (question.kind === 'dns') return { ...answer, outcome: 'no', detail: 'NXDOMAIN', records: [] }
    return { ...answer, outcome: 'no', detail: 'timed out', cause: 'silent' }
  }
}

export const yes: Partial<ProbeAnswer> = { outcome: 'yes' }
export const refused: Partial<ProbeAnswer> = { outcome: 'no', cause: 'refused', detail: 'Connection refused' }
export const unroutable: Partial<ProbeAnswer> = { outcome: 'no', cause: 'unroutable', detail: 'No route to host' }
export const unasked: Partial<ProbeAnswer> = { outcome: 'error', detail: 'nc did not run' }

/** Reads a check as a lab's author wrote it. */
export function read(value: unknown): Check {
  const parsed = parseCheck(value, [])
  if ('check' in parsed) return parsed.check
  throw new Error(parsed.issues.map(({ path, what }) => `${path.join('.')}: ${what}`).join('; '))
}

export function contextOf(rack: StateBuilder, more: Partial<CheckContext> = {}): CheckContext {
  return {
    state: rack.state,
    probe: new ScriptedProbe(rack),
    home: 'node1',
    answers: {},
    labDirectory: '/nonexistent',
    signal: AbortSignal.timeout(20_000),
    ...more,
  }
}

/** Runs all cases of a family, and sees that every reason of it has one. @param errs whether it asks the network for anything, so that it can err */
export function cases(key: string, list: Case[], errs = true): void {
  const family = families.find((candidate) => candidate.key === key)!
  describe(key, () => {
    it.each(list.map((one, n) => [n + 1, one.gives, JSON.stringify(one.spec), one] as const))(
      'case %i: %s for %s',
      async (_n, gives, _spec, one) => {
        const rack = (one.rack ?? standardRack)()
        one.given?.(rack)
        const finding = await runCheck(
          read({ [key]: one.spec }),
          contextOf(rack, {
            state: structuredClone(rack.state),
            probe: new ScriptedProbe(rack, one.network, one.runScript, one.runCommand),
            ...(one.answers ? { answers: one.answers } : {}),
            ...(one.labDirectory ? { labDirectory: one.labDirectory } : {}),
          }),
        )
        const is =
          finding.outcome === 'pass' ? 'pass' : `${finding.outcome === 'error' ? 'error ' : ''}${finding.reason}`
        expect(is, JSON.stringify(finding)).toBe(gives)
        for (const text of textsOf(finding)) expectReadable(text)
        const said = textsOf(finding)
          .map(({ en, zh }) => `${en}\n${zh}`)
          .join('\n')
        if (one.says) expect(said).toContain(one.says)
        if (one.never) expect(said).not.toContain(one.never)
      },
    )

    it('has a pass, an error, and a case for every reason', () => {
      const given = list.map(({ gives }) => gives)
      expect(given).toContain('pass')
      expect(given.some((gives) => gives.startsWith('error '))).toBe(errs)
      expect(family.reasons.filter((reason) => !given.includes(reason))).toEqual([])
    })
  })
}

export function textsOf(finding: Finding): Text[] {
  if (finding.outcome === 'pass') return [finding.observed]
  return finding.outcome === 'error' ? [finding.why] : [finding.expected, finding.observed, finding.why]
}

export function expectReadable({ en, zh }: Text): void {
  expect(en.length).toBeGreaterThan(3)
  expect(zh).toMatch(/\p{Script=Han}/u)
  expect(en).not.toMatch(/\p{Script=Han}|undefined|\[object|[\u0000-\u001f\u202e]/u)
  expect(zh).not.toMatch(/undefined|\[object|[\u0000-\u001f\u202e]/)
  for (const text of [en, zh]) expect((text.match(/`/g) ?? []).length % 2, text).toBe(0)
}

/** The Engine of node1 can't be trusted. */
export function unverified(rack: StateBuilder): void {
  const node1 = rack.host('node1')
  delete node1.engine
  node1.engineFault = { kind: 'unverified', detail: 'another program listens at its socket' }
}

export function silent(rack: StateBuilder): void {
  const node1 = rack.host('node1')
  delete node1.engine
  node1.engineFault = { kind: 'silent', detail: 'no answer within 5 s' }
}

/** As `--network none` leaves a container: on the network `none`, without a link. */
export function onNone(rack: StateBuilder): void {
  const lone = rack.find(rack.host('node1'), 'lone')
  const { id } = rack.host('node1').engine!.networks.find(({ name }) => name === 'none')!
  lone.endpoints.push({ network: 'none', networkId: id, aliases: [], dnsNames: [] })
}
