import type { Socket } from 'node:net'

const NEWLINE = 0x0a

/**
 * Reads one line from a socket that nobody has read from yet. What comes after it is left there, and the socket paused.
 * Rejects when the line is too long, does not come in time, or the other side ends before it.
 */
export function readLine(
  socket: Socket,
  { mostBytes, timeoutMs }: { mostBytes: number; timeoutMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = Buffer.alloc(0)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      socket.off('readable', onReadable)
      for (const event of ['error', 'end', 'close']) socket.off(event, onEnd)
      act()
    }
    const onEnd = (error?: unknown) =>
      settle(() => reject(error instanceof Error ? error : new Error('it ended before')))
    const onReadable = () => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        const end = chunk.indexOf(NEWLINE)
        line = Buffer.concat([line, end === -1 ? chunk : chunk.subarray(0, end)])
        if (line.length > mostBytes) return onEnd(new Error(`more than ${mostBytes} bytes`))
        if (end === -1) continue
        const rest = chunk.subarray(end + 1)
        return settle(() => {
          if (rest.length > 0) socket.unshift(rest)
          resolve(line.toString('utf8'))
        })
      }
    }
    const timer = setTimeout(() => onEnd(new Error(`nothing within ${timeoutMs} ms`)), timeoutMs)
    socket.on('readable', onReadable)
    for (const event of ['error', 'end', 'close']) socket.on(event, onEnd)
  })
}
