import { VethlabError } from '../errors.js'
import { LocalRacks, type LocalRacksOptions } from '../rack/local-racks.js'
import { identify, isAlive, type ProcessIdentity, readRecord, removeRecord, writeRecord } from '../rack/record.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { type Channel, type Listener, listen } from '../rpc/channel.js'
import { requests } from './protocol.js'

/**
 * The root process that makes racks for processes that are not root. It keeps nothing in memory that is not on disk:
 * after SIGKILL the next one takes over racks, terminals and waiting hosts.
 */
export class Rackd {
  private constructor(
    private readonly state: StateDirectory,
    private readonly racks: LocalRacks,
    private readonly listener: Listener,
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
      const listener = await listen(state.rackdSocket, { onChannel: (channel) => serve(channel, racks) })
      return new Rackd(state, racks, listener)
    } catch (error) {
      await removeRecord(state.rackdRecord)
      throw error
    }
  }

  /** Ends this process's part. Racks stay for the next rackd unless `closeRacks`. */
  async stop({ closeRacks }: { closeRacks: boolean }): Promise<void> {
    await this.listener.close()
    await (closeRacks ? this.racks.closeAll() : this.racks.detach())
    await removeRecord(this.state.rackdRecord)
  }
}

function serve(channel: Channel, racks: LocalRacks): void {
  channel.handle('open', requests.open, ({ topology, label, token }, { signal }) =>
    racks.open(topology as Parameters<LocalRacks['open']>[0], {
      ...(label === undefined ? {} : { label }),
      signal,
      onProgress: (progress) => channel.notify('progress', { token, progress }),
    }),
  )
  channel.handle('list', requests.list, () => racks.list())
  channel.handle('reset', requests.reset, ({ rack, host }) => racks.reset(rack, host))
  channel.handle('close', requests.close, ({ rack }) => racks.close(rack))
  channel.handle('exec', requests.exec, ({ rack, host, argv, ...options }, { signal }) =>
    racks.exec(rack, host, argv, { ...options, signal }),
  )
  channel.handle('terminals', requests.terminals, ({ rack }) => racks.ptyHostSocket(rack))
  channel.handle('setLink', requests.setLink, ({ rack, lan, host, state }) => racks.setLink(rack, lan, host, state))
  channel.handle('engine', requests.engine, ({ rack, host, path }) => racks.engine(rack, host, path))
  channel.handle('watchEngine', requests.watchEngine, ({ rack, host, token }, { signal }) =>
    racks.watchEngine(rack, host, (event) => channel.notify('engineEvent', { token, event }), signal),
  )
  channel.handle('capture', requests.capture, ({ rack, host }) => racks.capture(rack, host))
  channel.handle('probe', requests.probe, ({ rack, host, probe }) => racks.probe(rack, host, probe))
}
