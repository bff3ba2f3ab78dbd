import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { VethlabError } from '../../error/vethlab-error.js'
import { Cgroups } from '../cgroup.js'
import { must, run } from '../command.js'
import { execInHost } from '../exec.js'
import { Host, type HostGround } from '../host.js'
import { ownProcess, readRecord, recordedDirectories } from '../record.js'
import type { StateDirectory } from '../state-directory.js'
import { Store } from '../store.js'
import { sweep } from '../sweep.js'
import {
  basePackages,
  filesDirectory,
  furtherTags,
  type GoldenInputs,
  goldenInputs,
  hostPackages,
  imagesDirectory,
  leanOptions,
  suite,
} from './inputs.js'
import { mirrorAddress, PackageMirror } from './package-mirror.js'

/** The golden system that hosts are snapshots of: a read-only subvolume, whole or not there. */
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
  ...['etc/machine-id', 'etc/docker/key.json', 'etc/hostname', 'etc/resolv.conf'],
  ...['engine-id', 'swarm', 'network', 'runtimes', 'tmp', 'containers'].map((path) => `var/lib/docker/${path}`),
  ...['var/lib/containerd', 'var/log/docker.log', 'var/log/containerd.log'],
]

/** @returns the newest golden, undefined before the first set-up */
export async function findGolden(store: Store): Promise<Golden | undefined> {
  const { version } = goldenInputs()
  const found: Golden[] = []
  for (const path of await store.list('golden')) {
    if (!basename(path).startsWith('golden-')) continue
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
      await store.remove((await store.list('golden')).filter((path) => basename(path).startsWith(draftPrefix)))
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
      const seed = !force && old?.inputs.system === inputs.system ? old : undefined
      const needsBase = stale.length > 0 && seed?.inputs.base !== inputs.base
      // Both are mostly unpacking on one processor: side by side they need the time of one.
      await Promise.all([
        (await exists(system)) ? undefined : stage('host system', (say) => bootstrapSystem(store, system, say)),
        needsBase && !(await exists(base)) ? stage('base of the images', (say) => bootstrapBase(base, say)) : undefined,
      ])
      const draft = store.golden(`${draftPrefix}golden`)
      await store.snapshot(seed ? store.golden(seed.name) : system, draft)
      await layFiles(draft)
      const dropped = Object.keys(seed?.inputs.images ?? {}).some((name) => !(name in inputs.images))
      if (stale.length > 0 || dropped) {
        await buildImages({ ground, draft, base: needsBase ? base : undefined, stale, inputs, stage })
      }
      await stage('finish', async () => {
        await strip(draft)
        const builtAt = new Date().toISOString()
        await writeFile(join(draft, manifestPath), JSON.stringify({ inputs, builtAt }, null, 1))
        await must('btrfs', ['filesystem', 'sync', store.path], { timeoutMs: 120_000 })
        const name =
          force && (await exists(store.golden(`golden-${inputs.version}`)))
            ? `golden-${inputs.version}-${Date.now()}`
            : `golden-${inputs.version}`
        await rename(draft, store.golden(name))
        await must('btrfs', ['property', 'set', '-ts', store.golden(name), 'ro', 'true'])
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

async function bootstrapSystem(store: Store, target: string, say: (detail: string) => void): Promise<void> {
  const draft = store.golden(`${draftPrefix}system`)
  await store.createSubvolume(draft)
  await bootstrap(draft, hostPackages, say)
  await strip(draft)
  await rename(draft, target)
}

async function bootstrapBase(target: string, say: (detail: string) => void): Promise<void> {
  const draft = `${target}.draft.tar`
  await bootstrap(draft, basePackages, say)
  await rename(draft, target)
}

async function bootstrap(target: string, packages: string[], say: (detail: string) => void): Promise<void> {
  say('packages')
  const format = target.endsWith('.tar') ? 'tar' : 'directory'
  const bootstrapper = ['mmdebstrap', '--mode=root', '--variant=minbase', `--format=${format}`]
  const result = await run(
    'setpriv',
    [...endsWithUs, ...bootstrapper, `--include=${packages.join(',')}`, ...leanOptions, suite, target],
    { timeoutMs: 15 * 60_000 },
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
}

async function strip(root: string): Promise<void> {
  for (const path of identityPaths) await rm(join(root, path), { recursive: true, force: true })
  await writeFile(join(root, 'etc/hostname'), 'host\n')
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
  await writeFile(join(root, 'etc/resolv.conf'), '')
}

/** Boots the draft as a host, lets its own Engine build what is stale, and puts the result in the draft's place. */
async function buildImages(plan: {
  ground: HostGround
  draft: string
  /** A tar file, when the draft's Engine does not have it yet. */
  base: string | undefined
  stale: string[]
  inputs: GoldenInputs
  stage: RunStage
}): Promise<void> {
  const { ground, draft, base, stale, inputs, stage } = plan
  const { state, store } = ground
  const sources = await readFile(join(draft, 'etc/apt/sources.list'), 'utf8')
  const archives = [
    ...new Set([...sources.matchAll(/^deb (?:\[.*?\] )?(\S+)/gm)].map((match) => `${match[1]!.replace(/\/$/, '')}/`)),
  ]
  const mirror = new PackageMirror(join(state.cache, 'packages'), archives)
  const builder = await Host.start(ground, basename(draft), 'docker')
  try {
    const limits = { memoryBytes: 4 * 1024 ** 3, diskBytes: 16 * 1024 ** 3, pids: 4096, cpuShares: 1024 }
    await builder.settle('setup', 'builder', { hosts: '127.0.0.1 localhost builder\n', resolv: '' }, limits)
    await builder.ready()
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
    for (const name of stale) {
      await stage(`image ${name}`, async () => {
        const context = join(state.cache, 'context.tar')
        await must('tar', ['--create', '--file', context, '--directory', join(imagesDirectory, name), '.'])
        const tags = [name, ...(furtherTags[name] ?? [])].flatMap((tag) => ['--tag', tag])
        const proxy = ['http_proxy', 'https_proxy'].flatMap((key) => ['--build-arg', `${key}=${mirrorAddress}`])
        await inBuilder(
          ['docker', 'build', '--network', 'host', '--force-rm', ...tags, ...proxy, '-'],
          await readFile(context),
        )
      })
    }
    await inBuilder(['docker', 'image', 'prune', '--force'])
    const gone = (await inBuilder(['docker', 'image', 'ls', '--format', '{{.Repository}}'])).stdout
      .split('\n')
      .filter((name) => name !== '' && !name.includes('/') && !(name in inputs.images))
    if (gone.length > 0) await inBuilder(['docker', 'image', 'rm', ...gone])
    // The Engine writes its store out on SIGTERM; init would start it again.
    await inBuilder(['systemctl', 'stop', 'docker'])
    await must('btrfs', ['filesystem', 'sync', store.path], { timeoutMs: 120_000 })
    await store.remove([draft])
    await store.snapshot(store.host(builder.id), draft)
  } finally {
    mirror.close()
    await builder.remove()
  }
}

/** Goldens that are neither current nor under a living host. */
async function removeOldGoldens(state: StateDirectory, store: Store, current: Golden): Promise<void> {
  const used = new Set([current.name, `system-${current.inputs.system}`])
  for (const id of await recordedDirectories(state.hosts)) {
    const host = await readRecord<{ golden: string }>(join(state.hosts, id, 'host.json'))
    if (host) used.add(host.golden)
  }
  await store.remove((await store.list('golden')).filter((path) => !used.has(basename(path))))
  await store.clearStaleQuotas()
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
