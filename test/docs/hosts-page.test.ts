import { expect, it } from 'vitest'
import { hostsPage } from './hosts-page.js'

it('is what docs/hosts.md says; `vitest -u` writes it anew', async () => {
  await expect(hostsPage()).toMatchFileSnapshot('../../docs/hosts.md')
})

it('says of every image what it runs, also where that is inherited', () => {
  const rows = hostsPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows.filter((row) => row.endsWith('| `` |'))).toEqual([])
  expect(rows.find((row) => row.startsWith('| `ubuntu`'))).toMatch(/\| `bash` \|$/)
  expect(rows.find((row) => row.startsWith('| `mysql`'))).toMatch(/\| `docker-entrypoint.sh mysqld` \|$/)
  // An ENTRYPOINT of its own takes the command below away.
  expect(rows.find((row) => row.startsWith('| `chrch/web`'))).toMatch(/\| `\/demo-web` \|$/)
})
