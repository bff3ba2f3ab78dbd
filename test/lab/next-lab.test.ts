import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'

const folder = fromPackage('labs')
const ids = readdirSync(folder).filter((id) => existsSync(join(folder, id, 'lab.yaml')))
const labs = (await Promise.all(ids.map((id) => loadLab(join(folder, id))))).toSorted((a, b) => a.order - b.order)

it.each(labs.slice(0, -1).map((lab, at) => [lab.id, lab, labs[at + 1]!] as const))(
  'the end of %s leads to the next lab, by its own title',
  (_, lab, next) => {
    for (const [language, begin] of [
      ['en', 'Next: '],
      ['zh', '接下来是 '],
    ] as const) {
      const finish = lab.pages[language].sections.find(({ id }) => id === 'finish')!.markdown
      const onward = finish.split('\n').find((line) => line.startsWith(begin)) ?? ''
      const title = next.title[language]
      const isNamed = [`**${title}**`, `[${title}](../${next.id}/)`].some((named) =>
        onward.startsWith(`${begin}${named}`),
      )
      expect(isNamed, `${lab.id}/${language}.md: ${onward || `no line that begins with ${begin}`}`).toBe(true)
    }
  },
)
