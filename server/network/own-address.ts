import { sameAddress } from './addresses.js'
import type { Link, NamespaceState } from './state.js'

/** Whether a link has an address, and uses it. */
export function hasAddress({ addresses }: Link, address: string): boolean {
  return addresses.some((own) => !own.failed && sameAddress(own.address, address))
}

export function ownsAddress(namespace: NamespaceState, address: string): boolean {
  return namespace.links.some((link) => hasAddress(link, address))
}
