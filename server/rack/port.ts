import { isIPv6, Socket } from 'node:net'
import { VethlabError } from '../error/vethlab-error.js'
import { tcpSocketIn } from '../kernel/system-calls.js'

/** For each address: what does not answer within a host in that time is dropped by its firewall. */
const connectMs = 2_000

export interface PortOfHost {
  /** Its name, for errors. */
  host: string
  /** The host's network namespace. */
  namespace: string
  /** Tried one after another. */
  addresses: string[]
  port: number
}

/** @throws VethlabError port.refused, argument.invalid */
export async function connectToPort({ host, namespace, addresses, port }: PortOfHost): Promise<Socket> {
  const place = `${host}:${port}`
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new VethlabError('argument.invalid', 'is no TCP port', { place, cure: 'Name one from 1 to 65535.' })
  }
  const failures: string[] = []
  for (const address of addresses) {
    try {
      return await connectIn(namespace, address, port)
    } catch (error) {
      failures.push((error as Error).message)
    }
  }
  throw new VethlabError('port.refused', `nothing answers: ${failures.join('; ')}`, {
    place,
    cure: 'Start a server there, or publish its port.',
  })
}

/** A socket stays in the namespace it was made in, whoever uses it, so only its making happens there. */
function connectIn(namespace: string, address: string, port: number): Promise<Socket> {
  const fd = tcpSocketIn(namespace, isIPv6(address) ? 6 : 4)
  // It must not begin to read before it is connected.
  const socket = new Socket({ fd, allowHalfOpen: true, manualStart: true } as ConstructorParameters<typeof Socket>[0])
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error(`no answer from ${address}:${port}`)), connectMs)
    socket.once('error', fail)
    socket.connect({ host: address, port }, () => {
      clearTimeout(timer)
      socket.off('error', fail)
      // A reset by the host is the end of the stream, not of this process: `close` follows.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}
