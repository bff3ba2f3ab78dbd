import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import pMap from 'p-map'
import { VethlabError } from '../../error/vethlab-error.js'
import { Cgroups } from '../cgroup.js'
import { must, run } from '../command.js'
import { execInHost } from '../exec.js'
import { layDisk } from '../host/disk.js'
import type { HostGround } from '../host/host.js'
import { ownProcess, readRecord, recordedDirectories } from '../record.js'
import type { StateDirectory } from '../state-directory.js'
import { Store } from '../store.js'
import { sweep } from '../sweep.js'
import { bakeDisk, highestInode } from './bake-disk.js'
import {
  aptInImages,
  basePackages,
  filesDirectory,
  type GoldenInputs,
  goldenInputs,
  hostPackages,
  imageParents,
  imagesDirectory,
  leanOptions,
  namesOf,
  packageManagerSource,
  packageManagers,
  suite,
} from './inputs.js'
import { mirrorAddress, PackageMirror } from './package-mirror.js'

/** The golden system that hosts share, and the disk that each begins with: two read-only subvolumes, whole or not there. */
export interface Golden {
  /** Its subvolume below the store's `golden`. */
  name: string
  version: string
  builtAt: string
  inputs: GoldenInputs
  /** False when the files it was made from have changed since. */
  current: boolean
}

/** How the caller runs the stages: it shows them, and each calls back with what it is doing. */
export type RunStage = (stage: string, work: (say: (detail: string) => void) => Promise<void>) => Promise<void>

/**
 * Arguments of setpriv(1) for a program that must not outlive us, with all that it starts and mounts: it is killed with
 * its parent, and it is the first process of a process namespace, without which none of that namespace lives.
 */
const endsWithUs = [
  '--pdeathsig',
  'KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--',
]

const draftPrefix = '.building-'
const manifestPath = 'etc/vethlab-golden.json'

/** What must differ between hosts, or is rubbish. Golden never has it. */
const identityPaths = [
  ...['rsa', 'ecdsa', 'ed25519'].flatMap((kind) => ['', '.pub'].map((end) => `etc/ssh/ssh_host_${kind}_key${end}`)),
  'etc/machine-id',
  'etc/docker/key.json',
  'etc/hostname',
  'etc/resolv.conf',
  'var/lib/containerd',
]

/** @returns the newest golden, undefined before the first set-up */
export async function findGolden(store: Store): Promise<Golden | undefined> {
  const { version } = goldenInputs()
  const found: Golden[] = []
  const paths = new Set(await store.list('golden'))
  for (const path of paths) {
    if (!basename(path).startsWith('golden-') || !paths.has(store.freshDisk(basename(path)))) continue
    const manifest = await readRecord<{ inputs: GoldenInputs; builtAt: string }>(join(path, manifestPath))
    if (!manifest) continue
    found.push({
      name: basename(path),
      version: manifest.inputs.version,
      builtAt: manifest.builtAt,
      inputs: manifest.inputs,
      current: manifest.inputs.version === version,
    })
  }
  return found.toSorted((a, b) => Number(a.current) - Number(b.current) || a.builtAt.localeCompare(b.builtAt)).at(-1)
}

/** @throws VethlabError golden.missing */
export async function requireGolden(store: Store): Promise<Golden> {
  const golden = await findGolden(store)
  if (golden) return golden
  throw new VethlabError('golden.missing', 'there is no golden system yet', {
    place: store.path,
    cure: 'Run `vethlab setup`.',
  })
}

/**
 * Brings the golden system up to date: does only what its inputs ask for, and takes over whatever an earlier run finished.
 * @param force builds all of it anew, for instance to get newer packages
 */
