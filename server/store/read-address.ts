import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import pgpass from 'pgpass'
import { VethlabError } from '../error/vethlab-error.js'
import type { PostgresAddress } from './postgres-address.js'

/** What may stand behind the `?` of an address, as libpq names it. */
const known = ['host', 'port', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']
/** Stands for no host (RFC 2606). */
const nowhere = 'nowhere.invalid'
const modes = ['disable', 'require', 'verify-full']

/**
 * Reads `postgres://USER@HOST:PORT/DATABASE`. A password comes from the address, from PGPASSWORD, or from the file PGPASSFILE names
 * (~/.pgpass); certificates are read now, since the process that connects may not be able to.
 *
 * `sslmode`: `disable` (the default on this machine), `require` (encrypted, whoever answers: the default elsewhere), `verify-full` (also with
 * a certificate for that name: the default where `sslrootcert` is given).
 * @throws VethlabError argument.invalid; what it says has no password in it
 */
export async function readAddress(text: string): Promise<PostgresAddress> {
  const url = parsed(text)
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name))
      throw invalid(`has an option that is not known: ${name}`, `Known are ${known.join(', ')}.`)
  }
  const option = (name: string) => url.searchParams.get(name) ?? undefined
  const host = option('host') ?? (url.hostname === nowhere ? '' : decoded(url.hostname.replace(/^\[(.+)\]$/, '$1')))
  if (host === '')
    throw invalid('names no host', 'Write postgres://USER@HOST/DATABASE, or ?host=/DIRECTORY for a unix socket.')
  const port = Number(option('port') ?? (url.port === '' ? 5432 : url.port))
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw invalid('has a port that is none', 'Give 1 to 65535.')
  const user = decoded(url.username) || process.env.PGUSER || userInfo().username
  const database = decoded(url.pathname.slice(1)) || user
  const place = { host, port, user, database }
  const password = decoded(url.password) || process.env.PGPASSWORD || (await passwordOf(place))
  const ssl = sslOf(host, option)
  return { ...place, ...(password === undefined ? {} : { password }), ...(ssl === undefined ? {} : { ssl }) }
}

/** Whether an address has a password in it. */
export function hasPassword(text: string): boolean {
  return parsed(text).password !== ''
}

function parsed(text: string): URL {
  const mistake = invalid('is no address of a database', 'Write postgres://USER@HOST/DATABASE.')
  // One with a user and no host, as for a socket, is an address for PostgreSQL and none for URL.
  const whole = text.replace(/^(postgres(?:ql)?:\/\/(?:[^@/?]*@)?)(?=[/?]|$)/, `$1${nowhere}`)
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(whole)) throw mistake
  return new URL(whole)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('has a % that begins no character', 'Write %25 for the character % itself.')
  }
}

function sslOf(host: string, option: (name: string) => string | undefined): PostgresAddress['ssl'] {
  const isHere = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
  const mode =
    option('sslmode') ?? (option('sslrootcert') !== undefined ? 'verify-full' : isHere ? 'disable' : 'require')
  if (!modes.includes(mode)) throw invalid(`has the sslmode ${mode}`, `Known are ${modes.join(', ')}.`)
  if (mode === 'disable') return undefined
  const file = (name: string) => {
    const path = option(name)
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw invalid(`names a file for ${name} that can't be read: ${(error as Error).message}`, 'Mend its path.')
    }
  }
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')]
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(mode === 'require' ? { rejectUnauthorized: false } : {}),
  }
}

function passwordOf(place: Omit<PostgresAddress, 'password' | 'ssl'>): Promise<string | undefined> {
  return new Promise((resolve) => pgpass(place, resolve))
}

function invalid(what: string, cure: string): VethlabError {
  return new VethlabError('argument.invalid', what, { place: '--database', cure })
}
