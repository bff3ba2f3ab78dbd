import type { Lab, Problem, Say } from './lab.js'
import { proofSeeds } from './parameters/proof-seeds.js'
import { labOf } from './read-lab.js'
import { parseYaml } from './yaml-file.js'

/** So many seeds are read through: it takes some milliseconds each. */
const seedsRead = 30

/**
 * Whether a lab is one for every seed: all of it can be read, nothing is wrong that is right with the numbers of practice, and it is
 * the same lab for everybody: the same hosts, steps, points and checks.
 * @param lint says what is wrong with a lab as it was read
 */
export function lintParameters(lab: Lab, lint: (lab: Lab, say: Say) => void, say: Say): void {
  const { drawn } = lab
  if (!drawn) return
  const source = drawn.sources.texts['lab.yaml']
  const yaml = parseYaml(source && 'text' in source ? source.text : '')
  for (const name of drawn.unused) {
    say(
      'lab.yaml',
      yaml.positionOf(['parameters', name]),
      `the parameter "${name}" is named nowhere`,
      `Write {{${name}}}, or take it away.`,
    )
  }
  const placeOf = (file: string, line: number) => `${file.split('/').at(-1)}:${line}`
  // What is wrong without any other number is said already.
  const own = labOf(drawn.sources, drawn.seed).problems
  const known = new Set(own.map(({ file, line }) => placeOf(file, line)))
  lint(lab, (file, at) => known.add(placeOf(file, typeof at === 'number' ? at : at.line)))
  for (const seed of proofSeeds(drawn, seedsRead)) {
    const { lab: other, problems } = labOf(drawn.sources, seed)
    const found: Pick<Problem, 'file' | 'line' | 'what' | 'cure'>[] = problems.filter(
      ({ file, line }) => !known.has(placeOf(file, line)),
    )
    if (other) {
      lint(other, (file, at, what, cure) => {
        const line = typeof at === 'number' ? at : at.line
        if (!known.has(placeOf(file, line))) found.push({ file, line, what, cure })
      })
      const difference = differenceOf(lab, other)
      if (difference !== undefined)
        found.push({ file: 'lab.yaml', line: 1, what: difference, cure: 'Let everybody have the same work.' })
    }
    for (const { file, line, what, cure } of found) say(file, line, `with the seed "${seed}", ${what}`, cure)
    // Others would mostly say the same.
    if (found.length > 0) return
  }
}

/** What makes another seed another lab. */
function differenceOf(one: Lab, other: Lab): string | undefined {
  const parts: [what: string, of: (lab: Lab) => unknown][] = [
    ['hosts', ({ plan }) => plan.hosts.map(({ name, kind }) => [name, kind])],
    ['steps', ({ steps }) => steps.map(({ id, needs, optional }) => [id, needs, optional])],
    ['points', ({ steps }) => steps.map(({ points, checks }) => [points, checks.map((check) => check.points)])],
    ['checks', ({ steps }) => steps.map(({ checks }) => checks.map(({ family, id }) => [family, id]))],
    [
      'commands',
      ({ pages, steps }) => [
        pages.en.sections.map(({ blocks }) => blocks.map(({ host, answer, fails }) => [host, answer, fails])),
        steps.map(({ solution }) => solution.map(({ host, answer, fails }) => [host, answer, fails])),
      ],
    ],
  ]
  const [found] = parts.filter(([, of]) => JSON.stringify(of(one)) !== JSON.stringify(of(other)))
  return found && `its ${found[0]} are others`
}
