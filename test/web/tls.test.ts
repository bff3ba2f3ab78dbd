import { mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tlsOf } from '../../server/commands/tls-files.js'
import { House, tls, token } from './house.js'

const file = (name: string) => fileURLToPath(new URL(`tls/${name}`, import.meta.url))

describe('with a certificate', () => {
  let house: House
  beforeEach(async () => {
    house = await House.start({ tls })
  })
  afterEach(() => house.stop())

  it('serves the app over TLS, and its cookie goes over nothing else', async () => {
    const { status, headers } = await house.get(`/?token=${token}`)
    expect(status).toBe(303)
    expect(String(headers['set-cookie'])).toContain('; Secure')
    const page = await house.known('/')
    expect(page.status).toBe(200)
    expect(page.headers['content-security-policy']).toContain(`wss://127.0.0.1:${house.port}`)
  })

  it('lets sockets of its own pages in', async () => {
    expect(await house.connect()).toMatchObject({ connected: true })
    expect(await house.connect({ origin: 'https://elsewhere.example' })).toContain('403')
  })

  it('says nothing to who speaks plain http', async () => {
    const got = await new Promise<string>((resolve) => {
      const asking = request({ host: '127.0.0.1', port: house.port, path: '/' }, (answer) =>
        resolve(`${answer.statusCode}`),
      )
      asking.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
      asking.end()
    })
    expect(['ECONNRESET', 'HPE_INVALID_CONSTANT', '400']).toContain(got)
  })
})

describe('the files of a certificate', () => {
  it('are read', async () => {
    expect(await tlsOf({})).toBeUndefined()
    expect(await tlsOf({ tlsCert: file('cert.pem'), tlsKey: file('key.pem') })).toEqual(tls)
  })

  const noPem = join(mkdtempSync(join(tmpdir(), 'tls-')), 'no.pem')
  writeFileSync(noPem, 'nothing')
  it.each([
    ['one alone', { tlsCert: file('cert.pem') }, /--tls-cert: is but one half.*Give both/],
    ['the other alone', { tlsKey: file('key.pem') }, /--tls-key: is but one half/],
    ['one that is not there', { tlsCert: '/nowhere/c.pem', tlsKey: file('key.pem') }, /--tls-cert .*ENOENT/],
    ["another one's key", { tlsCert: file('cert.pem'), tlsKey: file('other-key.pem') }, /can't be used together/],
    ['no PEM', { tlsCert: noPem, tlsKey: noPem }, /can't be used together/],
  ])('%s is refused in one line', async (_name, options, message) => {
    await expect(tlsOf(options)).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringMatching(message),
    })
  })
})
