// Reads every Perl program of the project as Perl does (perl -c), with all warnings on: each must be without fault.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const eyes = join(root, 'server/rack/eyes')

if (spawnSync('perl', ['-v']).error) {
  console.log('There is no perl here, so no Perl program was looked at; `vethlab setup` brings it.')
  process.exit(0)
}
let faults = 0
const programs = ['server', 'test', 'labs'].flatMap(perlIn)
for (const program of programs) {
  const { status, stderr } = spawnSync('perl', ['-wc', `-I${eyes}`, program], { encoding: 'utf8' })
  if (status === 0 && stderr === `${program} syntax OK\n`) continue
  faults++
  console.error(`${relative(root, program)}: ${stderr.replaceAll(`${root}/`, '').trim()}`)
}
console.log(`${programs.length} Perl programs, ${faults} with faults`)
process.exit(faults > 0 ? 1 : 0)

function perlIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /\.p[lm]$/.test(path) || (!/\.\w+$/.test(path) && firstLine(path).includes('perl')))
}

function firstLine(path) {
  const beginning = Buffer.alloc(64)
  const file = openSync(path, 'r')
  readSync(file, beginning)
  closeSync(file)
  const [line = ''] = beginning.toString('latin1').split('\n')
  return line.startsWith('#!') ? line : ''
}
