/** `exit_group(0)`, as the first and last thing that is done: x86-64, and AArch64. */
const code = Buffer.from(process.arch === 'arm64' ? 'c80b80d2000080d2010000d4' : '31ffb8e70000000f05', 'hex')
const machine = process.arch === 'arm64' ? 183 : 62

/**
 * A shared library (ELF-64) whose initialisation ends the program that loads it, with exit code 0: by /etc/ld.so.preload, each program of
 * a host. elf(5), ld.so(8).
 */
export const preloadedEnd: Buffer = (() => {
  const [header, segment, entry] = [64, 56, 16]
  const dynamic = header + 2 * segment
  // DT_INIT, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_NULL.
  const tags = 6
  const text = dynamic + tags * entry
  const strings = text + 16
  const symbols = strings + 8
  const size = symbols + 24
  const file = Buffer.alloc(size)
  file.set(Buffer.from('\x7fELF\x02\x01\x01', 'latin1'))
  file.writeUInt16LE(3, 16)
  file.writeUInt16LE(machine, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(header), 32)
  file.writeUInt16LE(header, 52)
  file.writeUInt16LE(segment, 54)
  file.writeUInt16LE(2, 56)
  const segments = [
    { type: 1, flags: 7, from: 0, length: size, align: 0x10000 },
    { type: 2, flags: 6, from: dynamic, length: tags * entry, align: 8 },
  ]
  for (const [n, { type, flags, from, length, align }] of segments.entries()) {
    const at = header + n * segment
    file.writeUInt32LE(type, at)
    file.writeUInt32LE(flags, at + 4)
    for (const [field, value] of [from, from, from, length, length, align].entries())
      file.writeBigUInt64LE(BigInt(value), at + 8 + 8 * field)
  }
  const values = [
    [12, text],
    [5, strings],
    [6, symbols],
    [10, 1],
    [11, 24],
    [0, 0],
  ] as const
  for (const [n, [tag, value]] of values.entries()) {
    file.writeBigUInt64LE(BigInt(tag), dynamic + n * entry)
    file.writeBigUInt64LE(BigInt(value), dynamic + n * entry + 8)
  }
  file.set(code, text)
  return file
})()
