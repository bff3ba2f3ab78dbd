import { beforeAll, expect, it } from 'vitest'
import type { Finding } from '../../server/check/verdict.js'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { inOrder, labCard, pageSteps } from '../../server/session/catalogue.js'
import { isNews } from '../../server/session/life/engine-watch.js'
import { limitTrouble } from '../../server/session/life/limit-trouble.js'
import { OpeningStages } from '../../server/session/life/opening.js'
import { rackLabel, sessionOfLabel } from '../../server/session/life/rack-label.js'
import { publishedPorts } from '../../server/session/terminals/published-ports.js'
import { blockAt, solutionOf, stepNamed } from '../../server/session/work/blocks.js'
import type { Look } from '../../server/session/work/check-runner.js'
import type { Progress } from '../../server/session/work/progress.js'
import { stepView } from '../../server/session/work/step-view.js'
import { standardRack } from '../check/state-builder.js'

let lab: Lab
let overlay: Lab
beforeAll(async () => {
  lab = await loadLab(fromPackage('labs/default-bridge'))
  overlay = await loadLab(fromPackage('labs/overlay'))
})

it('finds a session by the label of its rack, and no other rack', () => {
  const session = 'a1'.repeat(16)
  expect(sessionOfLabel(rackLabel('default-bridge', session))).toBe(session)
  for (const other of ['default-bridge', '', 'kept', `x session ${session}`, `lab · session ${session} and more`]) {
    expect(sessionOfLabel(other)).toBeUndefined()
  }
})

it('lists TCP ports of running containers by their numbers, each once', () => {
  const { state } = standardRack()
  const [node1] = state.hosts
  const [web, db] = node1!.engine!.containers
  const port = { protocol: 'tcp' as const, containerPort: 80, hostAddress: '0.0.0.0', hostPort: 8080 }
  web!.ports = [
    port,
    { ...port, hostAddress: '::' },
    { ...port, hostPort: 0 },
    { ...port, protocol: 'udp', hostPort: 53 },
  ]
  db!.ports = [{ ...port, hostPort: 6379 }]
  expect(publishedPorts(state)).toEqual([
    { host: 'node1', port: 6379, container: db!.name },
    { host: 'node1', port: 8080, container: web!.name },
  ])
  db!.state = 'exited'
  expect(publishedPorts(state)).toHaveLength(1)
  web!.ports = Array.from({ length: 5000 }, (_, n) => ({ ...port, hostPort: n + 1 }))
  expect(publishedPorts(state).length).toBeLessThan(100)
  delete node1!.engine
  expect(publishedPorts(state)).toEqual([])
})

it('knows which events of an Engine may change a network', () => {
  for (const Action of ['start', 'die', 'connect', 'create', 'destroy', 'restart', 'update']) {
    expect(isNews({ Type: 'container', Action }), Action).toBe(true)
  }
  for (const Action of ['exec_create: ping -c 1 web', 'exec_start: sh', 'exec_die', 'top', 'health_status: healthy']) {
    expect(isNews({ Type: 'container', Action }), Action).toBe(false)
  }
  for (const strange of [null, undefined, 7, 'x', {}, { Action: 7 }]) expect(isNews(strange)).toBe(false)
})

it('counts steps for the catalogue, and says what the machine lacks', () => {
  expect(labCard(lab, { first: 'passed', cable: 'helped', nat: 'skipped', gone: 'passed' }, {})).toMatchObject({
    id: 'default-bridge',
    hosts: { docker: 1, plain: 1 },
    steps: 5,
    passed: 2,
    helped: 1,
    finished: false,
    lacks: [],
  })
  const all = Object.fromEntries(lab.steps.map(({ id }) => [id, 'passed' as const]))
  expect(labCard(lab, all, {})).toMatchObject({ passed: 5, finished: true })
  const lack = { what: { en: 'No VXLAN.', zh: '没有 VXLAN。' }, cure: { en: 'Load it.', zh: '加载它。' } }
  expect(labCard(overlay, {}, { vxlan: lack, macvlan: lack }).lacks).toEqual([{ feature: 'vxlan', ...lack }])
  expect(inOrder([overlay, lab]).map(({ id }) => id)).toEqual(['default-bridge', 'overlay'])
  expect(pageSteps(lab)[1]).toMatchObject({ id: 'cable', points: 2, answers: [{ id: 'cable', ask: { zh: /.*/ } }] })
})

