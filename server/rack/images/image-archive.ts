import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import { imageInFull, parseImageName } from '../../network/image-name.js'
import { oneLine } from '../../wording/one-line.js'
import { invalid, type SourceFile, type SourceFiles, tooLarge } from './source-files.js'

/** An image in an archive, as it says itself. The Engine that loads it compares each layer with its hash. */
export interface FoundImage {
  /** `sha256:` and 64 digits: the hash of its configuration. */
  id: string
  /** In full; none where the archive says none. */
  names: string[]
  config: Buffer
  /** Names of the layers' files in the source, the lowest first. */
  layers: string[]
  /** Of the layers, as they are packed there. */
  bytes: number
}

/** As many as the Engine can stack (layer.MaxLayerDepth). */
export const mostLayers = 125
const mostImages = 32
const largestTextBytes = 1024 ** 2
const mostTextBytes = 32 * 1024 ** 2

export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const DockerManifest = z
  .array(
    z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()).nullish() }),
  )
  .min(1)
const Platform = z.object({ os: z.string(), architecture: z.string() })
const Descriptor = z.object({
  digest: Digest,
  platform: Platform.optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
})
const Index = z.object({ manifests: z.array(Descriptor).min(1) })
const Manifest = z.object({ config: z.object({ digest: Digest }), layers: z.array(z.object({ digest: Digest })) })
const Config = z.object({
  os: z.string(),
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(Digest) }),
})

/** This machine's processor, as images name it. */
export const imageArchitecture = process.arch === 'x64' ? 'amd64' : process.arch

/**
 * The images of an archive that `docker save` made, or one of the Open Container Initiative; nothing of it is run or written.
 * @throws VethlabError image.invalid, image.too-large, image.unreadable
 */
export async function imagesOf(source: SourceFiles): Promise<FoundImage[]> {
  const archive = await Contents.of(source)
  const images = archive.has('manifest.json') ? archive.dockerImages() : archive.ociImages()
  if (images.length > mostImages) throw tooLarge(source.name, `${images.length} images`)
  return images
}

/** What is in a source: sizes, links, and the text of small files of JSON. */
class Contents {
  private readonly sizes = new Map<string, number>()
  private readonly links = new Map<string, string>()
  private readonly texts = new Map<string, Buffer>()

  private constructor(private readonly source: string) {}

  static async of(source: SourceFiles): Promise<Contents> {
    const contents = new Contents(source.name)
    let left = mostTextBytes
    for await (const file of source.read()) {
      if (file.link !== undefined) {
        contents.links.set(file.name, file.link)
        continue
      }
      contents.sizes.set(file.name, file.bytes)
      if (file.bytes > largestTextBytes) continue
      const text = await bytesOf(file)
      if (text[0] !== 0x7b && text[0] !== 0x5b) continue
      left -= text.length
      if (left < 0) throw tooLarge(source.name, `more than ${mostTextBytes / 1024 ** 2} MiB of JSON`)
      contents.texts.set(file.name, text)
    }
    return contents
  }

  has(name: string): boolean {
    return this.texts.has(name)
  }

  dockerImages(): FoundImage[] {
    const found = this.parsed('manifest.json', DockerManifest)
    const images = new Map<string, FoundImage>()
    for (const { Config: config, RepoTags, Layers } of found) {
      const image = this.image(this.text(config), Layers ?? [], RepoTags ?? [])
      const same = images.get(image.id)
      if (same) same.names = [...new Set([...same.names, ...image.names])]
      else images.set(image.id, image)
    }
    return [...images.values()]
  }

  ociImages(): FoundImage[] {
    if (!this.has('index.json'))
      throw invalid(this.source, 'is no archive of images: it has neither manifest.json nor index.json')
    return this.parsed('index.json', Index).manifests.flatMap(({ digest, annotations, platform }) => {
      if (platform && !isOurs(platform)) return []
      const text = this.blob(digest)
      const index = safeParse(Index, JSON.parse(text.toString()))
      const chosen = index.success ? this.ofThisMachine(index.data) : digest
      const manifest = this.checked(Manifest, this.blob(chosen), chosen)
      const layers = manifest.layers.map((layer) => blobFile(layer.digest))
      return [this.image(this.blob(manifest.config.digest), layers, calledIn(annotations ?? {}))]
    })
  }

  private ofThisMachine({ manifests }: z.infer<typeof Index>): string {
    const found = manifests.find(({ platform }) => platform && isOurs(platform))
    if (found) return found.digest
    const others = manifests.flatMap(({ platform }) => (platform ? `${platform.os}/${platform.architecture}` : []))
    throw invalid(
      this.source,
      `has no image for linux/${imageArchitecture}, but for ${others.join(', ') || 'none'}`,
      'Add one that was made for this machine.',
    )
  }

