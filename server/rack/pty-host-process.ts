import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { fromPackage } from '../package-root.js'
import { PtyHostClient } from '../terminal/client.js'
import { terminalCommand } from './exec.js'
import type { Host } from './host/host.js'
import { identify, isAlive, type ProcessIdentity, writeRecord } from './record.js'
import type { StateDirectory } from './state-directory.js'

const startDeadlineMs = 10_000

function configPath(state: StateDirectory, rack: string): string {
  return join(state.racks, rack, 'pty-host.json')
}

/** Says how each host is entered. The pty host reads it whenever it opens a terminal, so a reset needs no more. */
export async function describeTerminals(state: StateDirectory, rack: string, hosts: Map<string, Host>): Promise<void> {
  const entries = [...hosts].map(([name, host]) => {
    const env = { TERM: 'xterm-256color', COLORTERM: 'truecolor' }
    return [
      name,
      { argv: terminalCommand(state.runcRoot, host.id, ['bash', '-l'], env), handover: join(state.racks, rack) },
    ]
  })
  const access = { socketMode: 0o660, socketGroup: state.webUser }
  const config = { socket: state.ptyHostSocket(rack), ...access, rack, hosts: Object.fromEntries(entries) }
  await writeRecord(configPath(state, rack), config)
}

/**
 * Starts a rack's pty host: in a session of its own and with no pipes to us, so that it does not notice when we die.
 * @param record is called before it serves, so that it is never without an owner
 * @throws VethlabError host.unreachable
 */
export async function startPtyHost(
  state: StateDirectory,
  rack: string,
  record: (ptyHost: ProcessIdentity) => Promise<void>,
): Promise<void> {
  const logPath = join(state.racks, rack, 'pty-host.log')
  const log = await open(logPath, 'a', 0o600)
  const child = spawn(process.execPath, [fromPackage('dist/terminal/pty-host-main.js'), configPath(state, rack)], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
  })
  child.unref()
  await log.close()
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity) await record(identity)
  const deadline = Date.now() + startDeadlineMs
  while (isAlive(identity) && Date.now() < deadline) {
    const client = await PtyHostClient.connect(state.ptyHostSocket(rack)).catch(() => undefined)
    if (client) {
      client.disconnect()
      return
    }
    await sleep(10)
  }
  throw new VethlabError('host.unreachable', 'the pty host did not start', {
    place: rack,
    cure: `Its last words are in ${logPath}.`,
  })
}
