import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { messageOf } from '../error/message-of.js'
import { VethlabError } from '../error/vethlab-error.js'
import { forbidCoreDumps } from '../kernel/system-calls.js'
import { setUsualUmask } from '../kernel/umask.js'
import { foldersOf } from '../lab/catalogue.js'
import { parseSeed } from '../lab/parameters/seed.js'
import { watchShelf } from '../lab/watch-shelf.js'
import { probeFeatures } from '../machine/features.js'
import { RackdClient } from '../node/rackd-client.js'
import { ensureRackd, stopRackd } from '../node/start-rackd.js'
import { fromPackage } from '../package-root.js'
import { Cgroups } from '../rack/cgroup.js'
import { beLastToEnd } from '../rack/last-to-end.js'
import { identify, isAlive, type ProcessIdentity, readRecord, removeRecord, writeRecord } from '../rack/record.js'
import { defaultStatePath, StateDirectory } from '../rack/state-directory.js'
import { bracketed, isLoopback, isProxyAddress } from '../web/access.js'
import { lacksOf } from '../web/lacks.js'
import { basePathPattern } from '../web/web-options.js'
import { oneLine } from '../wording/one-line.js'
import { databaseOf, databaseOption, recordsFile } from './database.js'
import { ensureSetUp } from './ensure-setup.js'
import { ownGrader } from './evidence-keeper.js'
import { requireFreePort } from './free-port.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'
import { type ProviderFlags, providerOf } from './provider.js'
import { maxRacksOption } from './rackd.js'
import { tlsOf } from './tls-files.js'
import { keptToken } from './token.js'
import { WebProcess } from './web-process.js'
import { wholeNumber } from './whole-number.js'

interface ServeOptions extends ProviderFlags, LabsOption {
  host: string
  port: number
  token: boolean
  publicName: string[]
  trustedProxy: string[]
  basePath: string
  previewPorts?: { from: number; to: number }
  database?: string
  tlsCert?: string
  tlsKey?: string
  state?: string
  poolDocker: number
  poolPlain: number
  maxRacks: number
  idle: number
  seed?: string
  closeRacks: boolean
  metricsPort?: number
}

/** Ctrl-C comes to all processes of a terminal, and npm passes its own one on: that is one wish. */
const sameWishMs = 1000
const rackdWatchMs = 2000

