import type { PtyHostClient } from '../terminal/client.js'

/** Ctrl-], as telnet and other consoles use it. */
const leaveByte = 0x1d

/** Joins this process's terminal to a new one in a host, until its shell ends or the user leaves; then it is closed. */
export async function attachTerminal(ptyHost: PtyHostClient, host: string): Promise<void> {
  const { stdin, stdout } = process
  const size = () => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 })
  const terminal = await ptyHost.open({ host, ...size() })
  let leave = () => {}
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const attachment = await ptyHost.attach(terminal.id, {
    onData: (bytes, offset) => stdout.write(bytes, () => attachment.acknowledge(offset + bytes.length)),
    onExit: ({ exitCode }) => {
      process.exitCode = exitCode ?? 0
      leave()
    },
  })
  const type = (bytes: Buffer) => (bytes.includes(leaveByte) ? leave() : void attachment.write(bytes).catch(() => {}))
  const resize = () => void attachment.resize(size().cols, size().rows).catch(() => {})
  stdin.setRawMode?.(true)
  stdin.on('data', type)
  stdout.on('resize', resize)
  try {
    await left
  } finally {
    stdin.off('data', type)
    stdout.off('resize', resize)
    stdin.setRawMode?.(false)
    stdin.pause()
    await ptyHost.close(terminal.id)
    ptyHost.disconnect()
  }
}
