import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RackdClient } from '../../server/node/rackd-client.js'
import { fromPackage } from '../../server/package-root.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { ownProcess } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import { sweep } from '../../server/rack/sweep.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

/** What the process that faces the network can reach of rackd, the hosts and the state directory: what it needs, and no more. */

const noPool = ['--pool-docker', '0', '--pool-plain', '0']
let rackd: RackdProcess
let racks: RackdClient
let rack: RackInfo
/** The machine's number of a process in the host. */
let init: number

beforeAll(async () => {
  rackd = await RackdProcess.start(state, ...noPool)
  racks = new RackdClient(state.webRackdSocket, state.portsSocket)
  rack = await racks.open({
    hosts: { node1: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', laptop: '.50' } } },
  })
  const { id } = rack.hosts[0]!
  const record = JSON.parse(readFileSync(join(state.hosts, id, 'host.json'), 'utf8')) as { init: { pid: number } }
  init = record.init.pid
})
afterAll(async () => {
  await racks?.disconnect()
  for (const { id } of (await rackd?.racks.list().catch(() => [])) ?? []) await rackd.racks.close(id)
  if (rackd?.child.exitCode === null && rackd.child.signalCode === null) await rackd.end('SIGTERM')
})

/** Runs a program as the web's user, as the web drops to it. */
async function asWeb(file: string, ...args: string[]): Promise<{ failed: boolean; output: string }> {
  const user = `${state.webUser}`
  const drop = ['--reuid', user, '--regid', user, '--clear-groups', '--no-new-privs', '--inh-caps=-all', '--']
  try {
    const { stdout, stderr } = await promisify(execFile)('setpriv', [...drop, file, ...args], {
      cwd: '/',
      timeout: 60_000,
    })
    return { failed: false, output: stdout + stderr }
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return { failed: true, output: stdout + stderr }
  }
}

/** Runs a module as the web's user; `racks` is a client there, and what it logs comes back. */
function scriptAsWeb(body: string) {
  const script = `
    import { RackdClient } from ${JSON.stringify(fromPackage('dist/node/rackd-client.js'))}
    const racks = new RackdClient(${JSON.stringify(state.webRackdSocket)}, ${JSON.stringify(state.portsSocket)})
    const rack = ${JSON.stringify(rack.id)}
    ${body}
    process.exit(0)`
  return asWeb(process.execPath, '--input-type=module', '--eval', script)
}

async function textOf(stream: Duplex): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

describe("the web's user", () => {
  it('opens, uses, resets and closes racks, and attaches to their terminals', async () => {
    const { output } = await scriptAsWeb(`
      const mine = await racks.open({ hosts: { a: 'plain' } }, { label: 'of the web' })
      console.log((await racks.info(mine.id)).label, (await racks.list()).length)
      console.log((await racks.exec(mine.id, 'a', ['hostname'])).stdout.trim())
      console.log((await racks.capture(mine.id, 'a')).host)
      await racks.reset(mine.id)
      const terminals = await racks.terminals(mine.id)
      const { id } = await terminals.open({ host: 'a', cols: 80, rows: 24 })
      let text = ''
      const prompt = new Promise((resolve) =>
        terminals.watch({ onTerminal: (info) => info.atPrompt && resolve(), onCommandEnd() {}, onClosed() {} }))
      const ended = new Promise((resolve) => {
        void terminals.attach(id, { onData: (bytes) => { text += Buffer.from(bytes) }, onExit: resolve })
      })
      await prompt
      await terminals.run(id, 'echo in-$(hostname); exit')
      await ended
      console.log(/in-a/.test(text))
      await racks.close(mine.id)
      console.log(typeof (await racks.engine(rack, 'node1', '/version')).Version)`)
    expect(output).toBe('of the web 2\na\na\ntrue\nstring\n')
  })

  it('can ask nothing that it does not need', async () => {
    const { output } = await scriptAsWeb(`
      await racks.setLink(rack, 'lan', 'laptop', 'cut').catch((error) => console.log(error.message))`)
    expect(output).toBe('no method "setLink"\n')
    // The same is there for root, who has racks of its own too.
    const own = await rackd.racks.open({ hosts: { a: 'plain' } })
    expect((await racks.list()).map(({ id }) => id)).toEqual([rack.id])
    const { output: words } = await scriptAsWeb(`
      const own = ${JSON.stringify(own.id)}
      for (const asked of [
        () => racks.info(own), () => racks.close(own), () => racks.exec(own, 'a', ['true']), () => racks.terminals(own),
        () => racks.connectPort(own, 'a', 80), () => racks.reset(own), () => racks.capture(own, 'a'),
        () => racks.observe(own, 'a', { address: '127.0.0.1', protocol: 'icmp' }),
        () => racks.watchNetwork(own, 'a', () => {}, new AbortController().signal),
      ]) await asked().catch((error) => console.log(error.code))`)
    expect(words).toBe('rack.not-found\n'.repeat(9))
    await rackd.racks.close(own.id)
    await rackd.racks.setLink(rack.id, 'lan', 'laptop', 'mended')
  })

  it("sees and reaches nothing else of the state directory, rackd and the hosts' namespaces", async () => {
    const pty = state.ptyHostSocket(rack.id)
    await rackd.racks.terminals(rack.id).then((terminals) => terminals.disconnect())
    expect(existsSync(pty)).toBe(true)
    const root = (path: string) => join(state.root, path)
    const refused: [string, ...string[]][] = [
      ...['', 'run', 'store', 'cache', 'web'].map((path): [string, ...string[]] => ['ls', root(path)]),
      ...['run/racks', 'store/golden', 'run/rackd.sock'].map((path): [string, ...string[]] => ['stat', root(path)]),
      ...readdirSync(state.root)
        .filter((name) => lstatSync(root(name)).isFile())
        .map((name): [string, ...string[]] => ['head', '-c', '1', root(name)]),
      ['touch', root('mine')],
      ['touch', root('web/mine')],
      ['rm', '-f', state.webRackdSocket],
      ['ls', '/run/vethlab/slots'],
      ['ls', `/run/vethlab/roots/${state.mark}-${rack.hosts[0]!.id}`],
      ['nsenter', '--target', `${init}`, '--net', 'true'],
      ['nsenter', '--target', `${init}`, '--user', '--mount', 'true'],
      ['ls', `/proc/${init}/root/`],
      ['head', '-c', '1', `/proc/${init}/environ`],
      ['head', '-c', '1', `/proc/${rackd.child.pid}/environ`],
      ['head', '-c', '1', `/proc/${rackd.child.pid}/mem`],
      ['ls', `/proc/${rackd.child.pid}/fd`],
      ['kill', '-0', `${rackd.child.pid}`],
      ['kill', '-0', `${init}`],
    ]
    for (const [file, ...args] of refused) {
      const { failed, output } = await asWeb(file, ...args)
      expect(failed, `${file} ${args.join(' ')}`).toBe(true)
      expect(output, `${file} ${args.join(' ')}`).toMatch(/[Pp]ermission denied|not permitted/)
    }
    // What it does have, so that the above is not refused for another reason.
    expect(await asWeb('stat', '-c', '%a %u %g', pty)).toEqual({ failed: false, output: `660 0 ${state.webUser}\n` })
    expect((await asWeb('sh', '-c', `touch ${root('records/mine')} && rm ${root('records/mine')}`)).failed).toBe(false)
    expect(await asWeb('stat', '-c', '%a', state.records, state.web)).toEqual({ failed: false, output: '700\n710\n' })
  })

  it('is another for each state directory, and below the ids of hosts', () => {
    expect(state.webUser).toBeGreaterThanOrEqual(0x6fff0000)
    expect(state.webUser).toBeLessThan(0x70000000)
  })
})

describe('a port of a host', () => {
  it('that a container publishes is reached as from inside the host', async () => {
    const web = 'mkdir /www; echo hello from inside > /www/index.html; exec httpd -f -p 80 -h /www'
    await racks.exec(rack.id, 'node1', ['docker', 'run', '-d', '-p', '8080:80', 'busybox', 'sh', '-c', web])
    const fetchPage = async () => {
      const port = await racks.connectPort(rack.id, 'node1', 8080)
      port.write('GET / HTTP/1.0\r\n\r\n')
      return textOf(port)
    }
    await expect.poll(fetchPage, { timeout: 20_000 }).toMatch(/200 OK[\s\S]*hello from inside/)
    const { output } = await scriptAsWeb(`
      const port = await racks.connectPort(rack, 'node1', 8080)
      port.write('GET / HTTP/1.0\\r\\n\\r\\n')
      for await (const chunk of port) process.stdout.write(chunk)`)
    expect(output).toContain('hello from inside')
  })

  it("that listens on the host's own address alone is reached too", async () => {
    const listener = racks.exec(
      rack.id,
      'laptop',
      ['socat', 'TCP-LISTEN:7000,bind=192.168.1.50,reuseaddr', 'SYSTEM:echo mine; cat'],
      { timeoutMs: 20_000 },
    )
    const answer = async () => {
      const port = await racks.connectPort(rack.id, 'laptop', 7000)
      port.end('and yours')
      return textOf(port)
    }
    // Its half is ended first: what the host says after that still comes.
    await expect.poll(() => answer().catch(() => ''), { timeout: 10_000 }).toBe('mine\nand yours')
    await listener
  })

  it('carries megabytes both ways at the pace of the slower side', async () => {
    const size = 20 * 1024 ** 2
    const echo = racks.exec(rack.id, 'laptop', ['socat', 'TCP-LISTEN:7001,reuseaddr', 'EXEC:cat'], {
      timeoutMs: 60_000,
    })
    const connected = () => racks.connectPort(rack.id, 'laptop', 7001).catch(() => undefined)
    let port: Duplex | undefined
    await expect.poll(async () => (port ??= await connected()), { timeout: 10_000 }).toBeDefined()
    const bytes = Buffer.alloc(size, 'vethlab ')
    port!.end(bytes)
    let received = 0
    for await (const chunk of port!) {
      if (received === 0) await new Promise((resolve) => setTimeout(resolve, 300))
      expect((chunk as Buffer).equals(bytes.subarray(received, received + (chunk as Buffer).length))).toBe(true)
      received += (chunk as Buffer).length
    }
    expect(received).toBe(size)
    await echo
  })

  it('that is closed, filtered, or of nothing is refused in words', async () => {
    const refused = (code: string) => expect.objectContaining({ name: 'VethlabError', code })
    await expect(racks.connectPort(rack.id, 'node1', 81)).rejects.toEqual(refused('port.refused'))
    await expect(racks.connectPort(rack.id, 'nobody', 80)).rejects.toEqual(refused('host.not-found'))
    await expect(racks.connectPort('r00000000', 'node1', 80)).rejects.toEqual(refused('rack.not-found'))
    await expect(racks.connectPort(rack.id, 'node1', 0)).rejects.toEqual(refused('argument.invalid'))
    await expect(racks.connectPort(rack.id, 'x'.repeat(2000), 80)).rejects.toEqual(refused('host.not-found'))
    await racks.exec(rack.id, 'laptop', ['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '9', '-j', 'DROP'])
    await expect(racks.connectPort(rack.id, 'laptop', 9)).rejects.toEqual(refused('port.refused'))
  })

  it('does not come of anything but one short line', async () => {
    for (const text of ['GET / HTTP/1.1\n', '\n', `${' '.repeat(5000)}`, '{"rack":1}\n', 'x']) {
      const socket = connect({ path: state.portsSocket, allowHalfOpen: true })
      socket.end(text)
      expect(JSON.parse(await textOf(socket)), text.slice(0, 20)).toMatchObject({ code: 'argument.invalid' })
    }
  })

  it('is one of at most 256 at once, and all of them end with rackd', async () => {
    const sockets = Array.from({ length: 300 }, () => connect(state.portsSocket))
    const ends = sockets.map(
      (socket) => new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve())),
    )
    await expect.poll(() => sockets.filter((socket) => socket.destroyed).length, { timeout: 4_000 }).toBe(44)
    for (const socket of sockets) socket.destroy()
    await Promise.all(ends)
    await expect.poll(() => racks.connectPort(rack.id, 'node1', 81).catch((error) => error.code)).toBe('port.refused')
  })
})

describe('the sockets', () => {
  it('of a rack go with it, those of rackd with rackd, also when they were killed', async () => {
    const sockets = () => readdirSync(state.web).toSorted()
    const names = ['ports.sock', 'rackd.sock']
    const killed = await racks.open({ hosts: { a: 'plain' } })
    const closed = await racks.open({ hosts: { a: 'plain' } })
    for (const { id } of [killed, closed]) (await racks.terminals(id)).disconnect()
    expect(sockets()).toEqual([...names, `${killed.id}.sock`, `${closed.id}.sock`, `${rack.id}.sock`].toSorted())
    const ptyHost = (id: string) =>
      (JSON.parse(readFileSync(join(state.racks, id, 'rack.json'), 'utf8')) as { ptyHost: { pid: number } }).ptyHost.pid
    process.kill(ptyHost(closed.id), 'SIGKILL')
    await racks.close(closed.id)
    expect(sockets()).not.toContain(`${closed.id}.sock`)
    process.kill(ptyHost(killed.id), 'SIGKILL')
    await rackd.end('SIGKILL')
    expect(sockets()).toContain('rackd.sock')
    const ground = {
      state,
      store: await Store.open(state),
      cgroups: await Cgroups.open(state.mark),
      owner: ownProcess(),
    }
    await sweep(ground)
    // Its racks wait for the next rackd, with their terminals.
    expect(sockets()).toEqual([`${killed.id}.sock`, `${rack.id}.sock`].toSorted())
    await sweep(ground, { all: true })
    expect(sockets()).toEqual([])
  })
})
