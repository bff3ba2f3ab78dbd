import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { execa } from 'execa'
import { z } from 'zod'
import { safeParse } from '../../error/safe-parse.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { findTool } from '../../machine/tool.js'
import type { ImageName } from '../../network/image-name.js'
import { oneLine } from '../../wording/one-line.js'
import { commandOptions } from '../command.js'
import type { StateDirectory } from '../state-directory.js'
import {
  blobFile,
  checkedJson,
  Digest,
  digestOf,
  type FoundImage,
  foundImage,
  imageArchitecture,
  isOurs,
  mostLayers,
} from './image-archive.js'
import { type RegistryLogin, readLogin, withLogin, withoutSecrets } from './registry-login.js'
import { folderFiles, invalid, largestSourceBytes, type SourceFiles, tooLarge } from './source-files.js'

const questionMs = 60_000
/** Of a copy; what has arrived by then is not loaded again. */
const copyMs = 3_600_000
const largestManifestBytes = 4 * 1024 ** 2

const Sized = z.object({ digest: Digest, size: z.number().min(0) })
const Manifest = z.object({ config: Sized, layers: z.array(Sized).max(10_000) })
const List = z.object({
  manifests: z
    .array(z.object({ digest: Digest, platform: z.object({ os: z.string(), architecture: z.string() }).optional() }))
    .min(1),
})

export interface Copied {
  files: SourceFiles
  image: FoundImage
  /** What the registry calls what the reference means: of an image for several machines, of their list. */
  digest: string
  /** Removes the copy, which else waits for another try. */
  remove(): Promise<void>
}

export interface CopyOptions {
  /** Where skopeo says how far it is: a stream that is a file, such as stderr. */
  progress: Writable
  /** A file with a login for the registry, as docker and skopeo write it. */
  authFile?: string | undefined
  /** Called with the bytes that will come, before any do. */
  onSize(bytes: number): Promise<void>
  signal: AbortSignal
}

/**
 * Copies an image from its registry by skopeo(1), as a user who is nobody on the machine. Each layer that has come in full is kept, so
 * another try goes on with the next one.
 * @throws VethlabError machine.missing-tool, image.failed, image.invalid, image.too-large
 */
export async function copyFromRegistry(
  state: StateDirectory,
  source: string,
  name: ImageName,
  { progress, authFile, onSize, signal }: CopyOptions,
): Promise<Copied> {
  const login = authFile === undefined ? undefined : await readLogin(authFile, name.registry)
  const skopeo = await Skopeo.find(state, source, name, login, signal)
  try {
    return await copied(skopeo, source, name, { progress, onSize, signal })
  } catch (error) {
    await skopeo.forgetIfEmpty()
    throw error
  }
}

async function copied(
  skopeo: Skopeo,
  source: string,
  name: ImageName,
  { progress, onSize }: CopyOptions,
): Promise<Copied> {
  const asked = await skopeo.manifest(name.digest ?? name.tag ?? 'latest')
  const digest = digestOf(asked)
  const list = safeParse(List, JSON.parse(asked.toString()))
  const own = list.success ? ofThisMachine(source, list.data) : digest
  const text = list.success ? await skopeo.manifest(own) : asked
  const { config, layers } = checkedJson(source, Manifest, text, 'its manifest')
  if (layers.length > mostLayers) throw tooLarge(source, `${layers.length} layers`)
  const bytes = layers.reduce((sum, { size }) => sum + size, 0)
  if (bytes > largestSourceBytes) throw tooLarge(source, `${Math.ceil(bytes / 1024 ** 2)} MiB`)
  await onSize(bytes)
  const configuration = await skopeo.config(own, config.digest)
  const image = foundImage(source, configuration, {
    layers: layers.map((layer) => blobFile(layer.digest)),
    bytes,
    names: [],
  })
  const folder = await skopeo.copy(own, progress)
  const remove = () => rm(skopeo.directory, { recursive: true, force: true })
  return { files: folderFiles(folder, source), image, digest, remove }
}

function ofThisMachine(source: string, { manifests }: z.infer<typeof List>): string {
  const found = manifests.find(({ platform }) => platform && isOurs(platform))
  if (found) return found.digest
  throw invalid(source, `has no image for linux/${imageArchitecture}`, 'Name one that was made for this machine.')
}

interface RunOptions {
  timeoutMs?: number
  progress?: Writable
}

class Skopeo {
  private constructor(
    /** Where all that it writes is; its own. */
    readonly directory: string,
    private readonly source: string,
    private readonly repository: string,
    readonly user: number,
    private readonly isNear: boolean,
    private readonly login: RegistryLogin | undefined,
    private readonly signal: AbortSignal,
  ) {}

