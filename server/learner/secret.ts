import { createHash, randomBytes } from 'node:crypto'

/** Of 32 random bytes, for cookies and links. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function isSecret(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** What is kept in a secret's place: who reads it can't come in with it. For secrets that nobody can guess. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
