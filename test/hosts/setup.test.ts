import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../server/package-root.js'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { requireBase } from '../../server/rack/images/base.js'
import { namesIn } from '../../server/rack/images/pack-record.js'
import { StateDirectory } from '../../server/rack/state-directory.js'
import { Store } from '../../server/rack/store.js'
import { configOf, dockerArchive, layerOf, write } from '../rack/images/made-archive.js'
import { footprint } from './footprint.js'
import { testState } from './state.js'

/** A copy of the package, whose inputs the test may change, and a state directory that does not exist yet. */
const scratch = mkdtempSync('/var/tmp/vl-setup-')
const copy = join(scratch, 'package')
const statePath = join(scratch, 'state')

beforeAll(() => {
  mkdirSync(copy)
  const scripts = ['server/rack/eyes', 'server/rack/golden/files']
  for (const part of ['package.json', 'dist', 'labs', ...scripts, 'docs/bench-racks.json']) {
    cpSync(join(packageRoot, part), join(copy, part), { recursive: true })
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'))
})
afterAll(async () => {
  sweepCopy()
  rmSync(scratch, { recursive: true, force: true })
})

function sweepCopy(): void {
  execFileSync(process.execPath, [join(copy, 'dist/main.js'), 'sweep', '--all'], {
    env: { ...process.env, VETHLAB_STATE: statePath },
  })
}

class SetUp {
  said = ''
  /** Waited for from the start on: it may end before anybody asks. */
  private readonly exited: Promise<unknown[]>
  private constructor(readonly child: ChildProcess) {
    this.exited = once(child, 'exit')
    child.stderr!.on('data', (bytes) => {
      this.said += bytes
    })
  }
  static start(): SetUp {
    const child = spawn(process.execPath, [join(copy, 'dist/main.js'), 'setup'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, VETHLAB_STATE: statePath },
    })
    return new SetUp(child)
  }
  async finished(): Promise<string> {
    const [code] = await this.exited
    expect(code, this.said).toBe(0)
    return this.said
  }
  /** Lets it run some seconds into a stage, and kills it. */
  async killIn(stage: string, seconds: number): Promise<void> {
    await expect.poll(() => this.said, { timeout: 200_000, interval: 100 }).toContain(`${stage} ...`)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    expect(this.child.exitCode, this.said).toBeNull()
    this.child.kill('SIGKILL')
    await this.exited
  }
}

/** Names of the stages that were begun. */
function stages(said: string): string[] {
  return [...said.matchAll(/^(.+) \.\.\.$/gm)].map((match) => match[1]!)
}

async function goldens(store: Store): Promise<string[]> {
  return (await store.list('golden')).map((path) => basename(path)).filter((name) => name.startsWith('golden-'))
}

it('is killed at several points, goes on from what is there, and rebuilds only what changed', {
  timeout: 900_000,
}, async () => {
  await SetUp.start().killIn('host system', 8)
  const state = StateDirectory.at(statePath)
  await expect(requireGolden(await Store.open(state))).rejects.toMatchObject({
    code: 'golden.missing',
    cure: 'Run `vethlab setup`.',
  })
  // What it had started has gone with it, and writes no more.
  await expect.poll(() => execFileSync('ps', ['-eo', 'args']).toString(), { timeout: 20_000 }).not.toContain(statePath)

  // `npm test` has set up from nothing: that is not done once more.
  sweepCopy()
  expect(await (await Store.open(testState)).closeIfIdle()).toBe(true)
  execFileSync('cp', ['--sparse=always', join(testState.root, 'store.img'), join(statePath, 'store.img')])
  const store = await Store.open(state)
  const copied = await requireGolden(store)
  expect(copied.current).toBe(true)

  appendFileSync(join(copy, 'labs/images/mariadb/docker-entrypoint.sh'), '# changed\n')
  await SetUp.start().killIn('image mariadb', 0.5)
  expect(await goldens(store)).toEqual([copied.name])
  expect(stages(await SetUp.start().finished())).toEqual(['image mariadb', 'image mysql', 'finish'])
  const first = await requireGolden(store)
  expect(await goldens(store)).toEqual([first.name])
  expect(first.name).not.toBe(copied.name)
  expect(footprint(state)).toMatchObject({
    processes: [],
    mounts: [],
    controlGroups: [],
    slots: [],
    snapshots: [],
    records: [],
  })
  const kibibytes = Number(
    execFileSync('du', ['--summarize', '--one-file-system', state.root]).toString().split('\t')[0],
  )
  expect(kibibytes).toBeLessThan(4 * 1024 * 1024)

  expect(stages(await SetUp.start().finished())).toEqual([])
  expect(await requireGolden(store)).toMatchObject({ name: first.name, builtAt: first.builtAt })

  appendFileSync(join(copy, 'labs/images/nginx/index.html'), '<p>changed</p>\n')
  expect(stages(await SetUp.start().finished())).toEqual(['image nginx', 'finish'])
  // Images that were added are made anew for the system that comes after.
  const layer = await layerOf('made', 'by hand')
  const archive = await write(join(scratch, 'made.tar'), dockerArchive(configOf([layer]), [layer], ['made:1']))
  execFileSync(process.execPath, [join(copy, 'dist/main.js'), 'images', 'add', archive], {
    env: { ...process.env, VETHLAB_STATE: statePath },
  })
  appendFileSync(join(copy, 'server/rack/golden/files/usr/local/sbin/systemctl'), '# changed\n')
  expect(stages(await SetUp.start().finished())).toEqual(['finish', 'added images'])
  const base = await requireBase(store)
  expect(base.packs).toBeDefined()
  expect([...(await namesIn(store, base)).values()].flat()).toContain('made:1')
  expect(stages(await SetUp.start().finished())).toEqual([])
  const [last = '', ...others] = await goldens(store)
  expect(others).toEqual([])
  expect(readFileSync(join(store.golden(last), 'usr/local/sbin/systemctl'), 'utf8')).toContain('# changed')
})
