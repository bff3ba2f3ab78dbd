import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { mermaidOf } from './mermaid.js'

/** What the page's style sheets say of a drawing, as far as another program can do something with it. */
const properties = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'visibility',
  'display',
  'font-family',
  'font-weight',
  'text-anchor',
  'paint-order',
] as const

const margin = 16

/** The drawing as a file of its own, in the colours that it has now: styles are in it, names and actions are not. */
export function svgFileOf(svg: SVGSVGElement, size: { width: number; height: number }, title: string): string {
  const drawing = svg.querySelector('g')!
  const copy = drawing.cloneNode(true) as SVGGElement
  const originals = [...drawing.querySelectorAll('*')]
  const unwanted: Element[] = []
  for (const [index, element] of [...copy.querySelectorAll('*')].entries()) {
    const style = getComputedStyle(originals[index]!)
    if (style.display === 'none' || style.visibility === 'hidden' || element.matches('.grip, .gone, .halo, .whole')) {
      unwanted.push(element)
      continue
    }
    for (const name of [
      'class',
      'role',
      'tabindex',
      'aria-label',
      'aria-description',
      'aria-pressed',
      'aria-hidden',
      'data-id',
    ]) {
      element.removeAttribute(name)
    }
    if (element.localName === 'title') continue
    for (const property of properties) element.setAttribute(property, style.getPropertyValue(property))
  }
  for (const element of unwanted) element.remove()
  copy.setAttribute('transform', `translate(${margin} ${margin})`)
  const width = Math.ceil(size.width) + 2 * margin
  const height = Math.ceil(size.height) + 2 * margin
  const file = document.implementation.createDocument('http://www.w3.org/2000/svg', 'svg')
  const root = file.documentElement
  root.setAttribute('width', `${width}`)
  root.setAttribute('height', `${height}`)
  root.setAttribute('viewBox', `0 0 ${width} ${height}`)
  const name = file.createElementNS('http://www.w3.org/2000/svg', 'title')
  name.textContent = title
  const ground = file.createElementNS('http://www.w3.org/2000/svg', 'rect')
  ground.setAttribute('width', '100%')
  ground.setAttribute('height', '100%')
  ground.setAttribute('fill', getComputedStyle(svg).getPropertyValue('--background').trim())
  root.append(name, ground, file.importNode(copy, true))
  return `${new XMLSerializer().serializeToString(file)}\n`
}

/** Such as `user-bridge-2026-01-31T12-00-00.svg`. Pure. */
export function fileName(lab: string, map: NetworkMap, ending: string): string {
  return `${lab}-${map.takenAt.slice(0, 19).replaceAll(':', '-')}.${ending}`
}

/** Has the browser keep a text as a file. */
export function keepFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export function keepMermaid(lab: string, map: NetworkMap): void {
  keepFile(fileName(lab, map, 'mmd'), 'text/vnd.mermaid', mermaidOf(map))
}
