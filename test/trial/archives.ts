import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** An entry of an archive, which may lie about itself. */
export interface Packed {
  name: string
  text?: string | Buffer
  /** Type and permissions, as Unix has them. */
  mode?: number
  /** What the archive says of its length. */
  bytes?: number
  flags?: number
  method?: number
}

/** A zip whose entries are just as they are said to be, right or wrong (APPNOTE.TXT 4.3). */
export function zip(entries: readonly Packed[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, text = '', mode = 0o100644, bytes, flags = 0x800, method = 8 } of entries) {
    const content = Buffer.from(text)
    const data = method === 8 ? deflateRawSync(content) : content
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(bytes ?? content.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, rest, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end])
}

type TarHeader = Parameters<ReturnType<typeof pack>['entry']>[0]

/** A tar, packed by gzip unless said. */
export async function tar(entries: readonly (TarHeader & { text?: string | Buffer })[], gzip = true): Promise<Buffer> {
  const archive = pack()
  for (const { text = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file') archive.entry(header, text)
    else archive.entry({ ...header, size: 0 })
  }
  archive.finalize()
  const parts: Buffer[] = []
  for await (const part of archive) parts.push(part as Buffer)
  const bytes = Buffer.concat(parts)
  return gzip ? gzipSync(bytes) : bytes
}
