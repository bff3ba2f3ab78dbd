import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { fromPackage } from '../../server/package-root.js'
import type { Sessions } from '../../server/session/sessions.js'
import { Metrics } from '../../server/web/metrics.js'
import { unpackedProgram } from '../unpacked-program.js'
import { expressions, lacking, operate, panels, rules, seriesOf } from './figures.js'

const tests = fromPackage('test/docs/monitoring-rules.yml')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-rules-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Prometheus's own program. @throws what it says where it finds something wrong */
function promtool(args: string[], input = ''): string {
  return execFileSync(unpackedProgram('/usr/bin/promtool'), args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

async function served(standing = 'current'): Promise<string> {
  const metrics = new Metrics({
    mostRacks: 1,
    count: () => 0,
    follow: () => () => {},
    followRecords: (tell: (standing: string) => void) => {
      tell(standing)
      return () => {}
    },
  } as unknown as Sessions)
  metrics.request('step.check', 300, true)
  const text = await metrics.registry.metrics()
  metrics.close()
  return text
}

it('every figure of a rule, of the dashboard and of the page is one that is served, with labels that it has', async () => {
  expect(expressions.length).toBeGreaterThan(20)
  const text = await served()
  expect(lacking(text)).toEqual([])
  // And it would be told.
  expect(lacking(text.replaceAll('vethlab_sockets', 'vethlab_x'))).toEqual(['vethlab_sockets in vethlab_sockets'])
  expect(lacking(text.replaceAll('phase="waiting"', ''))).toContainEqual(expect.stringContaining('phase="waiting" in'))
})

it('what is served has no name or label that promtool would warn of, and none that comes and goes', async () => {
  const text = await served()
  expect(promtool(['check', 'metrics'], text)).toBe('')
  expect(seriesOf(await served('behind'))).toEqual(seriesOf(text))
  expect(text).toContain('vethlab_nodejs_gc_duration_seconds_count{kind="major"} 0')
})

it('Prometheus takes the rules, the configuration of the page, and each expression of it and of the dashboard', () => {
  copyFileSync(fromPackage('docs/monitoring/rules.yml'), join(folder, 'rules.yml'))
  writeFileSync(join(folder, 'prometheus.yml'), operate.configuration)
  const said = promtool(['check', 'config', join(folder, 'prometheus.yml')])
  expect(said).toContain(`SUCCESS: ${rules.length} rules found`)
  const { scrape_configs: jobs } = parse(operate.configuration) as { scrape_configs: { job_name: string }[] }
  expect(rules.find(({ alert }) => alert === 'VethlabAway')!.expr).toContain(`job="${jobs[0]!.job_name}"`)

  const recorded = expressions.map((expr, n) => ({ record: `expression_${n}`, expr }))
  const check = (some: typeof recorded) => {
    writeFileSync(join(folder, 'all.yml'), stringify({ groups: [{ name: 'all', rules: some }] }))
    return promtool(['check', 'rules', join(folder, 'all.yml')])
  }
  expect(check(recorded)).toContain(`SUCCESS: ${expressions.length} rules found`)
  expect(() => check([{ record: 'x', expr: 'rate(vethlab_sockets)' }])).toThrow()
})

it('each alert comes when it is time, and not before', () => {
  expect(promtool(['test', 'rules', tests])).toContain('SUCCESS')
  const asked = (
    parse(readFileSync(tests, 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[]
    }
  ).tests.flatMap(({ alert_rule_test: some }) => some)
  for (const { alert } of rules) {
    const own = asked.filter(({ alertname }) => alertname === alert)
    expect([alert, own.some(({ exp_alerts }) => exp_alerts.length > 0)]).toEqual([alert, true])
    expect([alert, own.some(({ exp_alerts }) => exp_alerts.length === 0)]).toEqual([alert, true])
  }
})

it('panels of the dashboard have ids of their own and lie side by side', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  for (const { targets } of panels) expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
  const overlap = panels.flatMap(({ id, gridPos: a }, n) =>
    panels
      .slice(n + 1)
      .filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
      .map((other) => [id, other.id]),
  )
  expect(overlap).toEqual([])
})
