import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { messageOf } from '../error/message-of.js'
import { VethlabError } from '../error/vethlab-error.js'
import { bindSocket, type SocketAccess } from '../rpc/socket-file.js'
import { oneLine } from '../wording/one-line.js'
import { readLine } from './line.js'
import { portRequest, portRequestBytes } from './protocol.js'

/** Of all racks together. */
const mostConnections = 256
const requestMs = 5_000
/** A connection without a byte in either direction for that long is given up. */
const idleMs = 10 * 60_000

export interface PortRelay {
  /** Ends it with all its connections, and removes the socket file. */
  close(): Promise<void>
}

/** Serves connections to ports of hosts: one line says which, one line answers, and then bytes go both ways. */
export async function servePorts(
  path: string,
  access: SocketAccess,
  connectPort: (rack: string, host: string, port: number) => Promise<Duplex>,
): Promise<PortRelay> {
  const clients = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
    client.on('error', () => {})
    client.setTimeout(idleMs, () => client.destroy())
    void relay(client, connectPort)
  })
  server.maxConnections = mostConnections
  await bindSocket(server, path, access)
  server.on('error', () => {})
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const client of clients) client.destroy()
      }),
  }
}

async function relay(
  client: Socket,
  connectPort: (rack: string, host: string, port: number) => Promise<Duplex>,
): Promise<void> {
  let remote: Duplex
  try {
    const { rack, host, port } = await asked(client)
    remote = await connectPort(rack, host, port)
  } catch (error) {
    client.end(`${answerOf(error)}\n`)
    // Who never takes the answer does not keep its place.
    setTimeout(() => client.destroy(), requestMs).unref()
    return
  }
  remote.on('error', () => client.destroy())
  remote.on('close', () => {
    // What came before is still to be delivered, unless nobody is there to end it.
    if (!client.writableEnded) client.destroy()
  })
  client.on('close', () => {
    // What the client sent before its end is still to be delivered, for a while.
    if (remote.writableEnded && !remote.writableFinished) setTimeout(() => remote.destroy(), requestMs).unref()
    else remote.destroy()
  })
  if (client.destroyed) {
    remote.destroy()
    return
  }
  client.write('ok\n')
  // Each direction ends by itself: pipe passes the end on, and waits for the slower side.
  client.pipe(remote)
  remote.pipe(client)
}

async function asked(client: Socket): Promise<{ rack: string; host: string; port: number }> {
  try {
    const line = await readLine(client, { mostBytes: portRequestBytes, timeoutMs: requestMs })
    return portRequest.parse(JSON.parse(line))
  } catch (cause) {
    throw new VethlabError('argument.invalid', 'the first line does not name a port of a host', {
      place: 'ports',
      cure: 'Send {"rack", "host", "port"} in one line.',
      cause,
    })
  }
}

function answerOf(error: unknown): string {
  if (error instanceof VethlabError) {
    const { code, what, place, cure } = error
    return JSON.stringify({ code, what, place, cure })
  }
  return JSON.stringify({ bug: oneLine(messageOf(error)) })
}