  private image(config: Buffer, layers: string[], called: readonly string[]): FoundImage {
    if (layers.length > mostLayers) throw tooLarge(this.source, `an image of ${layers.length} layers`)
    const files = layers.map((layer) => this.file(layer))
    const bytes = [...new Set(files)].reduce((sum, file) => sum + this.sizes.get(file)!, 0)
    const names = called.map((name) => {
      if (parseImageName(name)) return imageInFull(name)
      throw invalid(this.source, `calls an image "${oneLine(name, 80)}", which is no name`)
    })
    return foundImage(this.source, config, { layers: files, bytes, names: [...new Set(names)] })
  }

  /** The file behind a name, which may be a link to it. */
  private file(name: string): string {
    const clean = name.replace(/^\.\//, '')
    const file = this.sizes.has(clean) ? clean : this.links.get(clean)
    if (file !== undefined && this.sizes.has(file)) return file
    throw invalid(this.source, `names a file "${oneLine(name, 100)}" that is not in it`)
  }

  private blob(digest: string): Buffer {
    const text = this.text(blobFile(digest))
    if (digestOf(text) === digest) return text
    throw invalid(this.source, `has other content in ${blobFile(digest)} than its name says`)
  }

  private text(name: string): Buffer {
    const text = this.texts.get(this.file(name))
    if (text) return text
    throw invalid(this.source, `has no JSON of at most 1 MiB in "${oneLine(name, 100)}"`)
  }

  private parsed<T>(name: string, schema: z.ZodType<T>): T {
    return this.checked(schema, this.text(name), name)
  }

  private checked<T>(schema: z.ZodType<T>, text: Buffer, name: string): T {
    return checkedJson(this.source, schema, text, name)
  }
}

/** An image by its configuration, if it can run here. @throws VethlabError image.invalid, image.too-large */
export function foundImage(
  source: string,
  config: Buffer,
  rest: Pick<FoundImage, 'layers' | 'bytes' | 'names'>,
): FoundImage {
  const { os, architecture, rootfs } = checkedJson(source, Config, config, 'the configuration of an image')
  if (!isOurs({ os, architecture })) {
    throw invalid(
      source,
      `is an image for ${oneLine(os, 20)}/${oneLine(architecture, 20)}, and this machine is linux/${imageArchitecture}`,
      'Add one that was made for this machine.',
    )
  }
  const { layers } = rest
  if (layers.length > mostLayers) throw tooLarge(source, `an image of ${layers.length} layers`)
  if (layers.length !== rootfs.diff_ids.length)
    throw invalid(source, `has ${layers.length} layers of an image of ${rootfs.diff_ids.length}`)
  return { id: digestOf(config), config, ...rest }
}

/** @throws VethlabError image.invalid with what is wrong */
export function checkedJson<T>(source: string, schema: z.ZodType<T>, text: Buffer, name: string): T {
  try {
    const result = safeParse(schema, JSON.parse(text.toString()))
    if (result.success) return result.data
    const [issue] = result.error.issues
    throw new Error(`${issue?.path.map(String).join('.')}: ${issue?.message}`)
  } catch (error) {
    throw invalid(source, `can't be used: ${name}: ${oneLine((error as Error).message, 200)}`)
  }
}

/** `sha256:` and the hash in hexadecimal, as registries name content. */
export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** What whoever made the layout calls an image: containerd in full, others often by the tag alone, which says too little. */
function calledIn(annotations: Readonly<Record<string, string>>): string[] {
  const full = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']
  return full !== undefined && /[/:]/.test(full) ? [full] : []
}

/** Whether this machine can run it. */
export function isOurs({ os, architecture }: z.infer<typeof Platform>): boolean {
  return os === 'linux' && architecture === imageArchitecture
}

/** Where an OCI layout has content of that digest. */
export const blobFile = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`

async function bytesOf({ content }: SourceFile): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * One image as an archive that `docker load` takes, with nothing in it but what that needs, and without a name.
 * @throws (as its error) VethlabError image.invalid where the source has changed since it was read
 */
export function archiveOf(source: SourceFiles, image: FoundImage): Readable {
  const archive = pack()
  const write = async () => {
    const layers = [...new Set(image.layers)]
    const nameOf = (layer: string) => `layer-${layers.indexOf(layer)}.tar`
    const Layers = image.layers.map(nameOf)
    archive.entry({ name: 'config.json' }, image.config)
    archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: 'config.json', RepoTags: [], Layers }]))
    const left = new Set(layers)
    for await (const { name, bytes, content, link } of source.read()) {
      if (link !== undefined || !left.delete(name)) continue
      const entry = archive.entry({ name: nameOf(name), size: bytes })
      await pipeline(content, entry)
      await finished(entry)
    }
    if (left.size > 0) throw invalid(source.name, 'has changed while it was read')
    archive.finalize()
  }
  write().catch((error: Error) => archive.destroy(error))
  return Readable.from(archive as unknown as AsyncIterable<Uint8Array>, { objectMode: false })
}
