import { expect, it } from 'vitest'
import { isNetworking, reasons, type TutorialList, tutorialLists } from '../hosts/tutorials/lists.js'
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

/** Those that work, those that do on a kernel that has what they need, and all of these lines. */
function sharesOf(isCounted: (line: string) => boolean) {
  const counted = lists.flatMap((list) => list.lines.filter(isCounted).map((line) => reasonOf(list, line)))
  const anywhere = counted.filter((reason) => reason === undefined || reason === 'shows').length
  const withKernel = anywhere + counted.filter((reason) => reason === 'kernel').length
  return { anywhere, withKernel, all: counted.length }
}
const percent = (some: number, all: number) => `${some} of ${all} (${Math.floor((100 * some) / all)} %)`

it('a line is about the network by its command', () => {
  for (const line of [
    'ping -c 2 google.com   # [c]',
    'sudo ip netns exec test1 ip a',
    'docker exec web ping db',
    "docker exec app-1 sh -c 'curl -sS app-2'",
    'docker run --rm --net dev centos curl -s es:9200',
    'docker run -d -P nginx',
    'docker service create --name vote -p 8080:80 instavote/vote',
    'docker network ls',
    "docker inspect -f '{{ .NetworkSettings.IPAddress }}' web",
    'docker swarm init',
    'sudo iptables -t nat -L | grep DNAT',
  ]) {
    expect([line, isNetworking(line)]).toEqual([line, true])
  }
  for (const line of [
    'docker ps',
    'docker run -dit --name alpine1 alpine ash',
    'docker service ls',
    'docker attach alpine1',
    'apt-get install iputils-ping',
    'docker logs -f web',
    'cat /etc/hosts',
    'docker container inspect web',
  ]) {
    expect([line, isNetworking(line)]).toEqual([line, false])
  }
})

it('works for nine of ten commands about the network, on any machine', () => {
  const { anywhere, all } = sharesOf(isNetworking)
  expect(all).toBeGreaterThan(300)
  expect(anywhere / all).toBeGreaterThanOrEqual(0.9)
})

it('is printed', () => {
  const [all, networking] = [sharesOf(() => true), sharesOf(isNetworking)]
  const sections = lists.map((list) => {
    const failing = [...new Set(without(list))]
    const rows = failing.map((line) => `| \`${line.replaceAll('|', '\\|')}\` | ${list.known[line]} |\n`)
    const table = rows.length > 0 ? `\n| does not work | because |\n|---|---|\n${rows.join('')}` : ''
    const works = list.lines.filter((line) => [undefined, 'shows'].includes(reasonOf(list, line))).length
    return `## ${list.name}\n\n${list.origin}\n\n${works} of ${list.lines.length} lines work.\n${table}`
  })
  const meaning = Object.entries(reasons).map(([name, words]) => `| ${name} | ${count(name)} | ${words} |\n`)
  const rows = (['anywhere', 'withKernel'] as const).map(
    (on) =>
      `| ${on === 'anywhere' ? 'any machine' : 'a kernel that has all they need (not run)'} | ${percent(networking[on], networking.all)} | ${percent(all[on], all.all)} |\n`,
  )
  const head = `| lines that work on | about the network | of all |\n|---|---|---|\n${rows.join('')}\nThe second row is reckoned and not measured: it takes for granted that the lines with the reason *kernel* work where the kernel has what they need. The test lets them work or fail, and nobody has run them on such a kernel.\n\nA line is about the network where its command asks, changes or joins one (\`isNetworking\` in \`test/hosts/tutorials/lists.ts\`). The others:\n\n| reason | lines | what it means |\n|---|---|---|\n`
  expectPrinted('docs/tutorials.md', 'tutorials', `${head}${meaning.join('')}\n${sections.join('\n')}`)
})
