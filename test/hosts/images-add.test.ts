import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import type { HostRecord } from '../../server/rack/host/host.js'
import type { ListedImage } from '../../server/rack/images/images.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { Store } from '../../server/rack/store.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { dockerArchive, layerOf, write } from '../rack/images/made-archive.js'
import { LoopbackRegistry } from './blob-registry.js'
import { footprint } from './footprint.js'
import { testState } from './state.js'

/** Images that a teacher adds: as archives, as folders with a Dockerfile, from a registry; and what comes of them in hosts. */

const scratch = mkdtempSync(join(tmpdir(), 'vethlab-images-'))
let racks: LocalRacks
/** Opened before anything was added. */
let old: RackInfo
let store: Store
let golden: ListedImage[]

const plan = {
  hosts: { node1: 'docker' as const },
  lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11' } } },
}

beforeAll(async () => {
  store = await Store.open(testState)
  // What an earlier run left that was cut off.
  rmSync(join(store.packs, 'packs.json'), { force: true })
  racks = await LocalRacks.start(testState, { pool: { docker: 1, plain: 0 } })
  old = await racks.open(plan)
  golden = await list()
}, 120_000)
afterAll(async () => {
  await racks?.closeAll()
  rmSync(join(store.packs, 'packs.json'), { force: true })
  await vethlab('sweep', '--all')
  rmSync(scratch, { recursive: true, force: true })
})

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** As people type it. */
function vethlab(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, VETHLAB_STATE: testState.root }
    const child = execFile(process.execPath, [fromPackage('dist/main.js'), ...args], { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await vethlab(...args)
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  return stdout
}

async function list(): Promise<ListedImage[]> {
  return JSON.parse(await done('images', 'list', '--json')) as ListedImage[]
}

async function sh(rack: RackInfo, script: string): Promise<string> {
  const result = await racks.exec(rack.id, 'node1', ['sh', '-ec', script], { timeoutMs: 60_000 })
  if (result.failed) throw new Error(`${script}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

async function inNewRack<T>(use: (rack: RackInfo) => Promise<T>): Promise<T> {
  const rack = await racks.open(plan)
  try {
    return await use(rack)
  } finally {
    await racks.close(rack.id)
  }
}

const recordOf = (id: string) => JSON.parse(readFileSync(join(testState.hosts, id, 'host.json'), 'utf8')) as HostRecord

/** A file that a host has. */
function fetched(rack: RackInfo, path: string): string {
  const target = join(scratch, path.replaceAll('/', '-'))
  copyFileSync(`/proc/${recordOf(rack.hosts[0]!.id).init!.pid}/root${path}`, target)
  return target
}

const names = (images: readonly ListedImage[]) => images.flatMap((image) => image.names).toSorted()
/** What is kept of images, without the sets that hosts still use. */
const kept = () => readdirSync(store.packs).filter((name) => !name.startsWith('set-'))

it('all images are listed as an Engine in a host knows them', async () => {
  const format = '{{.Id}} {{.Size}} {{json .RepoTags}} {{json .Config.Labels}}'
  const told = await sh(old, `docker image inspect -f '${format}' $(docker image ls -q | sort -u)`)
  const inWords = golden.map(({ id, bytes, names: all, origin }) => `${id} ${bytes} ${all.toSorted()} ${origin}`)
  const byEngine = told
    .trim()
    .split('\n')
    .map((line) => {
      const [id, size, all = '[]', ...labels] = line.split(' ')
      const origin = (JSON.parse(labels.join(' ')) as Record<string, string> | null)?.['vethlab.origin'] ?? ''
      return `${id} ${size} ${(JSON.parse(all) as string[]).toSorted()} ${origin}`
    })
  expect(inWords.toSorted()).toEqual(byEngine.toSorted())
  expect(golden.every(({ from }) => from === 'golden')).toBe(true)
  expect(await done('images', 'list')).toMatch(
    /^nginx:latest {2}golden, \d+ MiB, sha256:\w+\n {2}also nginx:1, nginx:/m,
  )
})

describe('an archive', () => {
  it('of docker save is added; new hosts have its image and run it, offline', async () => {
    await sh(
      old,
      `printf 'FROM busybox\\nLABEL vethlab.origin="a test"\\nRUN echo one > /which\\nCMD cat /which\\n' | docker build -q -t shop:1 -
       docker save -o /root/shop.tar shop:1`,
    )
    const archive = fetched(old, '/root/shop.tar')
    expect(await done('images', 'add', archive)).toMatch(/^added shop:1 \(sha256:[0-9a-f]{64}\)\n$/)
    const id = (await sh(old, 'docker image inspect -f {{.Id}} shop:1')).trim()
    const shop = (await list()).find(({ name }) => name === 'shop:1')
    expect(shop).toMatchObject({ names: ['shop:1'], from: 'pack', origin: 'a test', id, source: archive })
    expect(shop!.bytes).toBe(Number(await sh(old, 'docker image inspect -f {{.Size}} shop:1')))
    await inNewRack(async (rack) => {
      expect(await sh(rack, 'docker run --rm shop:1')).toBe('one\n')
      // And all others as before.
      expect(await sh(rack, 'docker run --rm busybox:musl echo two')).toBe('two\n')
      expect((await sh(rack, 'docker pull no-such-image 2>&1 || true')).trim()).toMatch(
        /this rack is offline, .*: .*nginx.*shop:1.*; a teacher can add one with `vethlab images add`$/,
      )
    })
    expect(await done('images', 'add', archive)).toBe('is there already: nothing was changed\n')
  })

  it('leaves running racks as they are; hosts that wait follow', async () => {
    const { set } = JSON.parse(readFileSync(join(store.packs, 'packs.json'), 'utf8')) as { set: string }
    await racks.poolSettled()
    const waiting = readdirSync(testState.hosts)
      .filter((id) => !id.startsWith('.'))
      .map(recordOf)
      .filter(({ rack }) => rack === undefined)
    expect(waiting.map(({ packs }) => packs)).toEqual([set])
    expect(recordOf(old.hosts[0]!.id).packs).toBeUndefined()
    expect(await racks.info(old.id)).toMatchObject({ hosts: [{ alive: true }] })
  })

  it('of a name that golden has takes it over until it is removed', async () => {
    const archive = fetched(old, '/root/shop.tar')
    const added = await vethlab('images', 'add', archive, '--name', 'alpine:3.20')
    expect(added.stdout).toMatch(/^added shop:1, alpine:3\.20 \(/)
    expect(added.stderr).toContain('alpine:3.20 meant another image until now')
    expect((await list()).find(({ name }) => name === 'alpine:latest')!.names).not.toContain('alpine:3.20')
    await inNewRack(async (rack) => {
      expect(await sh(rack, 'docker run --rm alpine:3.20')).toBe('one\n')
      expect(await sh(rack, 'docker run --rm alpine echo golden')).toBe('golden\n')
    })
  })

  it('that is hostile or wrong changes nothing, and says why', async () => {
    const before = names(await list())
    const layer = await layerOf('x', 'x')
    const refused = async (file: string, entries: Parameters<typeof write>[1], words: RegExp) => {
      const { code, stderr } = await vethlab('images', 'add', await write(join(scratch, file), entries))
      expect(stderr.trim().split('\n').at(-1)).toMatch(words)
      expect(code).toBe(2)
    }
    const lies = `{"os":"linux","architecture":"${process.arch === 'x64' ? 'amd64' : process.arch}","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:${'0'.repeat(64)}"]}}`
    await refused('up.tar', [{ name: '../../x', content: 'x' }], /^vethlab: .*"\.\.\/\.\.\/x" is a path that leads out/)
    await refused('lies.tar', dockerArchive(lies, [layer], ['lies:1']), /the Engine refuses it: .*invalid diffID/)
    expect(names(await list())).toEqual(before)
    expect(kept()).toHaveLength(2)
    const missing = await vethlab('images', 'add', './nowhere.tar')
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('is no file, no folder and no name')])
    expect((await vethlab('images', 'add', 'x', '--name', 'No Name')).code).toBe(64)
  })
})

describe('a folder with a Dockerfile', () => {
  const folder = join(scratch, 'Bakery')

  it('is built in a host and called after the folder', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'bread'), 'fresh\n')
    writeFileSync(join(folder, 'Dockerfile'), 'FROM shop:1\nCOPY bread /\nRUN cat /which >> /bread\nCMD cat /bread\n')
    expect(await done('images', 'add', folder)).toMatch(/^added bakery:latest \(sha256:/)
    await inNewRack(async (rack) => expect(await sh(rack, 'docker run --rm bakery')).toBe('fresh\none\n'))
  })

  it('that needs what is not there is told so', async () => {
    writeFileSync(join(folder, 'Dockerfile'), 'FROM no-such-image\n')
    const { code, stderr } = await vethlab('images', 'add', folder)
    expect(stderr).toMatch(/the Dockerfile needs what is not here: .*begin it FROM one of `vethlab images list`/)
    expect(code).toBe(2)
    writeFileSync(join(folder, 'Dockerfile'), 'FROM busybox\nRUN exit 7\n')
    expect((await vethlab('images', 'add', folder)).stderr).toMatch(
      /the Engine refuses it: .*returned a non-zero code: 7/,
    )
  })
})

describe('a reference', () => {
  let registry: LoopbackRegistry
  let blobs: string[]
  let digest: string

  beforeAll(async () => {
    await sh(
      old,
      `docker run -d --name reg -p 5000:5000 registry:2
       for n in $(seq 50); do curl -sf localhost:5000/v2/ && break; sleep 0.2; done
       printf 'FROM busybox\\nRUN head -c 3000000 /dev/urandom > /noise\\nRUN echo far > /which\\nCMD cat /which\\n' | docker build -q -t localhost:5000/far/shop:2 -
       docker push -q localhost:5000/far/shop:2`,
    )
    const manifest = await sh(
      old,
      `curl -sf -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' localhost:5000/v2/far/shop/manifests/2`,
    )
    blobs = (JSON.parse(manifest) as { layers: { digest: string }[] }).layers.map((layer) => layer.digest)
    digest = (await sh(old, `docker image inspect -f '{{index .RepoDigests 0}}' localhost:5000/far/shop:2`))
      .trim()
      .replace(/^.*@/, '')
    registry = await LoopbackRegistry.listen(() => racks.connectPort(old.id, 'node1', 5000))
  }, 60_000)
  afterAll(() => registry?.close())

  it('is copied by skopeo; what has come in full does not come again', async () => {
    const name = `${registry.name}/far/shop:2`
    registry.held.add(blobs.at(-1)!)
    const cut = await vethlab('images', 'add', name)
    expect(cut.stderr).toMatch(/^vethlab: .*far\/shop:2: skopeo: /m)
    expect(cut.code).toBe(2)
    expect(await done('images', 'list')).not.toContain('far/shop')
    const first = [...registry.blobs]
    expect(first).toEqual(expect.arrayContaining(blobs))

    registry.held.clear()
    registry.blobs.length = 0
    const { code, stdout, stderr } = await vethlab('images', 'add', name, '--name', 'far/shop:2')
    expect(code, stderr).toBe(0)
    expect(stdout).toBe(`added far/shop:2 (${digest})\n`)
    expect(stderr).toContain('Copying blob')
    for (const blob of blobs.slice(0, -1)) expect(registry.blobs).not.toContain(blob)
    expect(registry.blobs).toContain(blobs.at(-1))
    expect(readdirSync(testState.copies)).toEqual([])
    const id = (await sh(old, 'docker image inspect -f {{.Id}} localhost:5000/far/shop:2')).trim()
    expect((await list()).find((image) => image.name === 'far/shop:2')).toMatchObject({ digest, id, source: name })
    await inNewRack(async (rack) => expect(await sh(rack, 'docker run --rm far/shop:2')).toBe('far\n'))
  })

  it('that is not there is told in one line', async () => {
    const { code, stderr } = await vethlab('images', 'add', `${registry.name}/nowhere:1`)
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^vethlab: localhost:\d+\/nowhere:1: skopeo: .*manifest unknown/)
    expect(code).toBe(2)
  })
})

