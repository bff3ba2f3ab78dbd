import { signal } from '@preact/signals'
import type { MeView } from '../../server/protocol/classes.js'
import { base } from './address.js'
import { load } from './load.js'

/** Who the server takes this browser for; undefined until it has said so. */
export const me = signal<MeView | undefined>(undefined)

export async function loadMe(): Promise<void> {
  const answered = await load<MeView>('/api/me')
  if (answered.ok) me.value = answered.value
}

/** Ends the login of this browser, and shows the page from where one comes in again. */
export async function logOut(): Promise<void> {
  await fetch(`${base}/logout`, { method: 'POST', redirect: 'manual' }).catch(() => undefined)
  location.assign(`${base}/join`)
}
