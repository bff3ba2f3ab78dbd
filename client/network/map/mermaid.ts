import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'

/** The map as a Mermaid flowchart: a subgraph for each host, its things in it, then the ties. Pure. */
export function mermaidOf(map: NetworkMap): string {
  const names = new Map(map.elements.map(({ id }, index) => [id, `n${index}`]))
  const hosts = new Set(map.elements.filter(({ kind }) => kind === 'host').map(({ id }) => id))
  const tied = new Set(map.ties.flatMap(({ from, to }) => [from, to]))
  const nodeOf = (element: MapElement) => `${names.get(element.id)}${shapeOf(element)}`
  const lines = ['flowchart LR']
  for (const element of map.elements) {
    if (!hosts.has(element.id)) {
      if (element.parent === undefined || !hosts.has(element.parent)) lines.push(`  ${nodeOf(element)}`)
      continue
    }
    lines.push(`  subgraph ${names.get(element.id)} ["${labelOf(element)}"]`)
    for (const inside of map.elements) if (inside.parent === element.id) lines.push(`    ${nodeOf(inside)}`)
    // A line from a thing to the subgraph that it is in can't be drawn: the host gets a node in it.
    if (tied.has(element.id)) lines.push(`    ${names.get(element.id)}self(("${escaped(element.label)}"))`)
    lines.push('  end')
  }
  const end = (id: string) => (hosts.has(id) ? `${names.get(id)}self` : names.get(id))
  for (const tie of map.ties) {
    if (names.has(tie.from) && names.has(tie.to)) lines.push(`  ${end(tie.from)} ${lineOf(tie)} ${end(tie.to)}`)
  }
  const down = map.elements.filter(({ id, state }) => state === 'down' && !hosts.has(id)).map(({ id }) => names.get(id))
  if (down.length > 0) lines.push('  classDef down stroke-dasharray:4', `  class ${down.join(',')} down`)
  return `${lines.join('\n')}\n`
}

function shapeOf(element: MapElement): string {
  const label = `"${labelOf(element)}"`
  switch (element.kind) {
    case 'lan':
      return `[[${label}]]`
    case 'bridge':
      return `[(${label})]`
    case 'vxlan':
      return `{{${label}}}`
    case 'port':
    case 'service':
      return `([${label}])`
    case 'container':
    case 'namespace':
      return `(${label})`
    default:
      return `[${label}]`
  }
}

function labelOf({ label, notes, state }: MapElement): string {
  return [label, ...notes, ...(state === 'down' ? ['down'] : [])].map(escaped).join('<br/>')
}

function lineOf(tie: MapTie): string {
  const label = [tie.fromLabel, tie.toLabel].filter((part) => part !== undefined && part !== '').join(' – ')
  const words = label === '' ? '' : `|"${escaped(label)}"|`
  if (tie.state === 'down') return `-.-${words}`
  if (tie.kind === 'tunnel') return `===${words}`
  if (tie.kind === 'publishes' || tie.kind === 'task') return `-->${words}`
  return `---${words}`
}

/** Names come from racks: whatever means something to Mermaid or to HTML is written as its number. */
function escaped(text: string): string {
  return text
    .replace(/[\s\p{C}]+/gu, ' ')
    .replace(/[#&<>"'`\\;{}[\]()|*_~$%]/g, (character) => `#${character.codePointAt(0)};`)
}
