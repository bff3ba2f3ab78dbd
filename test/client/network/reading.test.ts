import { expect, it } from 'vitest'
import { nested, readingOf } from '../../../client/network/map/reading.js'
import { element, sampleMap, withMore } from './sample-map.js'

const all = withMore(sampleMap(2, 2), [element('service:svc', 'service')])

it('reads everything once, hosts with what is in them, in the order of the map', () => {
  const read = nested(all)
  expect(read.map(({ element }) => element.id)).toEqual(['lan:lan', 'host:node1', 'host:node2', 'service:svc'])
  const ids = read.flatMap(({ element, inside }) => [element.id, ...inside.map(({ id }) => id)])
  expect(ids).toEqual(all.elements.map(({ id }) => id))
})

it('loses nothing whose host is missing', () => {
  const lost = withMore(sampleMap(1, 0), [element('x/container:c', 'container', { parent: 'host:x' })])
  expect(nested(lost).map(({ element }) => element.id)).toContain('x/container:c')
})

it('is plain text in either language', () => {
  const map = withMore(sampleMap(1, 1), [
    element('node1/container:z', 'container', {
      parent: 'host:node1',
      sentence: { en: 'Container `z`.', zh: '容器 `z`。' },
    }),
  ])
  const en = readingOf(map, 'en', 'Ties')
  expect(en.split('\n')[0]).toBe('- lan:lan is there')
  expect(en).toContain('\n  - Container z.\n\nTies\n- ')
  expect(readingOf(map, 'zh', '连接关系')).toContain('\n  - 容器 z。\n')
  expect(en.match(/^ *- /gm)).toHaveLength(map.elements.length + map.ties.length)
})
