import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'

const labs = fromPackage('labs')
const ids = readdirSync(labs).filter((id) => existsSync(join(labs, id, 'lab.yaml')))

/** The sources of all diagrams of our labs, with the numbers of practice in them, each behind its page and number. */
export const bundledDiagrams = (await Promise.all(ids.map((id) => loadLab(join(labs, id))))).flatMap(
  ({ id, languages, pages }) =>
    languages.flatMap((language) => {
      const text = pages[language].sections.map(({ markdown }) => markdown).join('\n')
      return [...text.matchAll(/^```mermaid\n([\s\S]*?)^```/gm)].map(([, source], n): [string, string] => [
        `${id}/${language}.md ${n + 1}`,
        source!,
      ])
    }),
)

/** Where their drawings are. */
export const drawingsFolder = fromPackage('client/lab/drawings')
