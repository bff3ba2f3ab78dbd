import koffi from 'koffi'

const library = koffi.load(null)

/** The C library of this process, for what Node has no function for. Fails to load where koffi has no binary. */
export const libc = {
  /** Declares a function by its C prototype, or by name, result and parameters in koffi's types. */
  func: library.func.bind(library) as typeof library.func,
  /** The error number of the last call. */
  errno: (): number => koffi.errno(),
}
