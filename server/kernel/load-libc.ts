import type { libc } from './libc.js'

export type Libc = typeof libc

/** Undefined where there is no binary for this machine: then a probe could not run, which is no answer. */
export async function loadLibc(): Promise<Libc | undefined> {
  try {
    return (await import('./libc.js')).libc
  } catch {
    return undefined
  }
}
