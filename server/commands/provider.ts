import { readFile } from 'node:fs/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { ProviderOptions } from '../web/provider-options.js'

export interface ProviderFlags {
  oidcIssuer?: string
  oidcClient?: string
  oidcSecretFile?: string
  oidcRedirect?: string
  oidcName?: string
}

/** The login service that is named; undefined where none is. @throws VethlabError argument.invalid */
export async function providerOf(flags: ProviderFlags): Promise<ProviderOptions | undefined> {
  const { oidcIssuer: issuer, oidcClient: clientId, oidcRedirect: redirect, oidcSecretFile, oidcName } = flags
  if (issuer === undefined) return undefined
  for (const [flag, value] of [
    ['--oidc-client', clientId],
    ['--oidc-redirect', redirect],
  ] as const) {
    if (value !== undefined) continue
    throw new VethlabError('argument.invalid', 'is missing beside --oidc-issuer', {
      place: flag,
      cure: 'Say what the provider knows of this server: --oidc-client ID --oidc-redirect https://HOST/oidc',
    })
  }
  for (const [flag, value] of [
    ['--oidc-issuer', issuer],
    ['--oidc-redirect', redirect],
  ] as const) {
    if (URL.canParse(value!) && /^https?:$/.test(new URL(value!).protocol)) continue
    throw new VethlabError('argument.invalid', 'is no address of the web', {
      place: `${flag} ${value}`,
      cure: 'Give a whole one, such as https://id.example.org',
    })
  }
  if (!new URL(redirect!).pathname.endsWith('/oidc')) {
    throw new VethlabError('argument.invalid', 'does not end in /oidc', {
      place: `--oidc-redirect ${redirect}`,
      cure: 'Give the address by which browsers reach this server, and /oidc behind it.',
    })
  }
  const clientSecret = oidcSecretFile === undefined ? undefined : await secretIn(oidcSecretFile)
  const name = (oidcName ?? new URL(issuer).hostname).slice(0, 60)
  return ProviderOptions.parse({ issuer, clientId, redirect, name, ...(clientSecret ? { clientSecret } : {}) })
}

async function secretIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new VethlabError('argument.invalid', (error as NodeJS.ErrnoException).message, {
      place: '--oidc-secret-file',
      cure: 'Name a file that root can read.',
      cause: error,
    })
  }
}
