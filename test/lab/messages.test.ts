import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { placeOf } from '../../server/lab/lab.js'
import { lintedLab } from '../../server/lab/reading.js'
import { fromPackage } from '../../server/package-root.js'
import { brokenFiles, brokenLabs } from './broken-labs.js'
import { writeLab } from './guide.js'

const images = ['busybox', 'mariadb', 'netshoot', 'nginx', 'redis']

/** The lines that `vethlab lint` prints, without the folder. */
async function said(changes: (typeof brokenLabs)[string]): Promise<string[]> {
  const folder = writeLab(brokenFiles(changes))
  try {
    const { problems } = await lintedLab(folder, { images, bundled: fromPackage('labs') })
    return problems.map((one) => `${placeOf(one)}: ${one.what}. ${one.cure}`.slice(folder.length + 1))
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
}

it('each way in which a lab is wrong is told in plain words with its place', async () => {
  const all: string[] = []
  for (const [name, changes] of Object.entries(brokenLabs))
    all.push(`${name}`, ...(await said(changes)).map((line) => `  ${line}`))
  await expect(`${all.join('\n')}\n`).toMatchFileSnapshot('messages.txt')
})

it('no message is in the words of a library', async () => {
  for (const changes of Object.values(brokenLabs)) {
    const lines = await said(changes)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      expect(line).toMatch(/^[\w./-]+:\d+(:\d+)?: /)
      expect(line).not.toMatch(/Invalid|expected|received|undefined|\[object|NaN|too (small|big)|Unrecognized/i)
    }
  }
})

it('all that is wrong is said at once, in whatever file', async () => {
  const lines = await said({
    ...brokenLabs['points with three decimals'],
    ...brokenLabs['a page that is missing'],
    ...brokenLabs['a folder with a misspelt name'],
    'setup.sh': 'if true; then\n',
    'mistakes/not-internal.md': (text) => text.replace('check: 1', 'check: 9'),
    'en.md': (text) => text.replace('is hard to rob', '[is](../nowhere) hard to rob'),
  })
  expect(lines.map((line) => line.split(':')[0])).toEqual(
    expect.arrayContaining(['lab.yaml', 'zh.md', 'mistake', 'setup.sh', 'mistakes/not-internal.md', 'en.md']),
  )
})
