import { expect, it } from 'vitest'
import { codePieces } from '../../server/wording/inline-code.js'

const shown = (code: string) => codePieces(code).map(({ text, whole }) => (whole ? `[${text}]` : text))

it.each<[string, string[]]>([
  ['-', ['[-]']],
  ['-p 53:53/udp', ['[-p 53:53/udp]']],
  ['web', ['web']],
  [
    'docker network create --driver bridge shop',
    ['docker', ' ', 'network', ' ', 'create', ' ', '[--driver]', ' ', 'bridge', ' ', 'shop'],
  ],
  ['/var/lib/docker/overlay2/0123456789abcdef/merged', ['/var/lib/docker/overlay2/0123456789abcdef/merged']],
  [
    'two  blanks are kept as they are',
    ['two', '  ', 'blanks', ' ', 'are', ' ', 'kept', ' ', 'as', ' ', 'they', ' ', 'are'],
  ],
])('%s breaks between words alone', (code, pieces) => {
  expect(shown(code)).toEqual(pieces)
  expect(
    codePieces(code)
      .map(({ text }) => text)
      .join(''),
  ).toBe(code)
})