  static async find(
    state: StateDirectory,
    source: string,
    name: ImageName,
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<Skopeo> {
    if ((await findTool('skopeo')) === undefined) {
      throw new VethlabError('machine.missing-tool', 'skopeo copies images from registries, and is not there', {
        place: oneLine(source, 200),
        cure: 'Install it: `apt-get install --no-install-recommends skopeo`.',
      })
    }
    const { registry, repository } = name
    const place = `${registry}/${repository}`
    const key = createHash('sha256')
      .update(`${place} ${name.digest ?? name.tag}`)
      .digest('hex')
      .slice(0, 16)
    mkdirSync(state.copies, { recursive: true, mode: 0o711 })
    chmodSync(state.copies, 0o711)
    const directory = join(state.copies, key)
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chownSync(directory, state.scriptUser, state.scriptUser)
    // As an Engine does it: what listens on this machine alone need not speak TLS.
    const isNear = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|$)/.test(registry)
    return new Skopeo(directory, source, place, state.scriptUser, isNear, login, signal)
  }

  /** @param what a tag or a digest */
  async manifest(what: string): Promise<Buffer> {
    const text = await this.run(['inspect', '--raw', ...this.tls('--tls-verify'), this.at(what)])
    if (what.startsWith('sha256:') && digestOf(text) !== what)
      throw invalid(
        this.source,
        'has other content in its registry than its digest says',
        'Ask who keeps the registry.',
      )
    return text
  }

  async config(manifest: string, digest: string): Promise<Buffer> {
    const text = await this.run(['inspect', '--config', '--raw', ...this.tls('--tls-verify'), this.at(manifest)])
    if (digestOf(text) === digest) return text
    throw invalid(this.source, 'has another configuration in its registry than its manifest says', 'Ask who keeps it.')
  }

  /** @returns an OCI layout with its layers as they came */
  async copy(manifest: string, progress: Writable): Promise<string> {
    const layout = join(this.directory, 'layout')
    // Layers that a killed one has not finished.
    for (const name of await readdir(layout).catch(() => []))
      if (name.startsWith('oci-put-blob')) await rm(join(layout, name), { force: true })
    const options = ['--dest-oci-accept-uncompressed-layers', ...this.tls('--src-tls-verify')]
    await this.run(['copy', '--retry-times', '2', ...options, this.at(manifest), 'oci:layout:image'], {
      timeoutMs: copyMs,
      progress,
    })
    return layout
  }

  /** Where nothing has come, nothing waits for another try. */
  async forgetIfEmpty(): Promise<void> {
    if (!existsSync(join(this.directory, 'layout'))) await rm(this.directory, { recursive: true, force: true })
  }

  private askLogin(): string {
    return this.login === undefined
      ? 'The registry wants a login, or has no such image: give a file that has one with --authfile.'
      : 'See that the login in that file is right, and may have the image.'
  }

  private at(what: string): string {
    return `docker://${this.repository}${what.startsWith('sha256:') ? '@' : ':'}${what}`
  }

  private tls(option: string): string[] {
    return this.isNear ? [`${option}=false`] : []
  }

  private async run(args: string[], options: RunOptions = {}): Promise<Buffer> {
    const { login } = this
    return login === undefined
      ? this.runWith(args, options)
      : withLogin(login, this, (descriptor) => this.runWith(args, options, descriptor))
  }

  private async runWith(
    args: string[],
    { timeoutMs = questionMs, progress }: RunOptions,
    login?: number,
  ): Promise<Buffer> {
    const [verb, ...rest] = args
    // The one behind stdin, stdout and stderr.
    const known = login === undefined ? [] : ['--authfile', '/proc/self/fd/3']
    const policy = existsSync('/etc/containers/policy.json') ? [] : ['--insecure-policy']
    const nobody = ['--pdeathsig', 'KILL', '--reuid', `${this.user}`, '--regid', `${this.user}`, '--clear-groups']
    const result = await execa(
      'setpriv',
      [
        ...[...nobody, '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all', '--'],
        ...['prlimit', `--fsize=${largestSourceBytes}`, '--core=1', '--', 'skopeo'],
        ...[...policy, '--override-os', 'linux', '--override-arch', imageArchitecture, verb!, ...known, ...rest],
      ],
      {
        ...commandOptions({ timeoutMs, maxOutputBytes: largestManifestBytes, signal: this.signal }),
        env: { ...commandOptions().env, ...proxies(), HOME: this.directory, TMPDIR: this.directory },
        cwd: this.directory,
        encoding: 'buffer',
        // Execa's types know the first few descriptors alone.
        stdio: ['pipe', progress ?? 'pipe', 'pipe', ...(login === undefined ? [] : [login as 3])],
      },
    )
    this.signal.throwIfAborted()
    if (!result.failed) return Buffer.from(result.stdout ?? [])
    const said = withoutSecrets(Buffer.from(result.stderr ?? []).toString(), this.login)
    throw new VethlabError('image.failed', `skopeo: ${result.timedOut ? 'no end in time' : lastWords(said)}`, {
      place: oneLine(this.source, 200),
      cure: /unauthorized|authentication required|access .*denied/.test(said) ? this.askLogin() : reachIt,
    })
  }
}

const reachIt = 'See that the registry can be reached and has the image; what has come in full is not loaded again.'

/** Of its last line, what stands behind time and level. */
function lastWords(said: string): string {
  const last = said.trim().split('\n').at(-1) ?? ''
  return oneLine((/ msg="(.*)"$/.exec(last)?.[1] ?? last).replaceAll('\\"', '"'), 300) || 'it said nothing'
}

function proxies(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]!]] : [])))
}
