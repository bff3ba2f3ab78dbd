import { SecurityLog } from '../error/security-log.js'
import { VethlabError } from '../error/vethlab-error.js'
import { LocalRacks, type LocalRacksOptions } from '../rack/local-racks.js'
import { identify, isAlive, type ProcessIdentity, readRecord, removeRecord, writeRecord } from '../rack/record.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { type Channel, type Listener, listen } from '../rpc/channel.js'
import { type PortRelay, servePorts } from './port-relay.js'
import { requests, webMethods } from './protocol.js'

/**
 * The root process that makes racks for processes that are not root. It keeps nothing in memory that is not on disk:
 * after SIGKILL the next one takes over racks, terminals and waiting hosts.
 */
export class Rackd {
  private constructor(
    private readonly state: StateDirectory,
    private readonly racks: LocalRacks,
    private readonly servers: (Listener | PortRelay)[],
    private readonly log: SecurityLog,
  ) {}

  /** @throws VethlabError rackd.running */
  static async start(state: StateDirectory, options: Omit<LocalRacksOptions, 'owner'>): Promise<Rackd> {
    await state.locked('rackd', async () => {
      const other = await readRecord<ProcessIdentity>(state.rackdRecord)
      if (isAlive(other) && other?.pid !== process.pid) {
        throw new VethlabError('rackd.running', `process ${other?.pid} is rackd already`, {
          place: state.root,
          cure: 'Use that one, or end it first.',
        })
      }
      await writeRecord(state.rackdRecord, identify(process.pid))
    })
    try {
      const racks = await LocalRacks.start(state, { ...options, owner: 'rackd' })
      const log = new SecurityLog(state.securityLogs.rackd)
      const access = { mode: 0o660, group: state.webUser }
      const servers = [
        await servePorts(state.portsSocket, access, async (rack, host, port) => {
          requireForWeb(racks, rack)
          return racks.connectPort(rack, host, port)
        }),
        await listen(state.webRackdSocket, {
          ...access,
          onChannel: (channel) => serve(channel, racks, log, { forWeb: true }),
        }),
        // Last, for who finds it answering may use the others too.
        await listen(state.rackdSocket, { onChannel: (channel) => serve(channel, racks, log) }),
      ]
      return new Rackd(state, racks, servers, log)
    } catch (error) {
      await removeRecord(state.rackdRecord)
      throw error
    }
  }

  /** Ends this process's part. Racks stay for the next rackd unless `closeRacks`. */
  async stop({ closeRacks }: { closeRacks: boolean }): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
    await (closeRacks ? this.racks.closeAll() : this.racks.detach())
    this.log.close()
    await removeRecord(this.state.rackdRecord)
  }
}

/** Without `forWeb` all racks, and all methods. With it only the racks that were opened so, and only what the web needs. */
function serve(channel: Channel, racks: LocalRacks, log: SecurityLog, { forWeb = false } = {}): void {
  const handle: Channel['handle'] = (method, schema, handler) => {
    if (!forWeb) channel.handle(method, schema, handler)
    else if (webMethods.has(method)) {
      channel.handle(method, schema, (params, context) => {
        const { rack } = params as { rack?: string }
        if (rack !== undefined) requireForWeb(racks, rack)
        return handler(params, context)
      })
    }
  }
  handle('open', requests.open, ({ topology, label, owner, images, token }, { signal }) =>
    racks.open(topology as Parameters<LocalRacks['open']>[0], {
      ...(label === undefined ? {} : { label }),
      ...(owner === undefined ? {} : { owner }),
      ...(images === undefined ? {} : { images }),
      forWeb,
      request: token,
      signal,
      onProgress: (progress) => channel.notify('progress', { token, progress }),
    }),
  )
  handle('list', requests.list, async (of) => (await racks.list(of)).filter(({ id }) => !forWeb || racks.isForWeb(id)))
  handle('warm', requests.warm, ({ forMs, ...hosts }) => racks.warm(hosts, forMs))
  handle('info', requests.info, ({ rack }) => racks.info(rack))
  handle('reset', requests.reset, ({ rack, host }) => racks.reset(rack, host))
  handle('close', requests.close, ({ rack }) => racks.close(rack))
  handle('takeOver', requests.takeOver, ({ rack }) => racks.takeOver(rack))
  handle('exec', requests.exec, ({ rack, host, argv, ...options }, { signal }) =>
    racks.exec(rack, host, argv, { ...options, signal }),
  )
  handle('terminals', requests.terminals, ({ rack }) => racks.ptyHostSocket(rack))
  handle('setLink', requests.setLink, ({ rack, lan, host, state }) => racks.setLink(rack, lan, host, state))
  handle('engine', requests.engine, ({ rack, host, path }) => racks.engine(rack, host, path))
  handle('restartEngine', requests.restartEngine, ({ rack, host }, { signal }) =>
    racks.restartEngine(rack, host, { signal }),
  )
  handle('watchEngine', requests.watchEngine, ({ rack, host, token }, { signal }) =>
    racks.watchEngine(rack, host, (event) => channel.notify('engineEvent', { token, event }), signal),
  )
  handle('watchNetwork', requests.watchNetwork, ({ rack, host, token }, { signal }) =>
    racks.watchNetwork(rack, host, () => channel.notify('networkChange', { token }), signal),
  )
  handle('capture', requests.capture, async ({ rack, host }) => {
    const capture = await racks.capture(rack, host)
    const { engine } = capture
    if (engine && 'fault' in engine && engine.fault.kind === 'unverified') {
      const { label } = await racks.info(rack)
      log.note('engine.unverified', { rack, label, host, why: engine.fault.detail })
    }
    return capture
  })
  handle('captureStill', requests.captureStill, ({ rack }) => racks.captureStill(rack))
  handle('probe', requests.probe, ({ rack, host, probe }) => racks.probe(rack, host, probe))
  handle('runScript', requests.runScript, ({ rack, directory, file, stdin }, { signal }) =>
    racks.runScript(rack, directory, file, { stdin, signal }),
  )
  handle('observe', requests.observe, ({ rack, host, packet }, { signal }) =>
    racks.observe(rack, host, packet, { signal }),
  )
  handle('talk', requests.talk, ({ rack, host, talk }, { signal }) => racks.talk(rack, host, talk, { signal }))
}

/** For the web, racks of others do not exist. */
function requireForWeb(racks: LocalRacks, id: string): void {
  if (racks.isForWeb(id)) return
  throw new VethlabError('rack.not-found', 'the web has no such rack', { place: id, cure: 'Open one.' })
}
