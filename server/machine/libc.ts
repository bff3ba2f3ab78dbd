/** The C library of this process, through koffi. Signatures are koffi's C prototypes. */
export interface Libc {
  // biome-ignore lint/suspicious/noExplicitAny: the prototype says what goes in and out, and it is text
  func(prototype: string): (...args: any[]) => any
  /** The error number of the last call. */
  errno(): number
}

/** Undefined where koffi has no binary for this machine: then a probe could not run, which is no answer. */
export async function loadLibc(): Promise<Libc | undefined> {
  try {
    const { default: koffi } = await import('koffi')
    const library = koffi.load(null)
    return { func: (prototype) => library.func(prototype), errno: () => koffi.errno() }
  } catch {
    return undefined
  }
}
