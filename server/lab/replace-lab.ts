import type { Lab } from './lab.js'

/** Makes a lab that others hold into a newer one of the same id, in place: whoever holds it goes on with that. For previews alone. */
export function replaceLab(held: Lab, next: Lab): void {
  for (const key of Object.keys(held)) if (!(key in next)) Reflect.deleteProperty(held, key)
  Object.assign(held, next)
}

/** What hosts are made of, as one text: where it has changed, hosts that were made before are not those of the lab. */
export function startStateOf({ topology, images, chance, files, setup }: Lab): string {
  return JSON.stringify([topology, images, chance, files, setup])
}