export function serveCommand(): Command {
  return new Command('serve')
    .description('the labs in the browser: sets up what is missing, starts rackd and the web, until Ctrl-C; racks stay')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0: a free one', portNumber, 8080)
    .option('--no-token', 'let in everybody who reaches the port; on loopback alone')
    .option('--public-name <name>', 'what a proxy in front sends as Host (repeatable)', collect, [])
    .option('--trusted-proxy <address>', 'a proxy, or a subnet of them, that says who asks (repeatable)', proxies, [])
    .option('--base-path <path>', 'what all addresses begin with, where a proxy passes on a path alone', basePath, '')
    .option('--preview-ports <from-to>', 'ports for published ports of racks; the 100 behind --port', portRange)
    .option('--tls-cert <file>', 'speak TLS with this certificate (PEM, with those that lead to a root)')
    .option('--tls-key <file>', 'the key of that certificate (PEM)')
    .addOption(labsOption('behind those that come with vethlab'))
    .option('--state <directory>', 'the state directory')
    .addOption(databaseOption())
    .option('--pool-docker <count>', 'docker hosts that wait, booted', wholeNumber(0, 64), 2)
    .option('--pool-plain <count>', 'plain hosts that wait, booted', wholeNumber(0, 64), 1)
    .addOption(maxRacksOption())
    .option('--idle <minutes>', 'a rack that nobody uses for so long is closed, after a warning', minutes, 30)
    .option('--seed <seed>', 'with the numbers of that seed, for labs that have parameters', parseSeed)
    .option('--oidc-issuer <url>', 'let staff and learners log in at this OpenID Connect provider')
    .option('--oidc-client <id>', 'the id that it knows this server by')
    .option('--oidc-secret-file <file>', 'a file with the secret for that; none for a public client')
    .option('--oidc-redirect <url>', 'where it sends browsers back to: the address of this server, and /oidc')
    .option('--oidc-name <name>', 'how it is called on the page')
    .option('--metrics-port <port>', 'serve figures for Prometheus at http://127.0.0.1:PORT/metrics', portNumber)
    .option('--close-racks', 'close all racks at the end', false)
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  setUsualUmask()
  const { host, port } = options
  const orphaned = parentGone()
  checkHost(options)
  const tls = await tlsOf(options)
  const database = await databaseOf(options)
  const provider = await providerOf(options)
  // Its memory has the token.
  forbidCoreDumps()
  const state = StateDirectory.at(resolve(options.state ?? defaultStatePath()))
  // For all that this starts.
  process.env.VETHLAB_STATE = state.root
  await claim(state, recordOf(state))
  let web: WebProcess | undefined
  let endLabs: (() => Promise<void>) | undefined
  try {
    await requireFreePort(host, port)
    await ensureSetUp(state)
    // After the setting up, which is work that may wait. What is started from here on has both.
    beLastToEnd()
    await (await Cgroups.open(state.mark)).joinServer()
    const asked = wishes(orphaned)
    const rackdArgs = Object.entries({
      '--pool-docker': options.poolDocker,
      '--pool-plain': options.poolPlain,
      // Racks that are opened by hand have room, too.
      '--max-racks': options.maxRacks + 8,
    }).flatMap(([name, count]) => [name, `${count}`])
    const [token, lacks] = await Promise.all([
      options.token ? keptToken(state) : undefined,
      probeFeatures().then(lacksOf),
    ])
    // One that an earlier start left behind may be of another version, with other options.
    await stopRackd(state)
    let giveUp: (error: VethlabError) => void = () => {}
    const givenUp = new Promise<VethlabError>((resolve) => {
      giveUp = resolve
    })
    const labs = foldersOf(shelvesOf(options)).map((folder) => resolve(folder))
    web = new WebProcess(
      {
        user: state.webUser,
        host,
        port,
        token,
        publicNames: options.publicName,
        trustedProxies: options.trustedProxy,
        basePath: options.basePath,
        previewPorts: options.previewPorts,
        tls,
        labs,
        client: fromPackage('dist/client'),
        rackdSocket: state.webRackdSocket,
        portsSocket: state.portsSocket,
        records: state.records,
        recordsFile,
        ...(database === undefined ? {} : { database }),
        evidence: { folder: state.evidence, key: state.evidenceKeys.web, ...(await ownGrader(state)) },
        securityLog: state.securityLogs.web,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        idleMs: options.idle * 60_000,
        mostRacks: options.maxRacks,
        ...(provider ? { provider } : {}),
        ...(options.metricsPort === undefined ? {} : { metricsPort: options.metricsPort }),
        lacks,
      },
      giveUp,
    )
    const running = web
    // Side by side: the web reads labs while rackd starts, and waits for it then. What changes in between is told to it.
    const follow = async () => {
      endLabs = await followLabs(labs, running)
      await running.start()
    }
    await Promise.all([ensureRackd(state, rackdArgs), follow()])
    const stopWatch = watchRackd(state, rackdArgs)
    process.stdout.write(
      `vethlab is ready: ${addressOf(tls ? 'https' : 'http', host, web.port, token, options.basePath)}\n`,
    )
    process.stderr.write(
      `Ctrl-C ends it${options.closeRacks ? ', and closes all racks' : '; racks stay for the next start'}\n`,
    )

    const failed = await Promise.race([givenUp, asked.then(() => undefined)])
    stopWatch()
    process.stderr.write('ending\n')
    await web.stop()
    await endRacks(state, options)
    if (failed) throw failed
  } catch (error) {
    if (web) {
      await web.stop()
      await stopRackd(state)
    }
    throw error
  } finally {
    await endLabs?.()
    await removeRecord(recordOf(state))
  }
  process.exit(0)
}

/** Tells the web of labs that were added, changed or removed, and whoever reads our lines. @returns what ends it */
function followLabs(folders: readonly string[], web: WebProcess): Promise<() => Promise<void>> {
  const say = (line: string) => process.stderr.write(`${oneLine(line, 500)}\n`)
  return watchShelf(folders, {
    onNews: ({ id, lab, error }) => {
      // One that can't be used now stays as it was last.
      if (!error) web.tell(lab ? { id, lab } : { id })
      if (error) say(`vethlab: lab ${id} can't be used as it is now: ${error.message}`)
      else if (lab) say(`lab ${id} is read anew`)
    },
    onPaths: (paths) => {
      web.tell({ paths })
      say('the paths are read anew')
    },
    onError: (error) => say(`vethlab: changes of labs are not all noticed: ${messageOf(error)}`),
  })
}

