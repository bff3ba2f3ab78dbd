import type { Server } from 'node:net'

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
