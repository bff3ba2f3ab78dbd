import { VethlabError } from '../error/vethlab-error.js'
import type { Moment } from '../evidence/record.js'
import { momentsOf } from '../evidence/timeline.js'
import { labFolder } from '../lab/catalogue.js'
import type { Lab } from '../lab/lab.js'
import { practiceSeed } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import { RackdClient } from '../node/rackd-client.js'
import { StateDirectory } from '../rack/state-directory.js'
import type { RackInfo } from '../racks/racks.js'
import type { Result } from '../report/result.js'
import { studentOf } from '../report/student-names.js'
import { liveResult, sessionResult } from '../session/work/session-result.js'
import { readSession, readTimeline, readVerdicts } from '../store/reads.js'
import { readSeatOf } from '../store/seat-work.js'
import { type About, judgeLive } from '../trial/grade.js'
import type { Witness } from '../trial/witness.js'
import { oneLine } from '../wording/one-line.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { type LabsOption, shelvesOf } from './labs-option.js'
import { type RecordsOptions, recordsPlace, requireRecords } from './records-place.js'
import { untilSignal } from './until-signal.js'

/** A session on record, with its lab and whose it is. */
export type FoundSession = Awaited<ReturnType<typeof findSession>>

/**
 * @param name of its lab, where that is in none of the folders of labs
 * @throws VethlabError session.not-found; argument.invalid where the lab is another one now
 */
export async function findSession(
  id: string,
  name: string | undefined,
  options: RecordsOptions & LabsOption,
  about: About,
) {
  const where = await recordsPlace(options)
  if (where.database === undefined) await requireRecords(where)
  const { record, verdicts, seat } = await where.use(async (archive) => {
    const record = await archive.ask(readSession(id))
    return {
      record,
      verdicts: record ? await archive.ask(readVerdicts(id)) : [],
      seat: record && (await archive.ask(readSeatOf(record.learner))),
    }
  })
  if (!record) {
    throw new VethlabError('session.not-found', 'is on no record here', {
      place: `--session ${oneLine(id, 60)}`,
      cure: "Take the id that the learner's detail shows, or that `vethlab records export` has.",
      zh: { what: '这里没有这次实验的记录', cure: '请使用学员详情页或 `vethlab records export` 中的编号。' },
    })
  }
  const read = await loadLab(await labFolder(shelvesOf(options), name ?? record.lab))
  const lab = withSeed(read, record.seed ?? practiceSeed)
  if (lab.id !== record.lab || (record.labHash !== undefined && record.labHash !== lab.contentHash)) {
    throw new VethlabError('argument.invalid', 'was begun with other files of its lab than these', {
      place: `--session ${oneLine(id, 60)}`,
      cure: `Name the folder of lab ${record.lab} as it was then: vethlab grade FOLDER --session ID.`,
      zh: { what: '开始时用的实验文件与现在的不同', cure: `请指定当时的 ${record.lab} 文件夹。` },
    })
  }
  const student = about.student ?? (seat ? studentOf(seat) : {})
  return { where, record, verdicts, lab, about: { ...about, student } }
}

/** What was done in it, as it is on record by now. */
export function doneIn({ where, record }: FoundSession): Promise<Moment[]> {
  return where.use(async (archive) => momentsOf(await archive.ask(readTimeline(record.id))))
}

/**
 * What a session is worth: by its rack as it stands, where that runs, else by what is on record.
 * @param witness sees what the rack is judged by
 */
export async function judgeSession(
  { record, verdicts, lab, about }: FoundSession,
  { say, witness }: { say(line: Text): void; witness: Witness | undefined },
): Promise<{ result: Result; isLive: boolean }> {
  const racks = new RackdClient(StateDirectory.at().rackdSocket)
  const whose = { student: about.student, ...(about.assignment === undefined ? {} : { assignment: about.assignment }) }
  try {
    const info = record.rack === null ? undefined : await running(racks, record.rack)
    const submittedAt = about.submittedAt ?? (info ? undefined : record.endedAt) ?? new Date().toISOString()
    if (!info) {
      say(text('its hosts do not run: what is on record of it is graded', '它的主机没有运行，按已有的记录评分'))
      return { result: sessionResult(lab, record, verdicts, { ...whose, submittedAt }), isLive: false }
    }
    const found = await untilSignal((signal) =>
      judgeLive(liveRack(racks, lab, info, record.answers), { signal, say, witness }),
    )
    return { result: liveResult(lab, record, found, { ...whose, submittedAt }), isLive: true }
  } finally {
    await racks.disconnect()
  }
}

function liveRack(racks: RackdClient, lab: Lab, info: RackInfo, answers: Readonly<Record<string, string>>): LabRack {
  return LabRack.attach(racks, lab, info).still(answers)
}

async function running(racks: RackdClient, rack: string): Promise<RackInfo | undefined> {
  try {
    return await racks.info(rack)
  } catch (error) {
    const isGone = error instanceof VethlabError && ['rack.not-found', 'rackd.unreachable'].includes(error.code)
    if (isGone) return undefined
    throw error
  }
}
