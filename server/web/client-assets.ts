import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { Request, Response } from 'express'
import { VethlabError } from '../error/vethlab-error.js'
import { compress, type Encoding, encodingFor } from './encoding.js'

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

/** The pages of the client, by the chunk that each of them is in. */
const chunks = {
  catalogue: 'catalogue/catalogue-page.tsx',
  lab: 'lab/lab-page.tsx',
  map: 'network/map/map-page.tsx',
  teach: 'teach/teach-page.tsx',
} as const
export type PageName = keyof typeof chunks

/** What Vite writes about a chunk. */
interface Chunk {
  file: string
  imports?: string[]
  css?: string[]
}

/**
 * The value of the header `Link` for each page: the files that it will ask for once its first script runs, so that they come
 * together with that (RFC 8288).
 * @param base the path that addresses of this server begin with
 */
export async function loadPreloads(directory: string, base = ''): Promise<Record<PageName, string>> {
  const text = await readFile(join(directory, '.vite/manifest.json'), 'utf8')
  const manifest = JSON.parse(text) as Record<string, Chunk>
  const entry = filesOf(manifest, 'index.html', new Set())
  const linksOf = (page: PageName) =>
    [...filesOf(manifest, chunks[page], new Set())]
      .filter((file) => !entry.has(file))
      .map(
        (file) =>
          `<${base}/${file}>; ${file.endsWith('.css') ? 'rel=preload; as=style' : 'rel=modulepreload'}; crossorigin`,
      )
      .join(', ')
  return { catalogue: linksOf('catalogue'), lab: linksOf('lab'), map: linksOf('map'), teach: linksOf('teach') }
}

/** Of a chunk and of all that it can't begin without. */
function filesOf(manifest: Record<string, Chunk>, key: string, files: Set<string>): Set<string> {
  const chunk = manifest[key]
  if (chunk === undefined || files.has(chunk.file)) return files
  for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file)
  for (const each of chunk.imports ?? []) filesOf(manifest, each, files)
  return files
}

/**
 * All of the built client, in memory, by its path in the address. What is not in here can't be asked
 * for, whatever the address looks like.
 * @param base the path that addresses of this server begin with
 */
export async function loadAssets(directory: string, base = ''): Promise<Map<string, Asset>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && extname(entry.name) in types)
    .map((entry) => join(entry.parentPath, entry.name))
  const assets = new Map(
    await Promise.all(
      files.map(async (file) => {
        const path = `/${relative(directory, file).split(sep).join('/')}`
        return [
          path,
          await loadAsset(file, path.startsWith('/assets/'), path === '/index.html' ? base : undefined),
        ] as const
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

/** @param base for a page, which is shown at several paths: what addresses of its files, and its own program's, begin with */
async function loadAsset(file: string, immutable: boolean, base?: string): Promise<Asset> {
  const content = await readFile(file)
  const plain = base === undefined ? content : Buffer.from(basedPage(content.toString(), base))
  return {
    type: types[extname(file)]!,
    plain,
    encoded: {},
    // A weak one: the compressed forms share it (RFC 9110, 8.8.3).
    etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    immutable,
  }
}

function basedPage(html: string, base: string): string {
  return html
    .replace('<html', base === '' ? '<html' : `<html data-base="${base}"`)
    .replaceAll(/(href|src)="\.\//g, `$1="${base}/`)
}

/** Compresses an asset once. All of the client at the start would take longer than the rest of it. */
function encode(asset: Asset, encoding: Encoding): Promise<Buffer> {
  // The best quality takes seconds for large files; the next ones give almost as little in a fraction of it.
  asset.encoded[encoding] ??= compress(asset.plain, encoding, asset.plain.length < 300_000 ? 9 : 6)
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
  const encoding = compressible.test(asset.type) ? encodingFor(request, asset.plain.length) : undefined
  const body = encoding === undefined ? asset.plain : await encode(asset, encoding)
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  response.setHeader('Content-Length', body.length)
  if (request.method === 'HEAD') response.end()
  else response.end(body)
}
