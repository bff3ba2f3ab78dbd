import { join } from 'node:path'
import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { didYouMean, schemaIssues } from '../error/schema-issue.js'
import { isLabId } from '../protocol/lab-address.js'
import { oneLine } from '../wording/one-line.js'
import { languages, type Text } from '../wording/text.js'
import { idsBelow } from './builds-on.js'
import { labFolders } from './catalogue.js'
import type { Problem } from './lab.js'
import { Id, TextOf } from './lab-file.js'
import { wrongLanguages } from './languages.js'
import { readText } from './sources.js'
import { type Position, parseYaml } from './yaml-file.js'

/** The file beside the folders of labs that puts them into paths. */
export const pathsFile = 'paths.yaml'

/** Labs that are done one after another. Each lab is on one path at most, so that what comes after it is one lab. */
export interface LabPath {
  id: string
  title: Text
  summary: Text
  /** Ids of its labs, in their order; empty for a path that has none yet. */
  labs: string[]
}

const PathsFile = z.strictObject({
  languages: z
    .array(z.enum(languages))
    .min(1)
    .default([...languages]),
  paths: z
    .array(
      z.strictObject({
        id: Id,
        title: TextOf,
        summary: TextOf,
        labs: z.array(z.string().refine(isLabId, 'is no id of a lab')).max(100).default([]),
      }),
    )
    .max(50),
})

/** What a folder's file of paths says, and all that makes it no such file. */
export interface ReadPaths {
  /** Empty where there is no file, or none that can be used. */
  paths: LabPath[]
  problems: Problem[]
  /** Where something in the file begins; undefined where there is no file, or none that can be used. */
  positionOf?: (path: readonly PropertyKey[]) => Position
}

/** Reads the paths of a folder of labs. Whether their labs are there, `lintPaths` says. */
export async function readPaths(folder: string): Promise<ReadPaths> {
  const source = await readText(folder, pathsFile)
  if (!source) return { paths: [], problems: [] }
  const problems: Problem[] = []
  const say = (at: Position, what: string, cure: string) => {
    problems.push({ file: join(folder, pathsFile), ...at, what: oneLine(what), cure: oneLine(cure) })
  }
  if (!('text' in source)) {
    say({ line: 1, column: 1 }, source.what, source.cure)
    return { paths: [], problems }
  }
  const yaml = parseYaml(source.text)
  for (const { line, column = 1, what, cure } of yaml.problems) say({ line, column }, what, cure)
  if (problems.length > 0) return { paths: [], problems }
  const parsed = safeParse(PathsFile, yaml.value ?? {})
  if (!parsed.success) {
    for (const { path, what, cure } of schemaIssues(PathsFile, parsed.error, yaml.value ?? {}))
      say(yaml.positionOf(path), what, cure)
    return { paths: [], problems }
  }
  for (const { at, what, cure } of wrongLanguages(
    { paths: (yaml.value as { paths: unknown }).paths },
    parsed.data.languages,
    yaml,
    'file',
  ))
    say(at, what, cure)
  return { paths: parsed.data.paths, problems, positionOf: yaml.positionOf }
}

/**
 * What is wrong with the paths of a folder of labs: in the file, with an id or a lab that is there twice, with a lab that is not in the folder or
 * on no path, and with one that stands before a lab that it builds on. Nothing where there is no such file.
 */
export async function lintPaths(folder: string): Promise<Problem[]> {
  const { paths, problems, positionOf } = await readPaths(folder)
  if (!positionOf) return problems
  const say = (at: readonly PropertyKey[], what: string, cure: string) => {
    problems.push({ file: join(folder, pathsFile), ...positionOf(at), what: oneLine(what), cure: oneLine(cure) })
  }
  const ids = await labFolders(folder)
  const place = new Map<string, number>()
  for (const [n, path] of paths.entries()) {
    if (paths.findIndex(({ id }) => id === path.id) < n)
      say(['paths', n, 'id'], `the path "${path.id}" is there twice`, 'Give each path an id of its own.')
    for (const [m, id] of path.labs.entries()) {
      const at = ['paths', n, 'labs', m]
      if (place.has(id)) say(at, `the lab "${id}" is on a path already`, 'Put each lab on one path.')
      else if (!ids.includes(id))
        say(
          at,
          `there is no lab "${id}" in this folder`,
          `${didYouMean(id, ids)}Name folders of labs beside this file.`,
        )
      else place.set(id, place.size)
    }
  }
  for (const [n, path] of paths.entries()) {
    for (const [m, id] of path.labs.entries()) {
      const later = (await idsBelow([folder], id))?.find((other) => place.get(other)! > place.get(id)!)
      if (later === undefined) continue
      say(
        ['paths', n, 'labs', m],
        `"${id}" builds on "${later}", which comes after it`,
        'Change the order, or `buildsOn` of the lab.',
      )
    }
  }
  for (const id of ids)
    if (!place.has(id)) say(['paths'], `the lab "${id}" is on no path`, 'Put it where a learner should come to it.')
  return problems.toSorted((a, b) => a.line - b.line)
}

/** Paths of several folders, those of the first one first; an id that is there already belongs to the earlier one. Pure. */
export function joinPaths(all: readonly (readonly LabPath[])[]): LabPath[] {
  const joined: LabPath[] = []
  const taken = new Set<string>()
  for (const path of all.flat()) {
    if (joined.some(({ id }) => id === path.id)) continue
    const labs = path.labs.filter((id, at) => !taken.has(id) && path.labs.indexOf(id) === at)
    for (const id of labs) taken.add(id)
    joined.push({ ...path, labs })
  }
  return joined
}
