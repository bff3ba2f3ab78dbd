import { beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../../server/lab/lab.js'
import { loadLab } from '../../../server/lab/read-lab.js'
import { fromPackage } from '../../../server/package-root.js'
import { limitTrouble } from '../../../server/session/life/limit-trouble.js'

let lab: Lab
let overlay: Lab
beforeAll(async () => {
  lab = await loadLab(fromPackage('labs/default-bridge'))
  overlay = await loadLab(fromPackage('labs/overlay'))
})

it('says at a limit what runs, what is one’s own, and when a place may come free', () => {
  const at = Date.parse('2026-01-01T00:00:00Z')
  const trouble = limitTrouble([
    { lab, mine: true, endsAt: at + 60_000 },
    { lab: overlay, mine: false, endsAt: at },
    { lab: overlay, mine: false },
  ])
  expect(trouble).toMatchObject({ code: 'rack.limit', freeAt: '2026-01-01T00:00:00.000Z' })
  expect(trouble.what.en).toContain('3 are open')
  expect(trouble.what.en).toContain(`"${lab.title.en}"`)
  expect(trouble.what.en).not.toContain(overlay.title.en)
  expect(trouble.what.zh).toContain(`“${lab.title.zh}”`)
  expect(limitTrouble([{ lab, mine: false }])).not.toHaveProperty('freeAt')
  expect(limitTrouble([]).what.en).toBe('This machine has no room for another lab.')
  expect(limitTrouble([{ lab, mine: false }], 'class').what.en).toBe(
    'Your class has no room for another lab: 1 is open now.',
  )
})
