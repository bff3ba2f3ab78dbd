import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { ScriptedProbe, yes } from '../check/cases.js'
import { StateBuilder } from '../check/state-builder.js'
import { writeLab } from '../lab/guide.js'

const examFiles = Object.fromEntries(
  ['lab.yaml', 'en.md', 'zh.md'].map((name) => [name, readFileSync(fromPackage('test/trial/exam', name), 'utf8')]),
)

/** The exam with other checks. */
export async function examWith(change: (yaml: string) => string, section = ''): Promise<Lab> {
  const directory = writeLab({
    'lab.yaml': change(examFiles['lab.yaml']!),
    'en.md': `${examFiles['en.md']}${section}`,
    'zh.md': `${examFiles['zh.md']}${section}`,
  })
  const named = join(directory, '../exam')
  renameSync(directory, named)
  return loadLab(named)
}

/** A network in which the exam is passed, but for a port that a wall is before. */
export function walled(): ScriptedProbe {
  const rack = new StateBuilder()
  const node1 = rack.docker('node1', '192.168.1.11')
  rack.plain('laptop', '192.168.1.50')
  rack.network(node1, { name: 'my_net', subnet: '172.20.0.0/16' })
  const publishes = [{ hostPort: 8080, containerPort: 80 }]
  rack.container(node1, 'web', { image: 'nginx', on: { my_net: undefined }, listens: [80], publishes })
  return new ScriptedProbe(rack)
}

/** The same without a wall. */
export function open(): ScriptedProbe {
  const { rack } = walled()
  const http = { ...yes, http: { status: 200, body: 'Welcome to nginx' } }
  return new ScriptedProbe(rack, { 'laptop http 192.168.1.11:8080': http })
}
