import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from '@photostructure/sqlite'
import { Server } from 'socket.io'
import { io, type Socket } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import { Classroom } from '../../server/classroom/classroom.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { ownerOf } from '../../server/learner/who.js'
import { fromPackage } from '../../server/package-root.js'
import type { Events, SessionView } from '../../server/protocol/protocol.js'
import type { Requests } from '../../server/protocol/requests.js'
import { Sessions } from '../../server/session/sessions.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { serveLearner } from '../../server/web/learner-socket.js'
import { Previews } from '../../server/web/previews.js'
import { Windows } from '../../server/web/windows.js'
import { racksThatNeverOpen } from '../session/racks-that-never-open.js'
import { newDirectory } from '../store/directory.js'
import { ask } from './house.js'

interface Window {
  socket: Socket<Events, Requests>
  /** Sessions whose views it was sent, in their order. */
  shown: string[]
}

/** Learners of one server, each window the learner's that it names. */
async function windowsOf(...learners: string[]): Promise<Window[]> {
  const file = `${newDirectory()}/records.sqlite`
  const records = SqliteRecords.open(file)
  const database = new DatabaseSync(file)
  for (const id of new Set(learners)) {
    database.prepare('INSERT INTO learner (id, created_at) VALUES (?, ?)').run(id, new Date().toISOString())
  }
  database.close()
  const labs = [await loadLab(fromPackage('labs', 'default-bridge'))]
  const sessions = await Sessions.start(racksThatNeverOpen, labs, records)
  const classroom = new Classroom(sessions, records)
  const previews = new Previews({ host: '127.0.0.1', publicNames: [], ports: { from: 20_000, to: 20_100 } })
  const http = createServer()
  const server = new Server<Requests, Events>(http, { transports: ['websocket'] })
  const windows = new Windows()
  server.on('connection', (socket) =>
    serveLearner(socket, {
      guest: () => ownerOf(socket.handshake.auth.learner as string),
      classroom,
      sessions,
      previews,
      windows,
      preview: undefined,
    }),
  )
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  onTestFinished(async () => {
    await server.close()
    await sessions.stop()
    await records.close()
  })
  return learners.map((learner) => {
    const options = { transports: ['websocket'], auth: { learner }, forceNew: true }
    const socket: Window['socket'] = io(`http://127.0.0.1:${port}`, options)
    const shown: string[] = []
    socket.on('session', ({ id }) => shown.push(id))
    onTestFinished(() => void socket.disconnect())
    return { socket, shown }
  })
}

async function join({ socket }: Window): Promise<string> {
  const answered = await ask(socket as unknown as Socket, 'session.join', { lab: 'default-bridge', open: true })
  return (answered as { ok: true; value: SessionView }).value.id
}

/** What was sent to a window before its answer has arrived with it. */
async function caughtUp({ socket }: Window): Promise<void> {
  expect(await ask(socket as unknown as Socket, 'session.stay', { session: 'none' })).toMatchObject({ ok: false })
}

it("a learner's new session replaces the old one in the learner's windows, and in nobody else's", async () => {
  const windows = (await windowsOf('ann', 'ann', 'bob')) as [Window, Window, Window]
  const [ann, other, bob] = windows
  const first = await join(ann)
  expect(await join(other)).toBe(first)
  const bobs = await join(bob)
  await ask(ann.socket as unknown as Socket, 'session.leave', { session: first })
  const second = await join(ann)
  expect(new Set([first, second, bobs]).size).toBe(3)
  for (const window of windows) await caughtUp(window)
  expect(ann.shown.filter((id) => id !== first && id !== second)).toEqual([])
  expect(other.shown.at(-1)).toBe(second)
  expect(other.shown.filter((id) => id !== first && id !== second)).toEqual([])
  expect(bob.shown.filter((id) => id !== bobs)).toEqual([])
})
