import { expect, it } from 'vitest'
import { rackLabel, sessionOfLabel } from '../../../server/session/life/rack-label.js'

it('finds a session by the label of its rack, and no other rack', () => {
  const session = 'a1'.repeat(16)
  expect(sessionOfLabel(rackLabel('default-bridge', session))).toBe(session)
  for (const other of ['default-bridge', '', 'kept', `x session ${session}`, `lab · session ${session} and more`]) {
    expect(sessionOfLabel(other)).toBeUndefined()
  }
})