describe('a private registry', () => {
  const password = 'between-us-9'
  const auth = Buffer.from(`ada:${password}`).toString('base64')
  const authFile = join(scratch, 'auth.json')
  let registry: LoopbackRegistry
  /** Of each skopeo that asked the registry for something: its command line, and its environment. */
  const asked: string[] = []
  /** Files of copies, as they were then. */
  const copied: string[] = []

  beforeAll(async () => {
    await sh(
      old,
      `printf '%s' 'ada:$2b$04$TAzClTeb3.MTdDHzamIBwuS8FRNNOyV0JWTquq87YwjA6DTO4l6U6' > /root/htpasswd
       docker run -d --name private -p 5001:5000 -v /root/htpasswd:/htpasswd -e REGISTRY_AUTH=htpasswd -e REGISTRY_AUTH_HTPASSWD_REALM=shop -e REGISTRY_AUTH_HTPASSWD_PATH=/htpasswd registry:2
       for n in $(seq 50); do [ "$(curl -s -o /dev/null -w '%{http_code}' localhost:5001/v2/)" = 401 ] && break; sleep 0.2; done
       printf 'FROM busybox\\nRUN echo secret > /which\\nCMD cat /which\\n' | docker build -q -t localhost:5001/team/shop:1 -
       echo ${password} | docker login -u ada --password-stdin localhost:5001
       docker push -q localhost:5001/team/shop:1`,
    )
    registry = await LoopbackRegistry.listen(() => {
      for (const { command, environment } of skopeos()) asked.push(`${command} ${environment}`)
      copied.push(...contentsBelow(testState.copies))
      return racks.connectPort(old.id, 'node1', 5001)
    })
  }, 60_000)
  afterAll(() => registry?.close())

  const add = (login?: string) => {
    const entry = { [`http://${registry.name}/v2/`]: { auth: login ?? '' } }
    writeFileSync(authFile, JSON.stringify({ auths: login === undefined ? {} : entry }), { mode: 0o600 })
    return vethlab('images', 'add', `${registry.name}/team/shop:1`, '--authfile', authFile, '--name', 'team/shop:1')
  }

  it('gives nothing to who has no login, or a wrong one, and says what to do', async () => {
    const name = `${registry.name}/team/shop:1`
    const without = await vethlab('images', 'add', name)
    expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/unauthorized.*--authfile/)])
    const wrong = await add(Buffer.from('ada:guessed').toString('base64'))
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/unauthorized.*See that the login in that file/),
    ])
    const none = await add()
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining(`has no login for ${registry.name}`)])
    expect(await done('images', 'list')).not.toContain('team/shop')
  })

  it('gives its image to who has one, which nobody else gets to see', async () => {
    asked.length = 0
    const { code, stdout, stderr } = await add(auth)
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^added team\/shop:1 \(sha256:/)
    await inNewRack(async (rack) => expect(await sh(rack, 'docker run --rm team/shop:1')).toBe('secret\n'))
    // Manifest, configuration, layers.
    expect(asked.length).toBeGreaterThan(2)
    expect(asked.every((one) => one.includes('--authfile /proc/self/fd/3'))).toBe(true)
    const records = readdirSync(store.packs).filter((name) => name.endsWith('.json'))
    const kept = records.map((name) => readFileSync(join(store.packs, name), 'utf8'))
    expect(kept.join()).toContain('team/shop')
    for (const text of [...asked, ...copied, ...kept, stdout, stderr]) {
      expect(text).not.toContain(password)
      expect(text).not.toContain(auth)
    }
    await done('images', 'remove', 'team/shop:1')
  })
})

