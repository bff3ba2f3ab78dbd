import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { packageRoot } from '../../server/package-root.js'

/** One import of a file of this project by another. Paths are from the project's root. */
export interface Import {
  from: string
  to: string
  /** Types alone: nothing of it is there when the program runs. */
  typesOnly: boolean
}

const statement = /^(?:import|export)(?<type> type)?(?<names>[^'"]*?)(?:from )?'(?<path>\.[^']*)'/gm
const call = /(?<typeof>typeof )?import\('(?<path>\.[^']*)'\)/g

/** All imports within server and client. */
export function importsOf(directories: readonly string[]): Import[] {
  const files = directories.flatMap((directory) =>
    readdirSync(join(packageRoot, directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name))),
  )
  const known = new Set(files)
  return files.flatMap((from) => {
    const text = readFileSync(join(packageRoot, from), 'utf8')
    const found = [
      ...[...text.matchAll(statement)].map(({ groups }) => ({
        path: groups!.path!,
        typesOnly: groups!.type !== undefined || areTypes(groups!.names!),
      })),
      ...[...text.matchAll(call)].map(({ groups }) => ({
        path: groups!.path!,
        typesOnly: groups!.typeof !== undefined,
      })),
    ]
    return found.flatMap(({ path, typesOnly }) => {
      const target = normalize(join(dirname(from), path))
      const to = [
        target,
        `${target}.ts`,
        `${target}.tsx`,
        target.replace(/\.js$/, '.ts'),
        target.replace(/\.js$/, '.tsx'),
      ].find((candidate) => known.has(candidate))
      return to === undefined ? [] : [{ from, to, typesOnly }]
    })
  })
}

/** Whether each name in the braces has `type` before it. */
function areTypes(names: string): boolean {
  const inBraces = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1]
  if (inBraces === undefined) return false
  const all = inBraces
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return all.length > 0 && all.every((name) => name.startsWith('type '))
}

/** The first circle of arrows, from a node back to itself; undefined where there is none. */
export function circleIn(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>()
  const visit = (node: string, path: string[]): string[] | undefined => {
    const at = path.indexOf(node)
    if (at >= 0) return [...path.slice(at), node]
    if (done.has(node)) return undefined
    for (const next of arrows.get(node) ?? []) {
      const circle = visit(next, [...path, node])
      if (circle) return circle
    }
    done.add(node)
    return undefined
  }
  for (const node of arrows.keys()) {
    const circle = visit(node, [])
    if (circle) return circle
  }
  return undefined
}
