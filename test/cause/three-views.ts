import { runCheck } from '../../server/check/checks.js'
import { diagnose } from '../../server/diagnosis/diagnose.js'
import type { DiagnosisFinding } from '../../server/diagnosis/report.js'
import type { Observation } from '../../server/network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../../server/network/question.js'
import type { Ground } from '../../server/place/ground.js'
import type { TraceQuestion } from '../../server/place/question.js'
import { Unanswerable } from '../../server/place/unanswerable.js'
import type { TraceStory } from '../../server/trace/story.js'
import { traceStory } from '../../server/trace/trace.js'
import { contextOf, read, type Script, ScriptedProbe } from '../check/cases.js'
import type { StateBuilder } from '../check/state-builder.js'
import { ScriptedGround } from '../trace/journey.js'

/** One question, asked of a check, a trace and a diagnosis. */

/** The `why` of a reach check that fails. */
export async function whyOfCheck(rack: StateBuilder, spec: object, network: Script = {}): Promise<string> {
  const finding = await runCheck(
    read({ reach: spec }),
    contextOf(rack, { state: structuredClone(rack.state), probe: new ScriptedProbe(rack, network) }),
  )
  if (finding.outcome !== 'fail') throw new Error(JSON.stringify(finding))
  return finding.why.en
}

export async function traced(
  rack: StateBuilder,
  question: Omit<TraceQuestion, 'home'>,
  observations: Observation[],
  script?: Script,
): Promise<TraceStory> {
  return traceStory(new ScriptedGround(rack, observations, script), { ...question, home: 'node1' })
}

/** Everybody answers, and names resolve, but for what the script says; nothing is traced. */
class OpenGround extends ScriptedProbe implements Ground {
  constructor(
    rack: StateBuilder,
    private readonly trouble: Script = {},
  ) {
    super(rack)
  }

  override async ask(host: string, question: ProbeRequest): Promise<ProbeAnswer> {
    const asking = super.ask(host, question)
    const asked = this.asked.at(-1)!
    const sized = question.kind === 'ping' && question.size !== undefined ? `${asked} size ${question.size}` : asked
    const said = this.trouble[sized] ?? this.trouble[asked]
    const answer = await asking
    if (Array.isArray(said)) return { outcome: 'yes', detail: '', durationMs: 1, records: said }
    if (said) return { ...answer, ...said }
    if (question.kind !== 'dns') return { outcome: 'yes', detail: 'answered', durationMs: 1 }
    const records = this.rack.state.hosts
      .flatMap((one) => one.engine?.containers ?? [])
      .filter(({ name }) => name === question.name)
      .flatMap(({ endpoints }) => endpoints.flatMap(({ address }) => address ?? []))
    if (records.length > 0) return { outcome: 'yes', detail: '', durationMs: 1, records }
    return { outcome: 'no', detail: 'NXDOMAIN', durationMs: 1, records: [] }
  }

  async talk(): Promise<never> {
    throw new Error('nobody is spoken to here')
  }

  async observe(): Promise<Observation> {
    throw new Error('nothing is traced here')
  }
}

/** All findings of a diagnosis without traces, so that only what it finds by itself is there. */
export async function diagnosed(
  rack: StateBuilder,
  container: string,
  network: Script = {},
): Promise<DiagnosisFinding[]> {
  const report = await diagnose(
    new OpenGround(rack, network),
    { container, home: 'node1' },
    {
      trace: async () => {
        throw new Unanswerable('trace.none', { en: 'no trace', zh: '无' })
      },
    },
  )
  return report.stages.flatMap(({ findings }) => findings)
}
