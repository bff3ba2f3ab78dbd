import { JSDOM } from 'jsdom'
import { beforeAll, expect, it } from 'vitest'
import { mermaidOf } from '../../../client/network/map/mermaid.js'
import { drawMap } from '../../../server/map/draw-map.js'
import { networkState } from '../../../server/network/assemble.js'
import { fixture, rackShape } from '../../network/fixtures.js'
import { element, sampleMap, tie, withMore } from './sample-map.js'

let parse: (source: string) => Promise<unknown>
beforeAll(async () => {
  // Mermaid cleans labels with the browser's own parser.
  const { window } = new JSDOM()
  Object.assign(globalThis, { window, document: window.document })
  const { default: mermaid } = await import('mermaid')
  parse = (source) => mermaid.parse(source)
})

it('draws a rack as mermaid reads it: hosts as subgraphs, all things and all ties', async () => {
  const map = drawMap(networkState([fixture('node1'), fixture('node2'), fixture('laptop')], rackShape()))
  const source = mermaidOf(map)
  await expect(parse(source)).resolves.toBeTruthy()
  expect(source.match(/^ {2}subgraph /gm)).toHaveLength(3)
  for (const [index] of map.elements.entries()) expect(source).toMatch(new RegExp(`\\bn${index}\\b`))
  expect(source.match(/ (---|===|-->|-\.-)/g)).toHaveLength(map.ties.length)
})

it('is not led astray by names', async () => {
  const names = [
    '"]; end',
    '<img src=x onerror=alert(1)>',
    '`**b**`',
    '#quot;',
    'end',
    '网络\nn0 --> n1',
    '%%{init: {}}%%',
  ]
  const map = withMore(
    sampleMap(1, 1),
    names.map((label, n) => element(`node1/container:odd${n}`, 'container', { parent: 'host:node1', label })),
    names.map((fromLabel, n) => tie('node1/bridge:br-1', `node1/container:odd${n}`, 'veth', { fromLabel })),
  )
  const source = mermaidOf(map)
  await expect(parse(source)).resolves.toBeTruthy()
  expect(source).not.toMatch(/<img|%%|`/)
  expect(source).toContain('网络')
  expect(source.split('\n')).toHaveLength(mermaidOf(sampleMap(1, 1)).split('\n').length + 2 * names.length)
})

it('ties what shares the network of its host to a node in it, and shows what is down', async () => {
  const map = withMore(
    sampleMap(1, 0),
    [element('node1/container:h', 'container', { parent: 'host:node1', state: 'down' })],
    [tie('node1/container:h', 'host:node1', 'shares', { state: 'down' })],
  )
  const source = mermaidOf(map)
  await expect(parse(source)).resolves.toBeTruthy()
  expect(source).toMatch(/n6 -\.- n1self/)
  expect(source).toMatch(/class n6 down/)
})
