import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { House, token } from './house.js'

let house: House
beforeEach(async () => {
  house = await House.start({ perMinute: { known: 100, unknown: 6 } })
})
afterEach(() => house.stop())

const log = () => {
  const path = join(house.folder, 'security.log')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { at: _, times: __, from: ___, ...rest } = JSON.parse(line) as Record<string, string>
      return rest
    })
}

it('notes who was refused, and how they tried', async () => {
  await house.get('/')
  await house.get(`/?token=${token}x`)
  await house.get('/', { cookie: `${house.cookie}x` })
  await house.get('/', { host: 'evil.example' })
  await house.known('/', { origin: 'https://evil.example' })
  await house.known('/api/catalogue', { 'sec-fetch-site': 'cross-site' })
  await house.connect({ origin: 'https://other.example' })
  await house.connect({ cookie: `${house.cookie}y` })
  expect((await house.known('/')).status).toBe(200)
  expect(log()).toEqual([
    { event: 'login.refused', by: 'token' },
    { event: 'login.refused', by: 'cookie' },
    { event: 'name.foreign', name: 'evil.example' },
    { event: 'origin.foreign', origin: 'https://evil.example' },
    { event: 'origin.foreign', origin: 'cross-site' },
    { event: 'origin.foreign', origin: 'https://other.example' },
  ])
})

it('keeps no secret, also one that was nearly right', async () => {
  await house.get(`/?token=${token}x`)
  await house.get('/', { cookie: `${house.cookie}x` })
  const text = readFileSync(join(house.folder, 'security.log'), 'utf8')
  for (const secret of [token, house.cookie.split('=')[1]!]) expect(text).not.toContain(secret.slice(0, 12))
})

it('notes who asks without end, once', async () => {
  for (let n = 0; n < 12; n++) await house.get('/')
  expect(log()).toEqual([{ event: 'requests.limited' }])
})
