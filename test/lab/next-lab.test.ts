import { expect, it } from 'vitest'
import { readShelf } from '../../server/lab/shelf.js'
import { fromPackage } from '../../server/package-root.js'

/** The page leads from the end of a lab to the next one of its path, and beyond the last one to the next path: the author says the same. */

const { labs, paths } = await readShelf([fromPackage('labs')])
const all = paths.flatMap((path) => path.labs)

it.each(all.slice(0, -1).map((id, at) => [id, all[at + 1]!]))(
  'the end of %s leads to %s, by its own title',
  (id, onto) => {
    const lab = labs.find((one) => one.id === id)!
    const next = labs.find((one) => one.id === onto)!
    for (const [language, begin] of [
      ['en', 'Next: '],
      ['zh', '接下来是 '],
    ] as const) {
      const finish = lab.pages[language].sections.find(({ id }) => id === 'finish')!.markdown
      const onward = finish.split('\n').find((line) => line.startsWith(begin)) ?? ''
      const title = next.title[language]
      expect(
        onward.startsWith(`${begin}[${title}](../${next.id}/)`),
        `${lab.id}/${language}.md: ${onward || `no line that begins with ${begin}`}`,
      ).toBe(true)
    }
  },
)

it('the end of the last one names no other', () => {
  for (const { sections } of Object.values(labs.find(({ id }) => id === all.at(-1))!.pages))
    expect(sections.at(-1)!.markdown).not.toMatch(/^(Next: |接下来是 )/m)
})

it('every lab that comes with vethlab is on a path', () => {
  expect(all.toSorted()).toEqual(labs.map(({ id }) => id).toSorted())
})
