import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { machinePackages } from '../../server/machine/packages.js'
import { fromPackage } from '../../server/package-root.js'

const textOf = (file: string) => readFileSync(fromPackage(file), 'utf8')

it('the image has every package that a machine needs, so that nothing is installed when it starts', () => {
  const [, listed = ''] = /apt-get install [^\n]*\n([\s\S]*?)\n {2}&&/.exec(textOf('Dockerfile')) ?? []
  const installed = listed.split(/[\s\\]+/).filter((word) => word !== '')
  expect(installed).toEqual(installed.toSorted())
  for (const { name } of machinePackages) expect(installed).toContain(name)
})

it('the image has every file that the package has', () => {
  const { files } = JSON.parse(textOf('package.json')) as { files: string[] }
  for (const file of files) {
    expect(textOf('Dockerfile')).toContain(`COPY --from=build /vethlab/${file} `)
  }
})

it('is open to this machine alone, and says that it is privileged where it is started', () => {
  const { services } = parse(textOf('compose.yaml')) as {
    services: { vethlab: { privileged: boolean; ports: string[]; command: string[] } }
  }
  const { privileged, ports, command } = services.vethlab
  expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
  expect(command).not.toContain('--no-token')
  expect(privileged).toBe(true)
  for (const file of ['compose.yaml', 'README.md', 'docs/operate.md'])
    expect(textOf(file)).toMatch(/is (?:\*\*)?privileged/)
})
