import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { VethlabError } from '../error/vethlab-error.js'
import type { Tls } from '../web/web-options.js'
import { oneLine } from '../wording/one-line.js'

/** Reads the certificate and the key of a server. @throws VethlabError argument.invalid where they can't be used together */
export async function tlsOf({ tlsCert, tlsKey }: { tlsCert?: string; tlsKey?: string }): Promise<Tls | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new VethlabError('argument.invalid', 'is but one half', {
      place: tlsCert === undefined ? '--tls-key' : '--tls-cert',
      cure: 'Give both --tls-cert and --tls-key.',
    })
  }
  const [cert, key] = [await pem('--tls-cert', tlsCert), await pem('--tls-key', tlsKey)]
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new VethlabError('argument.invalid', `can't be used together: ${oneLine((error as Error).message, 200)}`, {
      place: `--tls-cert ${oneLine(tlsCert, 100)}, --tls-key ${oneLine(tlsKey, 100)}`,
      cure: 'Give a certificate in PEM and the unencrypted key that it was made for.',
      cause: error,
    })
  }
  return { cert, key }
}

async function pem(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new VethlabError('argument.invalid', `can't be read (${(error as NodeJS.ErrnoException).code})`, {
      place: `${option} ${oneLine(file, 200)}`,
      cure: 'Name a file in PEM.',
      cause: error,
    })
  }
}
