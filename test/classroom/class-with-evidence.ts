import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Classroom } from '../../server/classroom/classroom.js'
import { LearnersEvidence } from '../../server/evidence/learners-evidence.js'
import type { Lab } from '../../server/lab/lab.js'
import { ownerOf, type Who } from '../../server/learner/who.js'
import { Sessions } from '../../server/session/sessions.js'
import type { SeatRecord } from '../../server/store/people.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { racksThatNeverOpen } from '../session/racks-that-never-open.js'
import { newDirectory } from '../store/directory.js'

/** A class of one lab, with a code, whose evidence is kept; it ends with the test that it is made in. */
export interface ClassWithEvidence {
  folder: string
  records: SqliteRecords
  evidence: LearnersEvidence
  classroom: Classroom
  owner: Who
  id: string
  seated(name: string, student?: string): Promise<SeatRecord>
}

export async function classWithEvidence(lab: Lab): Promise<ClassWithEvidence> {
  const folder = newDirectory()
  const records = SqliteRecords.open(join(folder, 'records.sqlite'))
  const sessions = await Sessions.start(racksThatNeverOpen, [lab], records)
  const evidence = await LearnersEvidence.open({
    folder: join(folder, 'evidence'),
    key: join(folder, 'evidence-key.pem'),
    ...{ vethlab: '0.1.0', golden: 'g1', kernel: '6.1' },
  })
  const classroom = new Classroom(sessions, records, { evidence })
  const owner = ownerOf(await records.localLearner())
  onTestFinished(async () => {
    classroom.close()
    await sessions.stop()
    await records.close()
  })
  const { id } = await classroom.create(owner, { title: 'Networks', labs: [lab.id] })
  await classroom.setCode(owner, id, true)
  const seated = async (name: string, student?: string): Promise<SeatRecord> => {
    const { code } = (await records.people.classOf(id))!
    const who = { name, phrase: name, ...(student === undefined ? {} : { student }) }
    const joined = await records.people.join({ code: code!, most: 9, ...who })
    if ('refused' in joined) throw new Error(joined.refused)
    return joined.seat
  }
  return { folder, records, evidence, classroom, owner, id, seated }
}