export async function buildGolden(
  state: StateDirectory,
  { force, stage }: { force: boolean; stage: RunStage },
): Promise<Golden> {
  return state.locked(
    'setup',
    async () => {
      const store = await Store.open(state)
      const ground: HostGround = { state, store, cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
      await sweep(ground)
      await store.remove((await store.list('golden')).filter((path) => basename(path).includes(draftPrefix)))
      const inputs = goldenInputs()
      const old = await findGolden(store)
      if (old?.current && !force) return old

      const system = store.golden(`system-${inputs.system}`)
      const base = join(state.cache, `base-${inputs.base}.tar`)
      const stale = force ? Object.keys(inputs.images) : changedImages(inputs, old)
      if (force) {
        await store.remove([system])
        await rm(base, { force: true })
      }
      await mkdir(state.cache, { recursive: true, mode: 0o700 })
      for (const name of await readdir(state.cache))
        if (name.startsWith('mmdebstrap.')) await rm(join(state.cache, name), { recursive: true })
      const seed = !force && old?.inputs.system === inputs.system ? old : undefined
      const needsBase = stale.length > 0 && seed?.inputs.base !== inputs.base
      // Both are mostly unpacking on one processor: side by side they need the time of one.
      await Promise.all([
        (await exists(system)) ? undefined : stage('host system', (say) => bootstrapSystem(state, store, system, say)),
        needsBase && !(await exists(base))
          ? stage('base of the images', (say) => bootstrapBase(state, base, say))
          : undefined,
      ])
      const name =
        force && (await exists(store.golden(`golden-${inputs.version}`)))
          ? `golden-${inputs.version}-${Date.now()}`
          : `golden-${inputs.version}`
      const draft = `${draftPrefix}golden`
      await store.snapshot(system, store.golden(draft))
      await layFiles(store.golden(draft))
      await strip(store.golden(draft))
      if (seed) await store.snapshot(store.freshDisk(seed.name), store.freshDisk(draft))
      else await store.createSubvolume(store.freshDisk(draft))
      await layDisk(store.freshDisk(draft), await highestInode(store.golden(draft)))
      const dropped = Object.keys(seed?.inputs.images ?? {}).some((image) => !(image in inputs.images))
      if (stale.length > 0 || dropped) {
        await buildImages({ ground, draft, base: needsBase ? base : undefined, stale, inputs, stage })
      }
      await stage('finish', async () => {
        const builtAt = new Date().toISOString()
        await writeFile(join(store.golden(draft), manifestPath), JSON.stringify({ inputs, builtAt }, null, 1))
        await must('btrfs', ['filesystem', 'sync', store.path], { timeoutMs: 120_000 })
        // The system goes last: without its disk it is no golden yet.
        for (const place of [(of: string) => store.freshDisk(of), (of: string) => store.golden(of)]) {
          await store.remove([place(name)])
          await rename(place(draft), place(name))
          await must('btrfs', ['property', 'set', '-ts', place(name), 'ro', 'true'])
        }
        await rm(state.cache, { recursive: true, force: true })
        await mkdir(state.cache, { mode: 0o700 })
      })
      const golden = await requireGolden(store)
      await removeOldGoldens(state, store, golden)
      await store.giveBack()
      return golden
    },
    1000,
  )
}

function changedImages(inputs: GoldenInputs, old: Golden | undefined): string[] {
  const kept = old?.inputs.system === inputs.system ? old.inputs.images : {}
  return Object.keys(inputs.images).filter((name) => inputs.images[name] !== kept[name])
}

async function bootstrapSystem(
  state: StateDirectory,
  store: Store,
  target: string,
  say: (detail: string) => void,
): Promise<void> {
  const draft = store.golden(`${draftPrefix}system`)
  await store.createSubvolume(draft)
  await bootstrap(state, draft, hostPackages, say)
  await strip(draft)
  await rename(draft, target)
}

async function bootstrapBase(state: StateDirectory, target: string, say: (detail: string) => void): Promise<void> {
  const draft = `${target}.draft.tar`
  const settings = `printf '%s\\n' ${aptInImages.map((line) => `'${line}'`).join(' ')} > "$1/etc/apt/apt.conf.d/90lean"`
  await bootstrap(state, draft, basePackages, say, [`--customize-hook=${settings}`])
  await rename(draft, target)
}

async function bootstrap(
  state: StateDirectory,
  target: string,
  packages: string[],
  say: (detail: string) => void,
  more: string[] = [],
): Promise<void> {
  say('packages')
  const format = target.endsWith('.tar') ? 'tar' : 'directory'
  const bootstrapper = ['mmdebstrap', '--mode=root', '--variant=minbase', `--format=${format}`]
  const result = await run(
    'setpriv',
    [...endsWithUs, ...bootstrapper, `--include=${packages.join(',')}`, ...leanOptions, ...more, suite, target],
    // What it leaves behind when it is killed goes with the cache.
    { timeoutMs: 15 * 60_000, env: { TMPDIR: state.cache } },
  )
  if (!result.failed) return
  const said = result.stderr.split('\n').filter((line) => line.startsWith('E:'))
  throw new VethlabError('setup.failed', `mmdebstrap: ${said.join(' ') || result.stderr.slice(-400)}`, {
    place: target,
    cure: "Check that the machine reaches Debian's archive (apt's proxy settings are used), then run `vethlab setup` again.",
  })
}

/** Lays our own files over a system. */
async function layFiles(root: string): Promise<void> {
  await cp(filesDirectory, root, { recursive: true, force: true })
  for (const path of packageManagers) await cp(packageManagerSource, join(root, path), { force: true })
}

async function strip(root: string): Promise<void> {
  for (const path of identityPaths) await rm(join(root, path), { recursive: true, force: true })
  // Nobody in a host needs another's rights: root is there to begin with.
  await must('find', [root, '-xdev', '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+'])
  // The Engine's data is on the host's disk; this is where it is mounted.
  await rm(join(root, 'var/lib/docker'), { recursive: true, force: true })
  await mkdir(join(root, 'var/lib/docker'), { mode: 0o710 })
  await writeFile(join(root, 'etc/hostname'), 'host\n')
  // Empty until the host is named: Go's resolver, dockerd's, remembers what it read of a file with names for five seconds.
  await writeFile(join(root, 'etc/hosts'), '')
  await writeFile(join(root, 'etc/resolv.conf'), '')
}

/** Boots a host of the draft, lets its own Engine build what is stale, and makes the Engine's data the draft's. */
async function buildImages(plan: {
  ground: HostGround
  /** Name of a golden system that is still being made. */
  draft: string
  /** A tar file, when the draft's Engine does not have it yet. */
  base: string | undefined
  stale: string[]
  inputs: GoldenInputs
  stage: RunStage
}): Promise<void> {
  const { ground, draft, base, stale, inputs, stage } = plan
  const { state, store } = ground
  const sources = await readFile(join(store.golden(draft), 'etc/apt/sources.list'), 'utf8')
  const archives = [
    ...new Set([...sources.matchAll(/^deb (?:\[.*?\] )?(\S+)/gm)].map((match) => `${match[1]!.replace(/\/$/, '')}/`)),
  ]
  const mirror = new PackageMirror(join(state.cache, 'packages'), archives)
  const disk = store.freshDisk(draft)
  try {
    await bakeDisk(ground, { golden: draft }, disk, async (builder) => {
      await mirror.listenIn(`/proc/${builder.pid}/ns/net`)
      const inBuilder = async (argv: string[], stdin?: Uint8Array) => {
        const result = await execInHost(ground, builder, argv, {
          timeoutMs: 10 * 60_000,
          env: { DOCKER_BUILDKIT: '0' },
          ...(stdin ? { stdin } : {}),
        })
        if (!result.failed) return result
        throw new VethlabError('setup.failed', `${result.stdout.slice(-300)} ${result.stderr.slice(-300)}`, {
          place: argv.join(' '),
          cure: "Mend the image, or check that the machine reaches Debian's archive; then run `vethlab setup` again.",
        })
      }
      if (base !== undefined) {
        await stage('base of the images: import', async () => {
          await inBuilder(['docker', 'import', '--change', 'CMD ["bash"]', '-', 'vethlab/base'], await readFile(base))
        })
      }
      const build = async (name: string) => {
        await stage(`image ${name}`, async () => {
          const context = join(state.cache, `context-${name}.tar`)
          await must('tar', ['--create', '--file', context, '--directory', join(imagesDirectory, name), '.'])
          const tags = namesOf(name).flatMap((tag) => ['--tag', tag])
          const proxy = ['http_proxy', 'https_proxy'].flatMap((key) => ['--build-arg', `${key}=${mirrorAddress}`])
          await inBuilder(
            ['docker', 'build', '--network', 'host', '--force-rm', ...tags, ...proxy, '-'],
            await readFile(context),
          )
        })
      }
      await inOrder(stale, build)
      await inBuilder(['docker', 'image', 'prune', '--force'])
      const wanted = new Set(['vethlab/base', ...Object.keys(inputs.images).flatMap(namesOf)].map(withTag))
      const gone = (await inBuilder(['docker', 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'])).stdout
        .split('\n')
        .filter((name) => name !== '' && !wanted.has(name))
      if (gone.length > 0) await inBuilder(['docker', 'image', 'rm', ...gone])
    })
  } finally {
    mirror.close()
  }
}

/** An image's build waits on the network and unpacks by turns: two at a time fill a small machine. */
const buildsAtOnce = 2

/** Builds images, each after those that it begins from, and first those that others wait for. */
async function inOrder(images: string[], build: (name: string) => Promise<void>): Promise<void> {
  const depth = (name: string): number => 1 + Math.max(0, ...imageParents(name).map(depth))
  const awaited = new Set(images.flatMap(imageParents))
  const order = images.toSorted(
    (a, b) => depth(a) - depth(b) || Number(awaited.has(b)) - Number(awaited.has(a)) || (a < b ? -1 : 1),
  )
  const built = new Map<string, Promise<void>>()
  await pMap(
    order,
    (name) => {
      const begun = Promise.all(imageParents(name).map((parent) => built.get(parent))).then(() => build(name))
      built.set(name, begun)
      return begun
    },
    { concurrency: buildsAtOnce },
  )
}

function withTag(name: string): string {
  return name.split('/').at(-1)!.includes(':') ? name : `${name}:latest`
}

/** Goldens that are neither current nor under a living host. */
async function removeOldGoldens(state: StateDirectory, store: Store, current: Golden): Promise<void> {
  const goldens = new Set([current.name])
  for (const id of await recordedDirectories(state.hosts)) {
    const host = await readRecord<{ golden: string }>(join(state.hosts, id, 'host.json'))
    if (host) goldens.add(host.golden)
  }
  const used = new Set([...goldens].flatMap((name) => [name, basename(store.freshDisk(name))]))
  used.add(`system-${current.inputs.system}`)
  await store.remove((await store.list('golden')).filter((path) => !used.has(basename(path))))
  await store.clearStaleQuotas()
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
