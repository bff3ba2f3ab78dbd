import { expect, it } from 'vitest'
import type { DiagnosisReport } from '../../../server/diagnosis/report.js'
import { withhold } from '../../../server/session/inquiry/withhold.js'
import { groupStories, type TraceSeries } from '../../../server/trace/series.js'
import type { TraceStory } from '../../../server/trace/story.js'

const both = (words: string) => ({ en: words, zh: words })

const secret = 'iptables -I DOCKER-USER -j ACCEPT'
const stopped: TraceStory = {
  from: 'laptop',
  to: 'node1',
  protocol: 'tcp',
  port: 8080,
  outcome: 'stopped',
  summary: both('no answer: the way ends at node1'),
  hops: [{ kind: 'rule', state: 'stop', place: 'node1', text: both('dropped'), evidence: [], about: [] }],
  cause: { code: 'docker-user-drop', what: both('a rule drops it'), evidence: ['-j DROP'], tries: [both(secret)] },
  durationMs: 5,
}
const { cause: _, ...answered } = { ...stopped, outcome: 'answered' as const }

it('keeps the cause of a trace back, and what was seen of the packet not', () => {
  const shown = withhold(stopped)
  expect(shown).toMatchObject({ withheld: true, outcome: 'stopped', hops: stopped.hops, summary: stopped.summary })
  expect(JSON.stringify(shown)).not.toContain('docker-user-drop')
  expect(JSON.stringify(shown)).not.toContain(secret)
})

it('has nothing to keep back of what was answered, and of what is not known', () => {
  expect(withhold(answered)).toBe(answered)
  const unknown: TraceStory = { ...stopped, cause: { ...stopped.cause!, code: 'unknown' } }
  expect(withhold(unknown)).toBe(unknown)
})

it('keeps the causes of a repeated trace back, also in its sentences', () => {
  const stories = [answered, stopped, stopped]
  const series: TraceSeries = {
    ...{ from: 'laptop', to: 'node1', protocol: 'tcp', port: 8080, count: 3, durationMs: 15 },
    ...groupStories(stories),
  }
  expect(JSON.stringify(series)).toContain('docker-user-drop')
  const shown = withhold(series)
  expect(shown).toMatchObject({ withheld: true, asked: 3, count: 3 })
  expect(shown.groups.map(({ outcome, times, turns }) => ({ outcome, times, turns }))).toEqual([
    { outcome: 'stopped', times: 2, turns: [2, 3] },
    { outcome: 'answered', times: 1, turns: [1] },
  ])
  expect(JSON.stringify(shown)).not.toContain('docker-user-drop')
  expect(JSON.stringify(shown)).not.toContain(secret)
})

it('tells of a diagnosis where something is wrong, and not what', () => {
  const report: DiagnosisReport = {
    container: 'web',
    outcome: 'faulty',
    summary: both(`Begin with “From the outside”: a rule drops it: ${secret}.`),
    stages: [
      {
        ...{ name: 'itself', title: both('The container itself'), outcome: 'ok' },
        findings: [{ outcome: 'ok', text: both('runs'), evidence: [], tries: [] }],
      },
      {
        ...{ name: 'from-outside', title: both('From the outside'), outcome: 'problem' },
        findings: [
          { outcome: 'ok', text: both('published'), evidence: [], tries: [] },
          {
            ...{ outcome: 'problem', text: both('a rule drops it'), cause: 'docker-user-drop' },
            ...{ evidence: ['-j DROP'], tries: [both(secret)], trace: stopped },
          },
        ],
      },
    ],
    durationMs: 5,
  }
  const shown = withhold(report)
  expect(shown.withheld).toBe(true)
  expect(shown.stages.map(({ outcome }) => outcome)).toEqual(['ok', 'problem'])
  expect(shown.stages[1]!.findings.map(({ outcome }) => outcome)).toEqual(['ok', 'problem'])
  expect(JSON.stringify(shown)).not.toMatch(/docker-user-drop|DROP|iptables|a rule drops it/)
  const healthy: DiagnosisReport = { ...report, outcome: 'healthy', stages: report.stages.slice(0, 1) }
  expect(withhold(healthy)).toBe(healthy)
})
