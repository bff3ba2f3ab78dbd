import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'

/** The web process of an earlier server that was killed ends about now. */
const retryMs = 3_000
const pauseMs = 100

/** So that a port that is taken is told of before all the work. @throws VethlabError serve.port-taken, serve.failed */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const deadline = Date.now() + retryMs
  for (;;) {
    const error = await tryPort(host, port)
    if (!error) return
    if (error.code !== 'EADDRINUSE') {
      throw new VethlabError('serve.failed', `can’t listen: ${error.message}`, {
        place: `${host}:${port}`,
        cure: 'Choose an address of this machine with --host, and a port with --port.',
      })
    }
    if (Date.now() > deadline) throw portTaken(host, port)
    await sleep(pauseMs)
  }
}

export function portTaken(host: string, port: number): VethlabError {
  return new VethlabError('serve.port-taken', 'another program listens there', {
    place: `${host}:${port}`,
    cure: `Choose another port with --port, or end that program: \`ss -ltnp 'sport = :${port}'\` names it.`,
  })
}

function tryPort(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}
