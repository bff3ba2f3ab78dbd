import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { fromPackage, packageRoot } from '../../server/package-root.js'
import type { SessionView } from '../../server/protocol/protocol.js'
import { testState as state } from './state.js'
import { engines, Page, processes, Serve, until } from './web-house.js'

const run = promisify(execFile)
let serve: Serve | undefined
let page: Page | undefined

afterEach(async () => {
  page?.close()
  page = undefined
  await serve?.end('SIGINT')
  serve = undefined
  await run(process.execPath, [fromPackage('dist/main.js'), 'sweep', '--all'], {
    env: { ...process.env, VETHLAB_STATE: state.root },
  })
})

/** What `vethlab serve` says when it doesn't come up. */
async function refusal(...options: string[]): Promise<{ code: number; stderr: string }> {
  const env = { ...process.env, VETHLAB_STATE: state.root }
  return run(process.execPath, [fromPackage('dist/main.js'), 'serve', ...options], { env, timeout: 60_000 }).then(
    () => ({ code: 0, stderr: '' }),
    ({ code, stderr }) => ({ code, stderr }),
  )
}

/** The rackd of these tests; a machine may have others. */
async function rackdPid(): Promise<number> {
  return (JSON.parse(await readFile(state.rackdRecord, 'utf8')) as { pid: number }).pid
}

const isThere = (pid: number) => processes().some((one) => one.pid === pid)

