import { expect, test } from 'vitest'
import { isDebianLike, parseOsRelease } from '../../server/machine/os-release.js'

test('reads Debian’s own file', () => {
  const distribution = parseOsRelease(
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n',
  )
  expect(distribution).toEqual({ id: 'debian', like: [], title: 'Debian GNU/Linux 13 (trixie)' })
  expect(isDebianLike(distribution)).toBe(true)
})

test('knows a derivative by what it says it is like, in any quotes', () => {
  const mint = parseOsRelease(`# a comment\nID=linuxmint\nID_LIKE="ubuntu debian"\nPRETTY_NAME='Linux Mint 22'\n`)
  expect(mint).toEqual({ id: 'linuxmint', like: ['ubuntu', 'debian'], title: 'Linux Mint 22' })
  expect(isDebianLike(mint)).toBe(true)
})

test('takes back what is escaped', () => {
  expect(parseOsRelease('ID=x\nPRETTY_NAME="A \\"B\\" \\$C"\n').title).toBe('A "B" $C')
})

test('does not mistake another distribution, or a name that only contains Debian’s', () => {
  expect(isDebianLike(parseOsRelease('ID="rocky"\nID_LIKE="rhel centos fedora"\n'))).toBe(false)
  expect(isDebianLike(parseOsRelease('ID=notdebian\n'))).toBe(false)
})

test('an empty or hostile file is no distribution', () => {
  expect(parseOsRelease('')).toEqual({ id: '', like: [], title: 'a Linux without /etc/os-release' })
  expect(parseOsRelease('=\nID\n$(reboot)\nid=debian\n').id).toBe('')
})
