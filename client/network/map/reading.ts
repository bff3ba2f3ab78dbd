import type { MapElement, NetworkMap } from '../../../server/protocol/protocol.js'
import type { Language } from '../../../server/wording/text.js'

/** An element with all that is in it. */
export interface Read {
  element: MapElement
  inside: MapElement[]
}

/** In the order of reading: what stands alone, and hosts with what is in them. Nothing is left out. Pure. */
export function nested(map: NetworkMap): Read[] {
  const outer = new Map<string, Read>()
  const ids = new Set(map.elements.map(({ id }) => id))
  for (const element of map.elements) {
    if (element.parent === undefined || !ids.has(element.parent)) outer.set(element.id, { element, inside: [] })
  }
  for (const element of map.elements) {
    if (outer.has(element.id)) continue
    const parent = outer.get(element.parent!)
    if (parent === undefined) outer.set(element.id, { element, inside: [] })
    else parent.inside.push(element)
  }
  return [...outer.values()]
}

/** The same as plain text, for copying. Pure. */
export function readingOf(map: NetworkMap, language: Language, tiesHeading: string): string {
  const say = ({ sentence }: { sentence: { en: string; zh: string } }) => sentence[language].replaceAll('`', '')
  const lines = nested(map).flatMap(({ element, inside }) => [
    `- ${say(element)}`,
    ...inside.map((one) => `  - ${say(one)}`),
  ])
  if (map.ties.length > 0) lines.push('', tiesHeading, ...map.ties.map((tie) => `- ${say(tie)}`))
  return `${lines.join('\n')}\n`
}
