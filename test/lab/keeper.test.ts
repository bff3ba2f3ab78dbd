import { expect, it } from 'vitest'
import { restartsOf } from '../../server/lab/lab.js'
import { lintLab } from '../../server/lab/lint.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { pageSteps } from '../../server/session/catalogue.js'
import { read } from '../check/cases.js'

const ground = { images: ['nginx', 'alpine'], bundled: fromPackage('labs') }
const keeper = fromPackage('test/lab/keeper')

it('a check that has to survive is right, and a page says beforehand where Docker is restarted', async () => {
  const lab = await loadLab(keeper)
  expect(await lintLab(lab, ground)).toEqual([])
  expect(lab.steps[0]!.checks[0]).toMatchObject({ survives: 'restart' })
  expect(pageSteps(lab, 'somebody').map(({ restarts }) => restarts)).toEqual([['node1']])
})

it('Docker is restarted on the docker hosts that the checks name, else on the first one', async () => {
  const { home, plan } = await loadLab(fromPackage('labs', 'overlay'))
  const survives = 'restart'
  const on = (...checks: object[]) => restartsOf({ home, plan }, checks.map(read))
  expect(on({ container: { name: 'node2/web' }, survives })).toEqual(['node2'])
  expect(on({ container: { name: 'web' }, survives })).toEqual(['node1'])
  expect(on({ container: { name: 'node2/web' }, survives }, { container: { name: 'web' }, survives })).toEqual([
    'node1',
    'node2',
  ])
  expect(on({ container: { name: 'node2/web' } })).toEqual([])
})

it('lint refuses it where no host has Docker, and knows the reasons that it can fail with', async () => {
  const lab = await loadLab(keeper)
  const plain = {
    ...lab,
    home: 'laptop',
    plan: { ...lab.plan, hosts: lab.plan.hosts.filter(({ kind }) => kind === 'plain') },
  }
  expect((await lintLab(plain, ground)).map(({ what }) => what).join('\n')).toContain('no host has Docker')
  const [mistake] = lab.mistakes
  const other = { ...mistake!, fails: [{ ...mistake!.fails[0]!, check: 1 }] as NonNullable<typeof mistake>['fails'] }
  expect((await lintLab({ ...lab, mistakes: [other] }, ground)).map(({ what }) => what).join('\n')).toContain(
    'container never fails with "check.not-survived"',
  )
})
