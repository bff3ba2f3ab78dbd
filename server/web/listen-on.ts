import type { Server } from 'node:net'

/**
 * Of an http server that the network reaches: how long a client may take to say what it asks, in milliseconds, and how often that is
 * looked at. Node looks every half a minute unless told, and so many connections are held by whoever begins and says no more.
 */
export const clientPatience = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 }

/** Listens, or gives why not; the server can then be tried elsewhere. `onListening` is called before anything is accepted. */
export function listenOn(
  server: Server,
  port: number,
  host: string,
  onListening: () => void = () => {},
): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening)
      resolve(error)
    }
    const listening = () => {
      server.off('error', failed)
      try {
        onListening()
        resolve(undefined)
      } catch (error) {
        reject(error)
      }
    }
    server.once('error', failed)
    server.once('listening', listening)
    server.listen(port, host)
  })
}
