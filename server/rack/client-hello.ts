import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'

/**
 * The first message of a TLS client (RFC 8446, section 4.1.2), which servers of TLS 1.2 understand as well. What follows is not
 * spoken: that a server answers with TLS is all that is asked.
 *
 * @param name the server's (RFC 6066, section 3), left out where it is an address
 * @param token what is in it, by which it is known again; at most 32 bytes
 */
export function clientHello(name: string, token: string): Buffer {
  const extensions = [
    ...(isIP(name.replace(/^\[|\]$/g, '')) > 0 || name.includes(':') ? [] : [serverName(name)]),
    // supported_groups: x25519, secp256r1, secp384r1
    extension(10, vector(2, u16(0x001d, 0x0017, 0x0018))),
    // ec_point_formats: uncompressed
    extension(11, vector(1, Buffer.from([0]))),
    // signature_algorithms: ECDSA, RSA-PSS and RSA with SHA-256, and as many with SHA-384
    extension(13, vector(2, u16(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501))),
    // supported_versions: 1.3, 1.2
    extension(43, vector(1, u16(0x0304, 0x0303))),
    // key_share: any 32 bytes are a key of x25519
    extension(51, vector(2, Buffer.concat([u16(0x001d), vector(2, randomBytes(32))]))),
  ]
  const body = Buffer.concat([
    u16(0x0303),
    randomBytes(32),
    // An old session's id, which may be anything; a full one for servers in between (RFC 8446, appendix D.4).
    vector(1, Buffer.concat([Buffer.from(token, 'latin1'), randomBytes(32)]).subarray(0, 32)),
    // Suites of 1.3, then of 1.2 with ECDHE.
    vector(2, u16(0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0x009c)),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat(extensions)),
  ])
  const message = Buffer.concat([Buffer.from([1, 0]), vector(2, body)])
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(2, message)])
}

function serverName(name: string): Buffer {
  return extension(0, vector(2, Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name, 'latin1'))])))
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([u16(type), vector(2, content)])
}

/** With its length before it, in so many bytes. */
function vector(bytes: 1 | 2, content: Buffer): Buffer {
  return Buffer.concat([bytes === 1 ? Buffer.from([content.length]) : u16(content.length), content])
}

function u16(...numbers: number[]): Buffer {
  return Buffer.from(numbers.flatMap((number) => [number >> 8, number & 255]))
}
