import { expect, test } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import {
  describeContents,
  installPackages,
  lastLines,
  machinePackages,
  missingPackages,
  stockKernelPackages,
} from '../../server/machine/packages.js'

const ROCKY = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.4"\n'
const DEBIAN = 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'

async function failureOf(work: Promise<unknown>): Promise<VethlabError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof VethlabError)) throw new Error('no VethlabError', { cause: failure })
  return failure
}

test('every package has something to judge its presence by, and a reason', () => {
  const tables = [...machinePackages, ...stockKernelPackages]
  for (const { name, binaries, file, reason } of tables) {
    expect(binaries.length > 0 || file !== undefined, name).toBe(true)
    expect(reason, name).toMatch(/^[a-z].*[^.]$/)
  }
  expect(new Set(tables.map(({ name }) => name)).size).toBe(tables.length)
})

test('a made-up binary is missing, one of every system is not', async () => {
  const ours = { name: 'coreutils', binaries: ['true'], reason: 'is everywhere' }
  const madeUp = { name: 'made-up', binaries: ['true', 'vethlab-made-up'], reason: 'is nowhere' }
  const noFile = { name: 'no-file', binaries: [], file: '/usr/share/vethlab-made-up', reason: 'is nowhere' }
  expect(await missingPackages([ours, madeUp, noFile])).toEqual([madeUp, noFile])
})

test('elsewhere than on Debian it says exactly what to install, all of it', async () => {
  const log: string[] = []
  const failure = await failureOf(
    installPackages(machinePackages, { log: (line) => log.push(line), osRelease: ROCKY, uid: 0 }),
  )
  expect(failure.code).toBe('machine.missing-tool')
  expect(failure.place).toBe('Rocky Linux 9.4')
  for (const { name, binaries } of machinePackages) {
    for (const word of [name, ...binaries]) expect(failure.message).toContain(word)
  }
  expect(failure.cure).toContain('btrfs-progs (btrfs, mkfs.btrfs)')
  expect(log).toEqual([])
})

test('who is not root is told the command', async () => {
  const failure = await failureOf(
    installPackages(machinePackages.slice(0, 2), { log: () => {}, osRelease: DEBIAN, uid: 1000 }),
  )
  expect(failure.code).toBe('machine.not-root')
  expect(failure.cure).toContain('apt-get install --no-install-recommends runc mmdebstrap')
})

test('with nothing missing it does nothing, on any distribution', async () => {
  await installPackages([], { log: () => {}, osRelease: ROCKY, uid: 1000 })
})

test('a package that only has its own name is not named twice', () => {
  expect(describeContents({ name: 'runc', binaries: ['runc'], reason: '' })).toBe('runc')
  expect(describeContents({ name: 'keys', binaries: [], file: '/k.gpg', reason: '' })).toBe('keys (/k.gpg)')
})

test('of apt’s output its own errors are told, else the end, without control characters', () => {
  expect(lastLines('Reading...\nE: Unable to locate package x\nE: And y\n')).toBe(
    'E: Unable to locate package x E: And y',
  )
  expect(lastLines('one\ntwo\n\u001b[31mthree\nfour\nfive\n')).toBe('two  [31mthree four five')
  expect(lastLines('')).toBe('apt said nothing')
})
