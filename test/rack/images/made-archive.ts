import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { imageArchitecture } from '../../../server/rack/images/image-archive.js'

/** Archives of images, made by hand: right ones, and any kind of wrong one. */

export type Entry = Partial<Header> & { name: string } & { content?: string | Buffer }

export const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  for (const { content = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file') archive.entry(header, content as Buffer)
    else archive.entry(header)
  }
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A layer with one file. */
export function layerOf(name: string, content: string): Promise<Buffer> {
  return tarOf([{ name, content }])
}

export function configOf(layers: readonly Buffer[], more: object = {}): string {
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) }
  return JSON.stringify({ os: 'linux', architecture: imageArchitecture, config: {}, rootfs, ...more })
}

/** As `docker save` of many versions wrote it. */
export function dockerArchive(config: string, layers: readonly Buffer[], tags: readonly string[] | null): Entry[] {
  const files = layers.map((_, n) => `${n}/layer.tar`)
  return [
    ...layers.map((content, n) => ({ name: files[n]!, content })),
    { name: 'config.json', content: config },
    { name: 'manifest.json', content: JSON.stringify([{ Config: 'config.json', RepoTags: tags, Layers: files }]) },
  ]
}

const blob = (content: string | Buffer): Entry => ({ name: `blobs/sha256/${sha256(content)}`, content })
const descriptor = (content: string | Buffer) => ({ digest: `sha256:${sha256(content)}`, size: content.length })

/** An OCI layout with packed layers. */
export function ociArchive(config: string, layers: readonly Buffer[], annotations: object): Entry[] {
  const packed = layers.map((layer) => gzipSync(layer))
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: descriptor(config),
    layers: packed.map(descriptor),
  })
  const index = JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor(manifest), annotations }] })
  return [
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: index },
    ...packed.map(blob),
    blob(config),
    blob(manifest),
  ]
}

export async function write(file: string, entries: readonly Entry[], { gzip = false } = {}): Promise<string> {
  const tar = await tarOf(entries)
  writeFileSync(file, gzip ? gzipSync(tar) : tar)
  return file
}
