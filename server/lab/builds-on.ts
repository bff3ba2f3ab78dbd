import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Lab } from './lab.js'
import { parseYaml } from './yaml-file.js'

/** Longer chains of labs than this nobody writes. */
const mostLabs = 200

type Say = (file: string, line: number, what: string, cure: string) => void

/** Labs that one builds on: beside it in the same folder, or in one of these folders; and never itself, however far off. */
export async function lintBuildsOn(lab: Lab, others: readonly string[], say: Say): Promise<void> {
  const folders = [dirname(lab.directory), ...others]
  for (const id of lab.buildsOn) {
    if (id === lab.id) say('lab.yaml', 1, 'the lab builds on itself', 'Take its own id from `buildsOn`.')
    else if ((await idsBelow(folders, id)) === undefined)
      say(
        'lab.yaml',
        1,
        `the lab builds on "${id}", and there is no such lab`,
        'Name labs beside it, of a folder of `--labs`, or that come with vethlab.',
      )
  }
  const circle = await wayBack(lab, folders)
  if (circle !== undefined)
    say(
      'lab.yaml',
      1,
      `the lab builds on itself: ${[lab.id, ...circle].join(', ')}`,
      'Take one of them from `buildsOn`.',
    )
}

/** From one that this lab builds on to the lab itself. */
async function wayBack(lab: Lab, folders: readonly string[]): Promise<string[] | undefined> {
  const seen = new Set<string>([lab.id])
  const ways = lab.buildsOn.map((id) => [id])
  for (let way = ways.shift(); way !== undefined && seen.size < mostLabs; way = ways.shift()) {
    const last = way.at(-1)!
    if (last === lab.id) {
      if (way.length > 1) return way
      continue
    }
    if (seen.has(last)) continue
    seen.add(last)
    for (const next of (await idsBelow(folders, last)) ?? []) ways.push([...way, next])
  }
  return undefined
}

/** What a lab builds on, as its file says; undefined where there is no such lab. */
export async function idsBelow(folders: readonly string[], id: string): Promise<string[] | undefined> {
  for (const folder of folders) {
    const text = await readFile(join(folder, id, 'lab.yaml'), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const { value } = parseYaml(text)
    const ids = (value as { buildsOn?: unknown } | null | undefined)?.buildsOn
    return Array.isArray(ids) ? ids.filter((one) => typeof one === 'string') : []
  }
  return undefined
}
