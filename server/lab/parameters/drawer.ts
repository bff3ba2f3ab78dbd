import type { Drawn } from '../lab.js'
import type { LabSources } from '../sources.js'
import { parseYaml } from '../yaml-file.js'
import { type Draw, draw } from './draw.js'
import { type OwnNumbers, ownNumbers } from './own-numbers.js'

/** Draws for a lab by itself, without reading the rest of it: for many seeds. */
export function drawerOf({ sources, parameters }: Pick<Drawn, 'sources' | 'parameters'>): (seed: string) => Draw {
  const source = sources.texts['lab.yaml']
  const value = source && 'text' in source ? parseYaml(source.text).value : {}
  const own = ownNumbersOf(sources, value as Record<string, unknown>)
  return (seed) => draw(parameters, seed, own)
}

/** What the files of a lab name by themselves. @param yaml the content of `lab.yaml` */
export function ownNumbersOf({ texts, files }: LabSources, yaml: Readonly<Record<string, unknown>>): OwnNumbers {
  const { parameters: _, ...rest } = yaml
  const others = Object.entries(texts).flatMap(([file, source]) =>
    file !== 'lab.yaml' && 'text' in source ? [source.text] : [],
  )
  return ownNumbers(rest, [...others, ...files.flatMap(({ content = '' }) => textIn(content) ?? [])])
}

/** Undefined for what is no text. @param content in base64 */
export function textIn(content: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(content, 'base64'))
  } catch {
    return undefined
  }
}
