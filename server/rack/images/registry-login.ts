import { randomBytes } from 'node:crypto'
import { closeSync, constants, fchownSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { oneLine } from '../../wording/one-line.js'

/** What a registry is told of who asks. Neither a command line, nor the environment, nor a file that stays has it. */
export interface RegistryLogin {
  /** Logins for that registry alone, in the form of containers-auth.json(5). */
  text: string
  /** What must not be printed, whoever says it. */
  secrets: string[]
}

const largestFileBytes = 1024 ** 2
const Entry = z.object({ auth: z.string().min(1).optional(), identitytoken: z.string().min(1).optional() })
type Entry = z.infer<typeof Entry>
const LoginFile = z.object({
  auths: z.record(z.string(), z.unknown()).default({}),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
})

/**
 * Reads the logins for a registry from a file as `docker login`, `podman login` and `skopeo login` write it.
 * @param registry such as `registry.example.org:5000`
 * @throws VethlabError image.unreadable; no message has anything that stands in the file, but for the name of a helper
 */
export async function readLogin(file: string, registry: string): Promise<RegistryLogin> {
  const refuse = (what: string, cure: string) =>
    new VethlabError('image.unreadable', what, { place: oneLine(file, 200), cure })
  const make = `\`skopeo login --authfile ${oneLine(file, 200)} ${registry}\` makes one.`
  const parsed = safeParse(LoginFile, parsedJson(await contentOf(file, refuse)))
  if (!parsed.success) throw refuse('is no file of logins', `Give the config.json of docker, or an auth.json: ${make}`)
  const { auths, credsStore, credHelpers } = parsed.data
  const own = Object.entries(auths).flatMap(([name, raw]): [string, Entry][] => {
    const entry = hostOf(name) === registry ? safeParse(Entry, raw).data : undefined
    return entry?.auth === undefined && entry?.identitytoken === undefined ? [] : [[name, entry]]
  })
  if (own.length > 0) {
    const secrets = own.flatMap(([, entry]) => secretsOf(entry))
    return { text: JSON.stringify({ auths: Object.fromEntries(own) }), secrets }
  }
  const helper = Object.entries(credHelpers).find(([name]) => hostOf(name) === registry)?.[1] ?? credsStore
  if (helper === undefined) throw refuse(`has no login for ${registry}`, make)
  const what = `leaves its passwords to a helper (${oneLine(helper, 60)}), which is not asked`
  throw refuse(what, `\`skopeo login --authfile FILE ${registry}\` makes a file that has one.`)
}

/** Of a name in such a file: a registry, one with a path below it, or Docker's old address. */
function hostOf(name: string): string {
  const [host = ''] = name.replace(/^https?:\/\//, '').split('/')
  return host === 'index.docker.io' ? 'docker.io' : host
}

function secretsOf({ auth, identitytoken }: Entry): string[] {
  const [, password = ''] = /^[^:]*:([\s\S]*)$/.exec(Buffer.from(auth ?? '', 'base64').toString()) ?? []
  return [auth ?? '', password, identitytoken ?? ''].filter((secret) => secret !== '')
}

async function contentOf(file: string, refuse: (what: string, cure: string) => VethlabError): Promise<string> {
  const failed = (why: string) => refuse(`can't be read (${why})`, 'Name a file of logins that you may read.')
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw failed(error.code ?? error.message)
  })
  try {
    const { size, isFile } = await handle.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }))
    if (!isFile) throw failed('no file')
    if (size > largestFileBytes) throw failed('larger than 1 MiB')
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** What a parser would say of it has pieces of it. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Hands a login on to a program of another user, as a file that has no name any more.
 * @param use is given a descriptor of it, which that user may open anew by /proc/self/fd
 */
export async function withLogin<T>(
  { text }: RegistryLogin,
  { directory, user }: { directory: string; user: number },
  use: (descriptor: number) => Promise<T>,
): Promise<T> {
  const path = join(directory, `login-${randomBytes(8).toString('hex')}`)
  const descriptor = openSync(path, 'wx', 0o400)
  try {
    unlinkSync(path)
    writeSync(descriptor, text)
    fchownSync(descriptor, user, user)
    return await use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** A text in which nothing of a login is left. */
export function withoutSecrets(text: string, login: RegistryLogin | undefined): string {
  return (login?.secrets ?? []).reduce((now, secret) => now.replaceAll(secret, '…'), text)
}
