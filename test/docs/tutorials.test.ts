import { expect, it } from 'vitest'
import { reasons, type TutorialList, tutorialLists } from '../hosts/tutorials/lists.js'
import { expectPrinted } from '../house/printed.js'

const lists = tutorialLists()
const without = ({ lines, known }: TutorialList) => lines.filter((line) => known[line] !== undefined)
const reasonOf = (list: TutorialList, line: string) => list.known[line]?.split(':')[0]
const count = (reason: string | undefined) =>
  lists.flatMap((list) => list.lines.filter((line) => reasonOf(list, line) === reason)).length

it('names reasons that exist, for lines that exist', () => {
  for (const { lines, known } of lists) {
    for (const [line, reason] of Object.entries(known)) {
      expect(lines).toContain(line)
      expect(Object.keys(reasons)).toContain(reason.split(':')[0])
    }
  }
})

it('works for nine of ten lines that a machine without internet can carry out', () => {
  expect(count(undefined) / (count(undefined) + count('kernel'))).toBeGreaterThanOrEqual(0.9)
})

it('is printed', () => {
  const all = lists.flatMap(({ lines }) => lines).length
  const sections = lists.map((list) => {
    const failing = [...new Set(without(list))]
    const rows = failing.map((line) => `| \`${line.replaceAll('|', '\\|')}\` | ${list.known[line]} |\n`)
    const table = rows.length > 0 ? `\n| does not work | because |\n|---|---|\n${rows.join('')}` : ''
    const works = list.lines.length - without(list).length
    return `## ${list.name}\n\n${list.origin}\n\n${works} of ${list.lines.length} lines work.\n${table}`
  })
  const meaning = Object.entries(reasons).map(([name, words]) => `| ${name} | ${count(name)} | ${words} |\n`)
  const head = `${count(undefined)} of ${all} lines work on any machine. The others:\n\n| reason | lines | what it means |\n|---|---|---|\n`
  expectPrinted('docs/tutorials.md', 'tutorials', `${head}${meaning.join('')}\n${sections.join('\n')}`)
})
