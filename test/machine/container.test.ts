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
  // Without it `vethlab images add REFERENCE` would be of no use there.
  expect(installed).toContain('skopeo')
})

it('the image has every file that the package has', () => {
  const { files } = JSON.parse(textOf('package.json')) as { files: string[] }
  for (const file of files) {
    expect(textOf('Dockerfile')).toContain(`COPY --from=build /vethlab/${file} `)
  }
})

interface Service {
  command: string[]
  privileged: boolean
  ports: string[]
  volumes: string[]
  healthcheck: { test: string[] }
}
const serviceOf = (text: string) => (parse(text) as { services: { vethlab: Service } }).services.vethlab

it('listens, publishes and asks whether it is well at the same ports, which the environment may choose', () => {
  const { command, ports, healthcheck } = serviceOf(textOf('compose.yaml'))
  const chosen = (name: string, usual: string) => `\${${name}:-${usual}}`
  const port = chosen('VETHLAB_PORT', '8080')
  const previews = chosen('VETHLAB_PREVIEWS', '8081-8100')
  expect(command.slice(command.indexOf('--port'), -1)).toEqual(['--port', port, '--preview-ports', previews])
  expect(ports).toEqual([port, previews].map((one) => `127.0.0.1:${one}:${one}`))
  expect(healthcheck.test.slice(0, 2)).toEqual(['CMD', 'curl'])
  expect(healthcheck.test.at(-1)).toBe(`http://127.0.0.1:${port}/`)
})

it('can have labs and images of its own as docs/operate.md says, with all options of compose.yaml', () => {
  const [, block = ''] = /```yaml override\n([\s\S]*?)```/.exec(textOf('docs/operate.md')) ?? []
  const { command, volumes } = serviceOf(block)
  expect(command).toEqual([...serviceOf(textOf('compose.yaml')).command, '--labs', '/my-labs'])
  expect(volumes).toEqual(['./my-labs:/my-labs:ro', './my-images:/my-images:ro'])
})

it('is open to this machine alone, and says that it is privileged where it is started', () => {
  const { privileged, ports, command } = serviceOf(textOf('compose.yaml'))
  expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
  expect(command).not.toContain('--no-token')
  expect(privileged).toBe(true)
  for (const file of ['compose.yaml', 'README.md', 'docs/operate.md'])
    expect(textOf(file)).toMatch(/is (?:\*\*)?privileged/)
})
