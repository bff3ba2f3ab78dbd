import { numberOf, type SystemCall } from '../system-calls.js'

/** Something that an attacker tries. */
export interface Technique {
  name: string
  /** An expression of perl, over what battery.pl has; its value is the outcome. */
  perl: string
  /** What may come of it in a host, wherever the attacker stands there. */
  inside: string[]
  /**
   * What comes of the very same program where the machine's own root runs it: that it was really tried. Undefined for what works in a
   * host too, and reaches the host alone (then `kept` is looked at), and where the program has its own control.
   */
  machine?: string[]
  /** The capability that the machine's root needs for it, by its number: some have been given fewer. */
  capability?: number
  /** A file of the machine that is the same after the attack, where the attack itself works. */
  kept?: string
}

export interface Subject {
  title: string
  techniques: Technique[]
}

/** An argument of a system call: numbers as they are, text as an expression of perl. */
type Argument = number | bigint | string

export function number(name: SystemCall): string {
  return `${numberOf(name)}`
}

/** One system call as perl. */
export function call(name: SystemCall, ...args: Argument[]): string {
  return `call(${[numberOf(name), ...args].join(', ')})`
}

/** A descriptor that a system call gives, as perl. */
export function fdBy(name: SystemCall, ...args: Argument[]): string {
  return `fd_by(${[numberOf(name), ...args].join(', ')})`
}

/** The numbers of linux/capability.h. */
export const SYS_RESOURCE = 24

/** What cannot be written, or is not there: each of these is a refusal. */
const refused = ['EACCES', 'EPERM', 'ENOENT', 'EROFS']

export function writes(path: string): Technique {
  return { name: `write ${path}`, perl: `opens('${path}', 1)`, inside: refused, machine: ['ok'] }
}

export function reads(path: string): Technique {
  return { name: `read ${path}`, perl: `opens('${path}', 0)`, inside: refused, machine: ['ok'] }
}
