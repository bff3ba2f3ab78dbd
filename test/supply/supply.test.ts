import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { expectPrinted } from '../house/printed.js'
import { licenceOf, licenceTables } from './licences.js'
import { locked, nameOf, neededBy } from './lock.js'

/** Packages that would run a program when they are installed. They are not let: `--ignore-scripts` everywhere. */
const withScripts = ['@photostructure/sqlite', 'koffi', 'msgpackr-extract', 'node-pty']
/** Each lets us give it away with the rest under MIT, as it is. */
const allowed = [
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0', 'PSF-2.0', 'Unlicense'],
  ...['MIT OR Apache-2.0', '(MPL-2.0 OR Apache-2.0)'],
]
/** For what is only used to build and to test. */
const allowedInTests = [...allowed, 'MPL-2.0']

it('each package has a hash of its content, and comes from the registry that is set, not from an address', () => {
  expect(locked.size).toBeGreaterThan(100)
  const wrong = [...locked].filter(
    ([, { integrity, resolved, link }]) =>
      !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') || resolved !== undefined || link === true,
  )
  expect(wrong.map(([place]) => place)).toEqual([])
})

it('only those that are listed would run something when they are installed, and none may', () => {
  const found = [...locked].filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => nameOf(place))
  expect(found.toSorted()).toEqual(withScripts)
  for (const file of ['server/start.mjs', 'test/run.mjs']) {
    const installs = readFileSync(fromPackage(file), 'utf8').match(/\['ci'[^\]]*\]/g) ?? []
    expect(installs.length, file).toBeGreaterThan(0)
    for (const install of installs) expect(install, file).toContain("'--ignore-scripts'")
  }
})

it('each has a licence that goes with ours', () => {
  const wrong = [...locked].filter(([place, { dev }]) => !(dev ? allowedInTests : allowed).includes(licenceOf(place)))
  expect(wrong.map(([place]) => `${place}: ${licenceOf(place)}`)).toEqual([])
  const pages = [...neededBy('client')].filter((place) => !allowed.includes(licenceOf(place)))
  expect(pages).toEqual([])
})

it('docs/licences.md lists them', () => {
  expectPrinted('docs/licences.md', 'licences', licenceTables())
})

it('a package has all that the program reads of its own', () => {
  const named = readdirSync(fromPackage('server'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'package-root.ts')
    .flatMap((file) => [...readFileSync(fromPackage('server', file), 'utf8').matchAll(/fromPackage\(([^()]*)\)/g)])
    .map(([, words = '']) => [...words.matchAll(/'([^']+)'/g)].map(([, word]) => word).join('/'))
  expect(named.length).toBeGreaterThan(8)
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: fromPackage(), encoding: 'utf8' }),
  ) as { files: { path: string }[] }[]
  const files = packed!.files.map(({ path }) => path)
  // What a build makes may not be there yet; `files` names all of dist.
  const missing = named.filter(
    (name) => !name.startsWith('dist/') && !files.some((path) => path === name || path.startsWith(`${name}/`)),
  )
  expect(missing).toEqual([])
  const { files: wanted, private: isPrivate } = JSON.parse(readFileSync(fromPackage('package.json'), 'utf8'))
  expect(wanted).toContain('dist')
  expect(isPrivate).toBeUndefined()
})
