import { closeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { receiveMessage } from '../kernel/message.js'
import { checkSocketPath } from '../rpc/socket-file.js'

const SCM_RIGHTS = 1
/** Room for a few, so that whoever sends more is noticed. */
const CONTROL_BYTES = 64

/** The sender writes at once after it has connected, so it is looked again soon; Node can't tell without reading. */
const RETRY_MS = 1

/**
 * Waits for one open file that another process hands over through a unix socket (unix(7), SCM_RIGHTS), as OCI runtimes do
 * with a terminal's master ("console socket").
 * @param path where the socket is made; it goes away with the first connection, or with `signal`
 * @throws VethlabError argument.invalid for a path that is too long
 * @returns its descriptor, closed on exec; undefined where nothing came, after `timeoutMs` or an abort
 */
export function receiveDescriptor(path: string, timeoutMs: number, signal: AbortSignal): Promise<number | undefined> {
  checkSocketPath(path)
  return new Promise((resolve, reject) => {
    let sender: Socket | undefined
    let looking: NodeJS.Timeout | undefined
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      if (sender) return void socket.destroy()
      sender = socket
      socket.on('error', () => {})
      look()
    })
    const end = (descriptor?: number) => {
      clearTimeout(timer)
      clearTimeout(looking)
      signal.removeEventListener('abort', onAbort)
      sender?.destroy()
      // Removes the file as well.
      server.close()
      resolve(descriptor)
    }
    const look = () => {
      const got = receive(descriptorOf(sender!))
      if (got === 'nothing yet') looking = setTimeout(look, RETRY_MS)
      else end(got)
    }
    const onAbort = () => end()
    const timer = setTimeout(end, timeoutMs)
    signal.addEventListener('abort', onAbort)
    server.once('error', (error) => {
      end()
      reject(error)
    })
    server.listen(path)
    if (signal.aborted) end()
  })
}

function receive(socket: number): number | undefined | 'nothing yet' {
  let message: ReturnType<typeof receiveMessage>
  try {
    message = receiveMessage(socket, Buffer.alloc(256), CONTROL_BYTES)
  } catch {
    return undefined
  }
  if (message === 'nothing yet') return message
  const rights = message.controls.get(SCM_RIGHTS) ?? Buffer.alloc(0)
  const descriptors: number[] = []
  for (let at = 0; at + 4 <= rights.length; at += 4) descriptors.push(rights.readInt32LE(at))
  for (const more of descriptors.slice(1)) closeSync(more)
  return descriptors[0]
}

/** Node has no public name for a socket's descriptor. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1
}
