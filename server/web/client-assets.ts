import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Request, Response } from 'express'
import { VethlabError } from '../error/vethlab-error.js'

const encodings = ['br', 'gzip'] as const
type Encoding = (typeof encodings)[number]

/** A file of the client, ready to be sent. */
export interface Asset {
  type: string
  plain: Buffer
  /** In each form, made when it is first asked for. */
  encoded: Partial<Record<Encoding, Promise<Buffer>>>
  etag: string
  /** Its name changes with its content. */
  immutable: boolean
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
}
const compressible = /^(text|image\/svg|application)\b/
const leastToCompress = 500

/**
 * All of the built client, in memory, by its path in the address. What is not in here can't be asked
 * for, whatever the address looks like.
 */
export async function loadAssets(directory: string): Promise<Map<string, Asset>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && extname(entry.name) in types)
    .map((entry) => join(entry.parentPath, entry.name))
  const assets = new Map(
    await Promise.all(
      files.map(async (file) => {
        const path = `/${relative(directory, file).split(sep).join('/')}`
        return [path, await loadAsset(file, path.startsWith('/assets/'))] as const
      }),
    ),
  )
  if (!assets.has('/index.html')) {
    throw new VethlabError('setup.failed', 'the client is not built', {
      place: directory,
      cure: 'Run `npm run build`, or start with `npm start`.',
    })
  }
  return assets
}

async function loadAsset(file: string, immutable: boolean): Promise<Asset> {
  const plain = await readFile(file)
  return {
    type: types[extname(file)]!,
    plain,
    encoded: {},
    // A weak one: the compressed forms share it (RFC 9110, 8.8.3).
    etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    immutable,
  }
}

/** Compresses an asset once. All of the client at the start would take longer than the rest of it. */
function encode(asset: Asset, encoding: Encoding): Promise<Buffer> {
  const { plain } = asset
  // The best quality takes seconds for large files; the next ones give almost as little in a fraction of it.
  const quality = plain.length < 300_000 ? 9 : 6
  asset.encoded[encoding] ??=
    encoding === 'br'
      ? promisify(brotliCompress)(plain, {
          params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
        })
      : promisify(gzip)(plain, { level: 6 })
  return asset.encoded[encoding]
}

/** Sends an asset in the best form that the browser takes. */
export async function sendAsset(request: Request, response: Response, asset: Asset): Promise<void> {
  response.setHeader('Content-Type', asset.type)
  response.setHeader('Vary', 'Accept-Encoding')
  if (asset.immutable) response.setHeader('Cache-Control', 'public, max-age=31536000, immutable')
  else if (asset.type.startsWith('text/html')) response.setHeader('Cache-Control', 'no-store')
  else response.setHeader('Cache-Control', 'no-cache')
  response.setHeader('ETag', asset.etag)
  // A list, weak tags and `*` count too (RFC 9110, 13.1.2).
  if (!asset.type.startsWith('text/html') && request.fresh) {
    response.status(304).end()
    return
  }
  const encoding =
    compressible.test(asset.type) && asset.plain.length > leastToCompress
      ? encodings.find((name) => takes(request.headers['accept-encoding'], name))
      : undefined
  const body = encoding === undefined ? asset.plain : await encode(asset, encoding)
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  response.setHeader('Content-Length', body.length)
  if (request.method === 'HEAD') response.end()
  else response.end(body)
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
