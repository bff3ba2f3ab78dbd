import { z } from 'zod'

/** A login service that is spoken to by OpenID Connect. */
export const ProviderOptions = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }),
  clientId: z.string().min(1).max(256),
  clientSecret: z.string().min(1).max(1024).optional(),
  /** Where it sends browsers back to: an address of this server that ends in `/oidc`. */
  redirect: z.url({ protocol: /^https?$/ }),
  /** How it is called on the page. */
  name: z.string().min(1).max(60),
})
export type ProviderOptions = z.infer<typeof ProviderOptions>
