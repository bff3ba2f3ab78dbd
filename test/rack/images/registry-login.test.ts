import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readLogin, withLogin, withoutSecrets } from '../../../server/rack/images/registry-login.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethlab-login-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const auth = Buffer.from('ada:se:cret').toString('base64')

/** @param content text, or what becomes JSON */
function file(content: unknown): string {
  const path = join(folder, `${Math.random()}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const read = async (content: unknown, registry = 'r.example.org:5000') => {
  const { text, secrets } = await readLogin(file(content), registry)
  return { logins: JSON.parse(text) as unknown, secrets }
}

it('takes the logins for a registry, however its name is written, and no other', async () => {
  const others = {
    'x.example.org': { auth: 'eDp5' },
    'r.example.org': { auth: 'eDp5' },
    'r.example.org:5000.evil': { auth: 'eDp5' },
  }
  for (const name of [
    'r.example.org:5000',
    'https://r.example.org:5000',
    'http://r.example.org:5000/v1/',
    'r.example.org:5000/team',
  ]) {
    const config = {
      auths: { [name]: { auth, email: 'x' }, ...others },
      HttpHeaders: { a: 'b' },
      credsStore: 'desktop',
    }
    expect(await read(config)).toEqual({ logins: { auths: { [name]: { auth } } }, secrets: [auth, 'se:cret'] })
  }
  const hub = { auths: { 'https://index.docker.io/v1/': { auth: 'eDp5', identitytoken: 'tok' } } }
  expect(await read(hub, 'docker.io')).toEqual({ logins: hub, secrets: ['eDp5', 'y', 'tok'] })
})

it('says why there is none, in words that have nothing of the file', async () => {
  const said = async (content: unknown) => {
    const error = await read(content).then(
      () => undefined,
      (reason: Error) => reason,
    )
    const text = `${error?.message} ${(error as { cure?: string }).cure} ${JSON.stringify(error)} ${error?.stack}`
    for (const part of [auth, 'hunter2']) expect(text).not.toContain(part)
    return error?.message
  }
  expect(await said({ auths: { 'x.example.org': { auth } } })).toContain('has no login for r.example.org:5000')
  expect(await said({ auths: { 'r.example.org:5000': {} }, credsStore: 'desktop' })).toContain(
    'leaves its passwords to a helper (desktop)',
  )
  expect(await said({ credHelpers: { 'r.example.org:5000': 'pass' }, auths: {} })).toContain('helper (pass)')
  expect(await said({ auths: { 'r.example.org:5000': null } })).toContain('has no login')
  expect(await said(`hunter2 ${auth}`)).toContain('is no file of logins')
  expect(await said(`{"auths": "${auth}"}`)).toContain('is no file of logins')
  expect(await said({ auths: { 'r.example.org:5000': { auth: 7, password: 'hunter2' } } })).toContain('has no login')
  await expect(readLogin(join(folder, 'nowhere'), 'x')).rejects.toThrow("can't be read (ENOENT)")
  await expect(readLogin(folder, 'x')).rejects.toThrow("can't be read (no file)")
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(readLogin(pipe, 'x')).rejects.toThrow("can't be read (no file)")
  await expect(readLogin(file('x'.repeat(1024 ** 2 + 1)), 'x')).rejects.toThrow('larger than 1 MiB')
})

it('hands it on to a program of another user, more than once, and leaves no file', async () => {
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? 65_534 : process.getuid!()
  const directory = mkdtempSync(join(folder, 'own-'))
  chmodSync(folder, 0o711)
  chmodSync(directory, 0o700)
  if (isRoot) chownSync(directory, user, user)
  const read = await withLogin({ text: '{"auths":{}}', secrets: [] }, { directory, user }, async (descriptor) => {
    expect(readdirSync(directory)).toEqual([])
    const argv = ['cat', '/proc/self/fd/3', '/proc/self/fd/3']
    const drop = isRoot ? ['setpriv', '--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', '--'] : []
    const [program, ...args] = [...drop, ...argv]
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit', descriptor] })
    let text = ''
    child.stdout!.setEncoding('utf8').on('data', (some: string) => {
      text += some
    })
    await once(child, 'close')
    return text
  })
  expect(read).toBe('{"auths":{}}{"auths":{}}')
  expect(readdirSync(directory)).toEqual([])
})

it('what a program says is told without it', () => {
  const login = { text: '', secrets: [auth, 'se:cret'] }
  expect(withoutSecrets(`no ${auth} for ada:se:cret`, login)).toBe('no … for ada:…')
  expect(withoutSecrets('as it is', undefined)).toBe('as it is')
})
