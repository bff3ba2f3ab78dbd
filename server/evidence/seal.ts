import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import type { Signature } from './record.js'

/** The key of an installation, which signs its evidence; made when it is first wanted. Root's alone. @param path of its file */
export async function ownKey(path: string): Promise<KeyObject> {
  const found = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (found) return createPrivateKey(found)
  const { privateKey } = generateKeyPairSync('ed25519')
  const draft = `${path}.${process.pid}.draft`
  await writeFile(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  try {
    // Never over one that somebody else has made meanwhile, and may have signed with.
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  return createPrivateKey(await readFile(path))
}

export function publicOf(key: KeyObject): KeyObject {
  return key.type === 'public' ? key : createPublicKey(key)
}

/** A public key in PEM. @throws Error where it is none, or of another kind */
export function readPublic(pem: string): KeyObject {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('is no Ed25519 key')
  return key
}

/** `SHA256:` and its hash in base64, as ssh-keygen tells it: by which people know a key. */
export function fingerprintOf(key: KeyObject): string {
  return `SHA256:${createHash('sha256').update(derOf(key)).digest('base64').replace(/=+$/, '')}`
}

export function signed(bytes: Buffer, key: KeyObject): Signature {
  return {
    algorithm: 'Ed25519',
    key: derOf(key).toString('base64'),
    signature: sign(null, bytes, key).toString('base64'),
  }
}

/** Whether that key has signed these bytes, whatever the signature says of its key. */
export function isSigned(bytes: Buffer, { signature }: Signature, key: KeyObject): boolean {
  return verify(null, bytes, publicOf(key), Buffer.from(signature, 'base64'))
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function derOf(key: KeyObject): Buffer {
  return publicOf(key).export({ type: 'spki', format: 'der' })
}
