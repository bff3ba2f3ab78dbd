import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { commandLines } from '../../server/terminal/command-lines.js'

/** Whether bash takes it as whole: it reads it and runs nothing (bash(1), -n). */
function isWhole(text: string): boolean {
  try {
    const said = execFileSync('bash', ['-n'], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
    return said === ''
  } catch {
    return false
  }
}

it.each<[string, string[]]>([
  ['docker ps', ['docker ps']],
  ['docker ps\nip -br addr\n', ['docker ps', 'ip -br addr']],
  ['curl -s \\\n  http://web\nip a', ['curl -s \\\n  http://web', 'ip a']],
  ['# why\nip a\nip r\n# that was it', ['# why\nip a', 'ip r\n# that was it']],
  ["echo 'a\nb'\nls", ["echo 'a\nb'", 'ls']],
  ['echo "it\'s $(echo ")" \')\')"\nls', ['echo "it\'s $(echo ")" \')\')"', 'ls']],
  ['ip a |\n  grep eth0\nls', ['ip a |\n  grep eth0', 'ls']],
  ['docker pull x ||\n  true\nls', ['docker pull x ||\n  true', 'ls']],
  ['for n in 1 2\ndo\n  echo $n\ndone\nls', ['for n in 1 2\ndo\n  echo $n\ndone', 'ls']],
  ['for n in 1 2; do echo done; done\nls', ['for n in 1 2; do echo done; done', 'ls']],
  ['if ip a; then\n  echo fi\nfi\nls', ['if ip a; then\n  echo fi\nfi', 'ls']],
  ['nc -l 80 &\nsleep 1', ['nc -l 80 &', 'sleep 1']],
  ['(cd /tmp\nls)\nls', ['(cd /tmp\nls)', 'ls']],
  ["docker inspect -f '{{.Id}}' web\nls", ["docker inspect -f '{{.Id}}' web", 'ls']],
  ['ls > /tmp/x 2>&1\nls', ['ls > /tmp/x 2>&1', 'ls']],
  // Not understood for sure, so left whole.
  ['cat > f <<EOF\na\nEOF\nls', ['cat > f <<EOF\na\nEOF\nls']],
  ['case x in\n x) ls;;\nesac\nls', ['case x in\n x) ls;;\nesac\nls']],
  ['echo )\nls', ['echo )\nls']],
  ['a() {\n  ls\n}\na', ['a() {\n  ls\n}\na']],
])('enters %j as %j', (text, commands) => {
  expect(commandLines(text)).toEqual(commands)
})

it('never cuts what a shell takes as one command, in any block of any lab', async () => {
  const labs = fromPackage('labs')
  let several = 0
  for (const id of readdirSync(labs)) {
    if (!existsSync(join(labs, id, 'lab.yaml'))) continue
    const lab = await loadLab(join(labs, id))
    const blocks = [
      ...lab.pages.en.sections.flatMap((section) => section.blocks),
      ...lab.steps.flatMap((step) => step.solution),
    ]
    for (const { text } of blocks) {
      const commands = commandLines(text)
      expect(commands.join('\n')).toBe(text)
      if (commands.length === 1) continue
      several++
      for (const command of commands) expect(isWhole(command), command).toBe(true)
    }
  }
  expect(several).toBeGreaterThan(10)
}, 120_000)

it('loses and changes nothing, whatever the text', () => {
  const piece = fc.constantFrom(
    'ls',
    ' ',
    '\n',
    "'",
    '"',
    '`',
    '$(',
    ')',
    '(',
    '{',
    '}',
    '\\',
    '#',
    '|',
    '&&',
    ';',
    '<<',
    'for',
    'do',
    'done',
    'if',
    'fi',
    'case',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('')
      expect(commandLines(text).join('\n')).toBe(text.replace(/\n+$/, ''))
    }),
    { numRuns: 500 },
  )
})
