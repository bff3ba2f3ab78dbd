import type { DiagnosisFinding, DiagnosisReport, DiagnosisStage } from '../../diagnosis/report.js'
import { groupStories, type TraceSeries } from '../../trace/series.js'
import type { TraceStory } from '../../trace/story.js'
import type { Text } from '../../wording/text.js'

/** What a trace or a diagnosis answers. */
export type Answer = TraceStory | TraceSeries | DiagnosisReport

/**
 * The same without its causes and cures, where finding them is the learner's task: what was seen of the packets stays, and `withheld`
 * says that there is more. An answer that names no cause stays as it is. Pure.
 */
export function withhold<A extends Answer>(answer: A): A {
  if ('stages' in answer) return withoutFindings(answer) as A
  if ('groups' in answer) return withoutCauses(answer) as A
  return withoutCause(answer as TraceStory) as A
}

function withoutCause(story: TraceStory): TraceStory {
  if (story.cause === undefined || story.cause.code === 'unknown') return story
  const { cause: _, ...seen } = story
  return { ...seen, withheld: true }
}

function withoutCauses(series: TraceSeries): TraceSeries {
  const stories = series.groups.flatMap(({ turns, story }) =>
    turns.map((turn) => ({ turn, story: withoutCause(story) })),
  )
  if (!stories.some(({ story }) => story.withheld)) return series
  const inTurn = stories.toSorted((a, b) => a.turn - b.turn).map(({ story }) => story)
  return { ...series, ...groupStories(inTurn), withheld: true }
}

function withoutFindings(report: DiagnosisReport): DiagnosisReport {
  const first = report.stages.find(({ outcome }) => outcome === 'problem')
  if (report.outcome !== 'faulty' || !first) return report
  const summary: Text = {
    en: `Begin with “${first.title.en}”. What is wrong there is for you to find out.`,
    zh: `先看“${first.title.zh}”。那里出了什么问题，要由你来找。`,
  }
  return { ...report, summary, stages: report.stages.map(withoutProblems), withheld: true }
}

function withoutProblems(stage: DiagnosisStage): DiagnosisStage {
  const problems = stage.findings.filter(({ outcome }) => outcome === 'problem')
  if (problems.length === 0) return stage
  const toFind: DiagnosisFinding = {
    outcome: 'problem',
    text: { en: 'something here is not as it should be', zh: '这里有不正常的地方' },
    evidence: [],
    tries: [],
  }
  return { ...stage, findings: [...stage.findings.filter(({ outcome }) => outcome === 'ok'), toFind] }
}
