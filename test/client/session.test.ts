// @vitest-environment jsdom
import { afterAll, describe, expect, it } from 'vitest'
import { socket } from '../../client/state/connection.js'
import { replaces } from '../../client/state/session.js'
import type { SessionView } from '../../server/protocol/protocol.js'

// No server is there, and none is asked for.
socket.disconnect()
afterAll(() => socket.disconnect())

const view = (id: string, version: number) => ({ id, version, lab: 'lab' }) as SessionView

describe('replaces', () => {
  it('takes newer views of a session, and no older or equal ones', () => {
    expect(replaces(view('s', 5), view('s', 4), false)).toBe(true)
    expect(replaces(view('s', 4), view('s', 4), false)).toBe(false)
    expect(replaces(view('s', 3), view('s', 4), false)).toBe(false)
  })

  it('takes any view of another session, and the first of all', () => {
    expect(replaces(view('t', 1), view('s', 9), false)).toBe(true)
    expect(replaces(view('s', 1), undefined, false)).toBe(true)
  })

  it('takes the first view of a connection: a server that was started again counts from the beginning', () => {
    expect(replaces(view('s', 1), view('s', 9), true)).toBe(true)
  })
})
