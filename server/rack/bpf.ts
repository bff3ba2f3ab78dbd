/** The little of classic BPF that filters of packet sockets are written in. */

// Codes are sums of class, size or operation, and mode (linux/bpf_common.h).
export const ldw = 0x20
export const ldh = 0x28
export const ldb = 0x30
export const ldAtX = 0x40
export const ldhAtX = 0x48
export const ldx = 0x01
export const ldxHeader = 0xb1
export const ja = 0x05
export const jeq = 0x15
export const jset = 0x45
export const ret = 0x06

/** A label, or a code with its constant; a jump with where to go, and where to if not: the next by default. */
export type Line =
  | string
  | [code: number, value: number, then?: string | undefined, otherwise?: string]
  | [code: typeof ja, to: string]

/** A classic BPF program (the kernel's Documentation/networking/filter.rst): an array of struct sock_filter. */
export function assemble(lines: Line[]): Uint8Array {
  const labels = new Map<string, number>()
  const instructions: Exclude<Line, string>[] = []
  for (const line of lines) {
    if (typeof line === 'string') labels.set(line, instructions.length)
    else instructions.push(line)
  }
  const program = Buffer.alloc(instructions.length * 8)
  instructions.forEach(([code, value, then, otherwise], index) => {
    const distance = (label: string | undefined) => (label === undefined ? 0 : labels.get(label)! - index - 1)
    // struct sock_filter { u16 code; u8 jt, jf; u32 k }
    program.writeUInt16LE(code, index * 8)
    program.writeUInt8(distance(then), index * 8 + 2)
    program.writeUInt8(distance(otherwise), index * 8 + 3)
    program.writeUInt32LE(typeof value === 'string' ? distance(value) : value, index * 8 + 4)
  })
  return program
}
