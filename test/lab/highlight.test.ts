import { expect, it } from 'vitest'
import { codeHtml } from '../../server/lab/highlight.js'

/** Words in the colours of commands and of the shell's own words. */
function marked(text: string): string[] {
  return [...codeHtml(text, 'bash').matchAll(/hljs-(?:built_in|keyword|literal)">([^<]*)</g)].map((match) => match[1]!)
}

it.each<[string, string[]]>([
  ['docker run -d --rm --name web nginx', ['docker']],
  ['docker run --link db --time 2 x', ['docker']],
  ['ip link set eth0 up', ['ip']],
  ['iptables -A INPUT -m set --match-set in src -j DROP', ['iptables']],
  ['curl -s \\\n  http://x/link | grep set', ['curl', 'grep']],
  ['FOO=1 set -e; ls', ['ls']],
  ['for n in 1 2; do echo $n; done', ['for', 'do', 'echo', 'done']],
  ['sudo rm x && test -e y || false', ['sudo', 'rm', 'test', 'false']],
  ['# set it\nset -e', ['set']],
])('marks in %j the commands %j', (text, words) => {
  expect(marked(text)).toEqual(words)
})