/** @throws VethlabError argument.invalid */
function checkHost({ host, token }: ServeOptions): void {
  if (isIP(host) === 0 && host !== 'localhost') {
    throw new VethlabError('argument.invalid', 'is no address', {
      place: `--host ${host}`,
      cure: 'Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.',
    })
  }
  if (!token && !isLoopback(host)) {
    throw new VethlabError('argument.invalid', 'would let in everybody on the network', {
      place: `--no-token with --host ${host}`,
      cure: 'Leave out --no-token, or listen on 127.0.0.1.',
    })
  }
}

/** One server for a state directory: two would keep the same records. @throws VethlabError serve.running */
export async function claim(state: StateDirectory, record: string): Promise<void> {
  await state.locked('rackd', async () => {
    const other = await readRecord<ProcessIdentity>(record)
    if (isAlive(other)) {
      throw new VethlabError('serve.running', `process ${other?.pid} serves it already`, {
        place: state.root,
        cure: 'Use that one, end it, or choose another directory with --state.',
      })
    }
    await writeRecord(record, identify(process.pid))
  })
}

export function recordOf(state: StateDirectory): string {
  return join(state.run, 'serve.json')
}

/** Resolves when `npm start` is gone, by whatever. Asked for first: it may go while the rest is being set up. */
export function parentGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.channel) process.once('disconnect', resolve)
    process.channel?.unref()
  })
}

/** Resolves at the first wish to end; the second one does not wait. */
export function wishes(orphaned: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined
    const wish = () => {
      if (first === undefined) {
        first = Date.now()
        resolve()
      } else if (Date.now() - first > sameWishMs) {
        process.stderr.write('not waiting\n')
        process.exit(130)
      }
    }
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, wish)
    orphaned.then(wish)
  })
}

/** Keeps rackd alive. Its racks go on without it, but nothing can be checked or opened. */
export function watchRackd(state: StateDirectory, args: string[]): () => void {
  let busy = false
  const timer = setInterval(async () => {
    if (busy || isAlive(await readRecord<ProcessIdentity>(state.rackdRecord))) return
    busy = true
    try {
      const { started } = await ensureRackd(state, args)
      if (started) process.stderr.write('rackd had ended; it is started again\n')
    } catch (error) {
      process.stderr.write(`vethlab: ${(error as Error).message}\n`)
    } finally {
      busy = false
    }
  }, rackdWatchMs)
  return () => clearInterval(timer)
}

async function endRacks(state: StateDirectory, { closeRacks }: ServeOptions): Promise<void> {
  const racks = new RackdClient(state.rackdSocket)
  const open = await racks.list().catch(() => [])
  if (closeRacks) for (const { id } of open) await racks.close(id).catch(() => {})
  await racks.disconnect()
  await stopRackd(state)
  const count = open.length === 1 ? '1 rack' : `${open.length} racks`
  const prefix = state.root === '/var/lib/vethlab' ? '' : `VETHLAB_STATE=${state.root} `
  process.stderr.write(
    closeRacks
      ? `${count} closed\n`
      : `${count} ${open.length === 1 ? 'stays' : 'stay'} for the next start; \`${prefix}vethlab sweep --all\` ends all that is left\n`,
  )
}

export function addressOf(
  scheme: string,
  host: string,
  port: number,
  token: string | undefined,
  basePath = '',
): string {
  // An address that stands for all of them is none to go to.
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : bracketed(host)
  return `${scheme}://${name}:${port}${basePath}/${token === undefined ? '' : `?token=${token}`}`
}

export function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('Give a port from 0 to 65535.')
  return port
}

function basePath(text: string): string {
  const path = text.replace(/\/$/, '')
  if (path === '' || basePathPattern.test(path)) return path
  throw new InvalidArgumentError('Give a path, such as /vethlab.')
}

function portRange(text: string): { from: number; to: number } {
  const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(text)?.map(Number) ?? []
  if (from === undefined || to === undefined || from < 1024 || to > 65_535 || from > to) {
    throw new InvalidArgumentError('Give a range within 1024-65535, such as 8081-8180.')
  }
  return { from, to }
}

function minutes(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 10_080)) throw new InvalidArgumentError('Give minutes, at most those of a week.')
  return value
}

function collect(name: string, before: string[]): string[] {
  if (!/^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/.test(name))
    throw new InvalidArgumentError('Give a name, such as labs.example.org.')
  return [...before, name]
}

function proxies(text: string, before: string[]): string[] {
  if (!isProxyAddress(text))
    throw new InvalidArgumentError('Give an address or a subnet, such as 127.0.0.1 or 10.0.0.0/8.')
  return [...before, text]
}
