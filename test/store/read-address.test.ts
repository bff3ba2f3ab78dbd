import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { addressText } from '../../server/store/postgres-database.js'
import { hasPassword, readAddress } from '../../server/store/read-address.js'
import { newDirectory } from './directory.js'

afterEach(() => vi.unstubAllEnvs())

it.each([
  ['postgres://ada@db.example.org/labs', { host: 'db.example.org', port: 5432, user: 'ada', database: 'labs' }],
  ['postgresql://ada@db:6000/labs', { host: 'db', port: 6000 }],
  ['postgres://ada@[2001:db8::1]:5433/labs', { host: '2001:db8::1', port: 5433 }],
  ['postgres://ada@/labs?host=/run/postgresql', { host: '/run/postgresql', port: 5432, user: 'ada', database: 'labs' }],
  ['postgres:///labs?host=/run/postgresql&port=5433', { host: '/run/postgresql', port: 5433, database: 'labs' }],
  ['postgres://ada:p%40ss%3A@db/labs', { password: 'p@ss:' }],
  ['postgres://ada@db', { database: 'ada' }],
])('reads %s', async (text, expected) => {
  expect(await readAddress(text)).toMatchObject(expected)
})

it.each([
  ['mysql://db/labs', 'is no address of a database'],
  ['rubbish', 'is no address of a database'],
  ['postgres://ada:secret@db:99999/labs', 'is no address of a database'],
  ['postgres:///labs', 'names no host'],
  ['postgres://db/labs?sslmode=perhaps', 'has the sslmode perhaps'],
  ['postgres://db/labs?ssl=true', 'has an option that is not known: ssl'],
  ['postgres://db/labs?sslrootcert=/nowhere', "names a file for sslrootcert that can't be read"],
])('refuses %s', async (text, what) => {
  const error = await readAddress(text).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'argument.invalid' })
  expect((error as Error).message).toContain(what)
  expect((error as Error).message).not.toContain('secret')
})

it('asks for TLS of other machines, and for a name where a root is given', async () => {
  const ca = join(newDirectory(), 'ca.pem')
  writeFileSync(ca, 'a certificate')
  expect((await readAddress('postgres://ada@db/labs')).ssl).toEqual({ rejectUnauthorized: false })
  expect((await readAddress('postgres://ada@db/labs?sslmode=verify-full')).ssl).toEqual({})
  expect((await readAddress(`postgres://ada@db/labs?sslrootcert=${ca}`)).ssl).toEqual({ ca: 'a certificate' })
  for (const here of ['localhost', '127.0.0.1', '[::1]', '']) {
    expect(await readAddress(`postgres://ada@${here}/labs?host=/tmp`)).not.toHaveProperty('ssl')
  }
  expect(await readAddress('postgres://ada@db/labs?sslmode=disable')).not.toHaveProperty('ssl')
})

it('takes the password from where others can not read it', async () => {
  const file = join(newDirectory(), 'pgpass')
  writeFileSync(file, '# a comment\ndb:5432:labs:ada:from\\:the file\n')
  chmodSync(file, 0o600)
  vi.stubEnv('PGPASSFILE', file)
  expect(await readAddress('postgres://ada@db/labs')).toMatchObject({ password: 'from:the file' })
  expect(await readAddress('postgres://ada@other/labs')).not.toHaveProperty('password')
  vi.stubEnv('PGPASSWORD', 'from the environment')
  expect(await readAddress('postgres://ada@db/labs')).toMatchObject({ password: 'from the environment' })
  expect(hasPassword('postgres://ada@db/labs')).toBe(false)
  expect(hasPassword('postgres://ada:x@db/labs')).toBe(true)
})

it('is told without its password, and read again the same', async () => {
  for (const text of [
    'postgres://ada:secret@db/labs',
    'postgres://a%40b:secret@/my%20labs?host=/run/pg',
    'postgres://ada@[::1]:6/x',
  ]) {
    const { password: _, ...address } = await readAddress(text)
    expect(addressText(address)).not.toContain('secret')
    expect(await readAddress(addressText(address))).toEqual(address)
  }
})