/** Programs that copy from registries, as everybody on the machine sees them, and what root sees besides. */
function skopeos(): { command: string; environment: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return command.startsWith('skopeo ')
          ? [{ command, environment: readFileSync(`/proc/${pid}/environ`, 'utf8') }]
          : []
      } catch {
        return []
      }
    })
}

/** Of files that are not large. */
function contentsBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    try {
      return entry.isFile() ? [readFileSync(join(entry.parentPath, entry.name), 'latin1').slice(0, 100_000)] : []
    } catch {
      return []
    }
  })
}

describe('a lab that names its images', () => {
  it('is opened where they are, and refused before anything is made where they are not', async () => {
    const rack = await racks.open(plan, { images: ['docker.io/library/shop:1', 'nginx:alpine'] })
    await racks.close(rack.id)
    const before = readdirSync(testState.racks)
    await expect(racks.open(plan, { images: ['shop:1', 'shop:9'] })).rejects.toMatchObject({
      code: 'image.missing',
      place: 'shop:9',
      cure: 'Add it: `vethlab images add shop:9`.',
    })
    expect(readdirSync(testState.racks)).toEqual(before)
  })
})

describe('an add that is killed', () => {
  class Adding {
    said = ''
    private readonly exited: Promise<unknown[]>
    private constructor(readonly child: ChildProcess) {
      this.exited = once(child, 'exit')
      child.stderr!.on('data', (bytes) => {
        this.said += bytes
      })
    }
    static start(source: string): Adding {
      const args = [fromPackage('dist/main.js'), 'images', 'add', source, '--name', 'killed:1']
      const env = { ...process.env, VETHLAB_STATE: testState.root }
      return new Adding(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env }))
    }
    async killAfter(words: string, ms: number): Promise<void> {
      await expect.poll(() => this.said, { timeout: 60_000, interval: 20 }).toContain(words)
      await new Promise((resolve) => setTimeout(resolve, ms))
      expect(this.child.exitCode, this.said).toBeNull()
      this.child.kill('SIGKILL')
      await this.exited
    }
  }

  it.each([
    ['while it builds', 'building', 1500],
    ['while an Engine loads', 'an Engine in a host loads', 100],
  ])('%s leaves nothing that is used, and the rest is swept', async (_, words, ms) => {
    const folder = join(scratch, 'killed')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'Dockerfile'), `FROM busybox\nRUN sleep 2; echo ${words} ${ms} > /made\n`)
    const [before, files] = [names(await list()), kept()]
    const hosts = readdirSync(testState.hosts).length
    await Adding.start(folder).killAfter(words, ms)
    expect(names(await list())).toEqual(before)
    await done('sweep')
    expect(kept()).toEqual(files)
    expect(readdirSync(store.packs)).not.toContain('draft-set')
    expect(readdirSync(testState.hosts)).toHaveLength(hosts)
    expect(footprint(testState).snapshots).toHaveLength(hosts)
  })
})

