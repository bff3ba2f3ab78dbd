import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** 2^15 blocks of 8 x 128 bytes, 32 MiB: what OWASP's cheat sheet names for scrypt, with 3 lanes one after another. */
const cost = { N: 2 ** 15, r: 8, p: 3 }
const keyBytes = 32
const shortest = 12
const longest = 256

/** Why that can be no password: too short or too long, in characters. */
export function passwordFault(password: string): 'short' | 'long' | undefined {
  const characters = [...password].length
  return characters < shortest ? 'short' : characters > longest ? 'long' : undefined
}

/** What is kept of a password: `scrypt$N$r$p$salt$key`. */
export async function keptPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Whether it is that password. Where none is kept, it takes its time all the same: whether somebody is known is not to be seen by it. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, N, r, p, salt, key] = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]+)\$([\w-]+)$/.exec(kept ?? '') ?? []
  if (salt === undefined || key === undefined) {
    await derive(password, randomBytes(16), cost)
    return false
  }
  const derived = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) })
  const expected = Buffer.from(key, 'base64url')
  return derived.length === expected.length && timingSafeEqual(derived, expected)
}

/** One at a time: each takes 32 MiB, and whoever sends many passwords must not take a gigabyte. */
let turn: Promise<unknown> = Promise.resolve()

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  const mine = turn.then(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(
          password.normalize('NFC').slice(0, longest),
          salt,
          keyBytes,
          { ...options, maxmem: 128 * 1024 ** 2 },
          (error, key) => (error ? reject(error) : resolve(key)),
        )
      }),
  )
  turn = mine.catch(() => {})
  return mine
}
