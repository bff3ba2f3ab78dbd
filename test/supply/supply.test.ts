import { readFileSync } from 'node:fs'
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