describe('what is removed', () => {
  it('is gone from new hosts, and stays where it is in use', async () => {
    const standing = await racks.open(plan)
    expect(await done('images', 'remove', 'alpine:3.20')).toBe('removed shop:1, alpine:3.20\n')
    await inNewRack(async (rack) => {
      expect(await sh(rack, 'docker image ls -q shop')).toBe('')
      expect(await sh(rack, 'docker run --rm alpine:3.20 sh -c "command -v drill"')).toMatch(/drill/)
      expect(await sh(rack, 'docker run --rm bakery')).toBe('fresh\none\n')
    })
    expect(await sh(standing, 'docker run --rm shop:1')).toBe('one\n')
    await expect(racks.open(plan, { images: ['shop:1'] })).rejects.toMatchObject({ code: 'image.missing' })
    for (const name of ['bakery', 'far/shop:2']) await done('images', 'remove', name)
    expect(await list()).toEqual(golden)
    expect(kept()).toEqual([])
    // Its set goes with the last host that began with it.
    const { packs } = recordOf(standing.hosts[0]!.id)
    expect(existsSync(store.packSet(packs!))).toBe(true)
    await racks.close(standing.id)
    await racks.poolSettled()
    await done('sweep')
    expect(readdirSync(store.packs)).toEqual([])
  })

  it('has to be there, and not be one of golden', async () => {
    expect((await vethlab('images', 'remove', 'nginx')).stderr).toMatch(/is one of the images that set-up makes/)
    const { code, stderr } = await vethlab('images', 'remove', 'shop:1')
    expect(stderr).toMatch(/no image of that name was added\. None was\.\n$/)
    expect(code).toBe(2)
  })
})
