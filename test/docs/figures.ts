import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fromPackage } from '../../server/package-root.js'

interface Rule {
  alert: string
  expr: string
}

const page = (path: string) => readFileSync(fromPackage('docs', path), 'utf8')

export const rules = (parse(page('monitoring/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

export interface Panel {
  id: number
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { refId: string; expr: string }[]
}

export const { panels } = JSON.parse(page('monitoring/dashboard.json')) as { panels: Panel[] }

/** Of docs/operate.md: the configuration of Prometheus, and expressions of the table. */
export const operate = {
  configuration: /```yaml\n(rule_files:[^`]*)```/.exec(page('operate.md'))![1]!,
  expressions: [...page('operate.md').matchAll(/\| `([^`]*vethlab_[^`]*)`/g)].map(([, expr]) => expr!),
}

/** All that is asked of figures: by alerts, by the dashboard, by the page. */
export const expressions: string[] = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...operate.expressions,
]

/** What of that is asked for and not among figures, in Prometheus's text form: names, and values of their labels. */
export function lacking(served: string): string[] {
  const lines = served.split('\n')
  return expressions.flatMap((expr) =>
    [...expr.matchAll(/\b(vethlab_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name, labels = '']) => {
      const own = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      const wanted = [...labels.matchAll(/\w+!?="[^"]*"/g)].map(([one]) => one.replace('!=', '='))
      return [
        ...(own.length === 0 ? [`${name} in ${expr}`] : []),
        ...wanted.filter((one) => !own.some((line) => line.includes(one))).map((one) => `${one} in ${expr}`),
      ]
    }),
  )
}

/** Names and labels of all figures, without their values. */
export function seriesOf(served: string): string[] {
  return served
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .toSorted()
}
