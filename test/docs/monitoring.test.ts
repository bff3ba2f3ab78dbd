import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { fromPackage } from '../../server/package-root.js'
import type { Sessions } from '../../server/session/sessions.js'
import { Metrics } from '../../server/web/metrics.js'

const page = (path: string) => readFileSync(fromPackage('docs', path), 'utf8')
const rules = parse(page('monitoring/rules.yml')) as { groups: { rules: { expr: string; annotations: object }[] }[] }
const dashboard = JSON.parse(page('monitoring/dashboard.json')) as { panels: { targets: { expr: string }[] }[] }

it('every figure of a rule, of the dashboard and of the page is one that is served, with labels that it has', async () => {
  const sessions = {
    mostRacks: 1,
    count: () => 0,
    follow: () => () => {},
    followRecords: (tell: (standing: string) => void) => {
      tell('current')
      return () => {}
    },
  } as unknown as Sessions
  const metrics = new Metrics(sessions)
  const served = await metrics.registry.metrics()
  metrics.close()
  const expressions = [
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...[...page('operate.md').matchAll(/\| `([^`]*vethlab_[^`]*)`/g)].map(([, expr]) => expr!),
  ]
  expect(expressions.length).toBeGreaterThan(20)
  for (const expr of expressions) {
    for (const [, name, labels = ''] of expr.matchAll(/\b(vethlab_\w+)(?:\{([^}]*)\})?/g)) {
      expect([expr, served.includes(`\n${name}{`) || served.includes(`\n${name} `)]).toEqual([expr, true])
      for (const [, label, value] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
        const lines = served.split('\n').filter((line) => line.startsWith(`${name}{`))
        expect([expr, lines.some((line) => line.includes(`${label}="${value}"`))]).toEqual([expr, true])
      }
    }
  }
})