it('gives blocks by reference, and solutions only to whom they were shown', () => {
  const shown = () => true
  const hidden = () => false
  expect(blockAt(lab, { page: 1 }, hidden).text).toBe('docker run -d --name web nginx')
  expect(blockAt(lab, { step: 'names', solution: 0 }, shown).text).toContain('docker network create app')
  const refused = expect.objectContaining({ code: 'argument.invalid' })
  expect(() => blockAt(lab, { step: 'names', solution: 0 }, hidden)).toThrow(refused)
  for (const ref of [
    { page: 999 },
    { page: -1 },
    { page: 0.5 },
    { step: 'names', solution: 9 },
    { step: 'x', solution: 0 },
  ]) {
    expect(() => blockAt(lab, ref, shown)).toThrow(refused)
  }
  expect(() => stepNamed(lab, '__proto__')).toThrow(refused)
  // The first step has no solution of its own: its page says it all.
  expect(solutionOf(lab, lab.steps[0]!).map(({ ref }) => ref)).toEqual([0, 1, 2, 3].map((page) => ({ page })))
  expect(solutionOf(lab, lab.steps[4]!)[0]!.ref).toEqual({ step: 'names', solution: 0 })
})

it('shows findings, with the hints asked for, and nothing of the server where a check could not be made', () => {
  const step = lab.steps[1]!
  const progress = {
    state: () => 'open',
    hints: (_step: string, check: number) => (check === 1 ? 1 : 0),
    help: () => ({ shown: true, done: false }),
  } as unknown as Progress
  const [container, answer] = step.checks
  const error = (reason: string, why: string): Finding => ({ outcome: 'error', reason, why: { en: why, zh: why } })
  const look = (finding: Finding): Look => ({
    checking: 'asked',
    verdicts: [
      { index: 0, family: 'container', finding, hints: container!.hints, tookMs: 1 },
      { index: 1, family: 'answer', finding, hints: answer!.hints, tookMs: 1 },
    ],
  })
  const view = stepView(lab, step, progress, look(error('rackd.unreachable', '/srv/rackd.sock: gone')), undefined)
  expect(view).toMatchObject({
    id: 'cable',
    checking: 'asked',
    checks: [
      { index: 0, hints: [], moreHints: 1 },
      { index: 1, hints: [answer!.hints[0]], moreHints: 1 },
    ],
    solution: [{ ref: { step: 'cable', solution: 0 }, host: 'node1' }],
  })
  expect(JSON.stringify(view)).not.toContain('/srv')
  expect(JSON.stringify(stepView(lab, step, progress, look(error('check.broken', '/srv/x')), undefined))).not.toContain(
    '/srv',
  )
  const own = stepView(lab, step, progress, look(error('reference.unknown', 'there is no web')), undefined)
  expect(own.checks[0]!.finding).toMatchObject({ why: { en: 'there is no web' } })
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
})

it('goes from stage to stage', () => {
  let changes = 0
  const stages = new OpeningStages({ setup: false, replay: true }, () => {
    changes++
  })
  const states = () => stages.view.map(({ name, state }) => `${name} ${state}`)
  expect(states()).toEqual(['hosts running', 'network waiting', 'engines waiting', 'replay waiting'])
  for (const stage of ['hosts', 'network', 'engines'] as const) stages.onProgress({ stage, elapsedMs: 1 })
  stages.done('setup')
  stages.done('hosts')
  expect(states()).toEqual(['hosts done', 'network done', 'engines done', 'replay running'])
  expect(stages.view[0]!.tookMs).toBeGreaterThanOrEqual(0)
  expect(changes).toBe(3)
})