describe('vethlab serve', () => {
  it('starts the web again when it is killed; a ping goes on, and nothing of it is lost or comes twice', async () => {
    serve = await Serve.start()
    page = await Page.open(serve)
    const { id: session, terminals } = await page.lab('default-bridge')
    const terminal = terminals[0]!.id
    await page.attach(session, terminal)
    await page.type(terminal, 'echo shell-$$-; ping -i 0.1 127.0.0.1\r')
    await page.sees(terminal, /icmp_seq=5 /)
    const before = serve.web
    const connected = new Promise<void>((resolve) => page!.socket.once('connect', () => resolve()))
    process.kill(before, 'SIGKILL')
    await connected
    expect(serve.web).not.toBe(before)
    // The same cookie, the same session, the same shell; its output from where it was left.
    const again = await page.value<SessionView>('session.join', { lab: 'default-bridge', open: true })
    expect(again).toMatchObject({ id: session, phase: { name: 'open' } })
    await page.attach(session, terminal)
    await page.sees(terminal, /icmp_seq=40 /)
    await page.type(terminal, '\x03')
    await page.sees(terminal, /packets transmitted/)
    await page.type(terminal, 'echo again-$$-\r')
    await page.sees(terminal, /again-\d+-/)
    const { text, wrong } = page.output.get(terminal)!
    expect(wrong).toEqual([])
    const numbers = [...text.matchAll(/icmp_seq=(\d+) /g)].map(([, number]) => Number(number))
    expect(numbers).toEqual(numbers.map((_, n) => n + 1))
    expect(/again-(\d+)-/.exec(text)![1]).toBe(/shell-(\d+)-/.exec(text)![1])
    expect(serve.stderr).toContain('started again')
  })

  it('starts rackd again when it is killed', async () => {
    serve = await Serve.start()
    page = await Page.open(serve)
    const { id: session } = await page.lab('default-bridge')
    process.kill(await rackdPid(), 'SIGKILL')
    await until(() => serve!.stderr.includes('rackd had ended'))
    const opened = () => page!.ask('terminal.open', { session, host: 'laptop', cols: 80, rows: 24 })
    await until(async () => (await opened()).ok)
  })

  it('leaves racks at Ctrl-C, says so, and finds them at the next start', async () => {
    serve = await Serve.start()
    page = await Page.open(serve)
    const { id: session, terminals } = await page.lab('default-bridge')
    const { web } = serve
    const rackd = await rackdPid()
    const cookie = await serve.cookie()
    page.close()
    // As a terminal and npm do it: twice the same.
    serve.child.kill('SIGINT')
    expect(await serve.end('SIGINT')).toBe(0)
    expect(serve.stderr).toContain('1 rack stays for the next start; ')
    expect(serve.stderr).toContain('vethlab sweep --all')
    // They have ended by now; whoever inherits them takes a moment to notice.
    await until(async () => !isThere(web) && !isThere(rackd))

    serve = await Serve.start()
    expect((await serve.cookie()).split('=')[1]).not.toBe(cookie.split('=')[1])
    page = await Page.open(serve)
    const found = await page.lab('default-bridge')
    expect(found.id).toBe(session)
    expect(found.terminals.map(({ id }) => id)).toEqual(terminals.map(({ id }) => id))
  })

  it('closes racks at the end if told so', async () => {
    serve = await Serve.start(['--close-racks'])
    page = await Page.open(serve)
    await page.lab('no-network')
    expect(engines().length).toBeGreaterThan(0)
    expect(await serve.end('SIGTERM')).toBe(0)
    expect(serve.stderr).toContain('1 rack closed')
    expect(engines()).toEqual([])
  })

  it('takes the web along when it is killed itself, so that the next one has its port', async () => {
    serve = await Serve.start()
    const { web } = serve
    const { port } = serve.address
    await serve.end('SIGKILL')
    serve = await Serve.start(['--port', port])
    expect(serve.address.port).toBe(port)
    await until(() => !isThere(web))
    expect((await serve.get('/api/catalogue')).status).toBe(200)
  })

  it('says in one line what is in its way', async () => {
    serve = await Serve.start()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const scratch = await mkdtemp(join(tmpdir(), 'vethlab-serve-'))
    try {
      for (const [options, says, wanted = 2] of [
        [['--port', '0'], /serves it already/],
        [['--state', scratch, '--port', `${port}`], /another program listens there.*--port/],
        [['--state', scratch, '--port', serve.address.port], /another program listens there.*--port/],
        // A wrong option ends as sysexits.h has it (EX_USAGE).
        [['--host', '0.0.0.0', '--no-token'], /--no-token/, 64],
        [['--host', 'example.org'], /is no address/, 64],
      ] as const) {
        const { code, stderr } = await refusal(...options)
        expect([options, code]).toEqual([options, wanted])
        expect(stderr).toMatch(says)
        expect(stderr.trim().split('\n').length).toBe(1)
      }
    } finally {
      other.close()
      await rm(scratch, { recursive: true, force: true })
    }
  })

  it('serves from a checkout that nobody but root can read', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'vethlab-closed-'))
    const checkout = join(closed, 'checkout')
    await chmod(closed, 0o700)
    await mkdir(checkout)
    await run('mount', ['--bind', packageRoot, checkout])
    try {
      serve = await Serve.start([], { main: join(checkout, 'dist/main.js') })
      expect((await serve.get('/')).status).toBe(200)
      expect((await serve.get('/api/labs/default-bridge?language=zh')).status).toBe(200)
      expect((await serve.get('/api/labs/nothing')).status).toBe(404)
      page = await Page.open(serve)
      const { id: session, terminals } = await page.lab('default-bridge')
      await page.attach(session, terminals[0]!.id)
      await page.type(terminals[0]!.id, 'docker run -d --name web -p 80:80 nginx\r')
      // Checks run, and ports are seen.
      await until(() => page!.view!.ports.some(({ port }) => port === 80))
      const { url } = await page.value<{ url: string }>('rack.preview', { session, host: 'node1', port: 80 })
      const entered = await fetch(url, { redirect: 'manual' })
      const cookie = entered.headers.get('set-cookie')!.split(';')[0]!
      const shown = () => fetch(new URL('/', url), { headers: { cookie } })
      // The port is there a moment before the web server that listens to it.
      await until(async () => (await shown()).status === 200, 10_000)
      expect(await (await shown()).text()).toMatch(/nginx/i)
      await page.value('step.check', { session, step: page.view!.steps[0]!.id })
      await until(() => page!.view!.steps[0]!.checkedAt !== undefined)
      expect(serve.stderr).not.toMatch(/EACCES|ENOENT|Cannot find/)
    } finally {
      await serve?.end('SIGINT')
      // A rackd of that checkout has ended by now; racks' own processes may still have files of it open.
      await run('umount', ['--lazy', checkout])
      await rm(closed, { recursive: true, force: true })
    }
  })

  it('is what npm start ends with, which builds nothing twice and leaves nothing behind', async () => {
    const start = async () => {
      const child = spawn(
        process.execPath,
        [fromPackage('server/start.mjs'), '--port', '0', '--pool-docker', '0', '--pool-plain', '0'],
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, VETHLAB_STATE: state.root } },
      )
      const said = { out: '', err: '' }
      child.stdout.on('data', (bytes) => {
        said.out += bytes
      })
      child.stderr.on('data', (bytes) => {
        said.err += bytes
      })
      await until(() => said.out.includes('vethlab is ready: ') || child.exitCode !== null, 90_000)
      return { child, said }
    }
    const first = await start()
    const main = processes().find(({ parent }) => parent === first.child.pid)!
    // However npm ends, nothing is left that holds the port.
    first.child.kill('SIGKILL')
    await until(() => !isThere(main.pid))
    const second = await start()
    const ended = new Promise((resolve) => second.child.once('exit', resolve))
    second.child.kill('SIGINT')
    expect(await ended).toBe(0)
    expect(second.said.out).toContain('vethlab is ready: ')
    expect(second.said.err).not.toContain('build')
    expect(second.said.err).toContain('stay for the next start')
  })
})
