import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { VethlabError } from '../error/vethlab-error.js'
import { newSecret } from '../learner/secret.js'
import { oneLine } from '../wording/one-line.js'
import type { ProviderOptions } from './provider-options.js'

/** Who somebody is there. A person is told by issuer and subject together; an e-mail address may be given to another one some day. */
export interface Identity {
  issuer: string
  subject: string
  name: string
}

/** Of a login that was begun, until the browser is back; and of an identity that has no seat yet. */
const pendingMs = 10 * 60_000
const mostPending = 1_000
const answerSeconds = 10

interface Begun {
  state: string
  nonce: string
  verifier: string
  /** The secret of an invitation that is to be accepted by this login. */
  invitation?: string | undefined
}

/** OpenID Connect, the code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9700). */
export class Provider {
  #configuration: Promise<Configuration> | undefined
  readonly #begun = new Expiring<Begun>()
  readonly #known = new Expiring<Identity>()

  constructor(private readonly options: ProviderOptions) {}

  get name(): string {
    return this.options.name
  }

  /** @returns where the browser goes, and the secret that it comes back with. @throws VethlabError provider.unreachable */
  async begin(invitation?: string): Promise<{ url: string; secret: string }> {
    const configuration = await this.#discovered()
    const begun = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), invitation }
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.options.redirect,
      scope: 'openid profile',
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    })
    return { url: url.href, secret: this.#begun.add(begun) }
  }

  /**
   * @param query of the address that the browser came back with
   * @returns undefined for what this server has not begun, or too long ago
   * @throws VethlabError provider.unreachable, provider.refused
   */
  async finish(
    secret: string,
    query: string,
  ): Promise<{ identity: Identity; invitation?: string | undefined } | undefined> {
    const begun = this.#begun.take(secret)
    if (!begun) return undefined
    const configuration = await this.#discovered()
    const came = new URL(this.options.redirect)
    came.search = query
    try {
      const tokens = await authorizationCodeGrant(configuration, came, {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      })
      const { iss, sub, name, preferred_username: login } = tokens.claims()!
      const called = [name, login].find((one) => typeof one === 'string' && one !== '')
      const identity = { issuer: iss, subject: sub, name: oneLine(String(called ?? sub), 100) }
      return { identity, invitation: begun.invitation }
    } catch (error) {
      throw new VethlabError('provider.refused', oneLine((error as Error).message, 200), {
        place: this.options.issuer,
        cure: 'Log in once more.',
        cause: error,
      })
    }
  }

  /** Keeps an identity that has no seat yet, until its code is typed. @returns the secret by which it is found */
  remember(identity: Identity): string {
    return this.#known.add(identity)
  }

  remembered(secret: string): Identity | undefined {
    return this.#known.get(secret)
  }

  /** What is found is kept; what failed is tried again with the next login. */
  #discovered(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.options
    const url = new URL(issuer)
    this.#configuration ??= discovery(url, clientId, clientSecret, undefined, {
      timeout: answerSeconds,
      // Without TLS only where the address says so.
      ...(url.protocol === 'http:' ? { execute: [allowInsecureRequests] } : {}),
    })
    return this.#configuration.catch((error: unknown) => {
      this.#configuration = undefined
      throw new VethlabError('provider.unreachable', oneLine((error as Error).message, 200), {
        place: issuer,
        cure: 'Try again in a moment; who runs vethlab may have to mend --oidc-issuer.',
        cause: error,
      })
    })
  }
}

/** Values that are found by a secret for some minutes. */
class Expiring<T> {
  readonly #values = new Map<string, { value: T; at: number }>()

  add(value: T): string {
    const old = Date.now() - pendingMs
    for (const [secret, { at }] of this.#values) {
      if (at > old && this.#values.size < mostPending) break
      this.#values.delete(secret)
    }
    const secret = newSecret()
    this.#values.set(secret, { value, at: Date.now() })
    return secret
  }

  get(secret: string): T | undefined {
    const found = this.#values.get(secret)
    return found && found.at > Date.now() - pendingMs ? found.value : undefined
  }

  take(secret: string): T | undefined {
    const value = this.get(secret)
    this.#values.delete(secret)
    return value
  }
}
