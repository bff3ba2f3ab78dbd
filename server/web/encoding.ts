import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Request, Response } from 'express'

const encodings = ['br', 'gzip'] as const
export type Encoding = (typeof encodings)[number]

/** Smaller bodies are sent as they are. In bytes. */
const leastToCompress = 500
/** What is made anew for each request is compressed as far as takes about a millisecond. */
const quick = 4

/** The best form of a body that the browser takes; undefined for as it is. */
export function encodingFor(request: Request, bytes: number): Encoding | undefined {
  if (bytes <= leastToCompress) return undefined
  return encodings.find((name) => takes(request.headers['accept-encoding'], name))
}

/** @param quality of Brotli, from 0 to 11 */
export function compress(plain: Buffer, encoding: Encoding, quality: number): Promise<Buffer> {
  return encoding === 'br'
    ? promisify(brotliCompress)(plain, {
        params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
      })
    : promisify(gzip)(plain, { level: 6 })
}

/** Answers with a document as JSON, compressed where the browser takes that. */
export async function sendJson(request: Request, response: Response, document: unknown): Promise<void> {
  const plain = Buffer.from(JSON.stringify(document))
  const encoding = encodingFor(request, plain.length)
  const body = encoding === undefined ? plain : await compress(plain, encoding, quick)
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Vary', 'Accept-Encoding')
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  response.setHeader('Content-Length', body.length)
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** The browser names that encoding, and doesn't refuse it. */
function takes(header: string | string[] | undefined, encoding: string): boolean {
  return String(header ?? '')
    .split(',')
    .some((item) => {
      const [name, ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
      return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
    })
}
