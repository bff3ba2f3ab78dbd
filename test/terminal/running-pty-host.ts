import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { listen } from '../../server/rpc/channel.js'
import { PtyHostClient } from '../../server/terminal/client.js'
import { PtyHost, type PtyHostOptions } from '../../server/terminal/pty-host.js'

export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vethlab-pty-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

/** A file in a directory of its own. */
export function newFile(content: Uint8Array): string {
  const path = join(newDirectory(), 'content')
  writeFileSync(path, content)
  return path
}

/** A host whose terminals run a shell script, with nothing between it and the bytes unless it says so. */
export const script = (text: string) => ({ argv: ['sh', '-c', `stty raw -echo; ${text}`] })
export const cookedScript = (text: string) => ({ argv: ['sh', '-c', text] })

/** A pty host in this process, behind a real socket, whose only host is called `h`. */
export async function startPtyHost(
  host: { argv: string[] },
  options: Partial<PtyHostOptions> = {},
): Promise<{ socket: string; connect(): Promise<PtyHostClient> }> {
  const socket = join(newDirectory(), 'socket')
  const ptyHost = new PtyHost({ rack: 'test', hosts: () => ({ h: host }), ...options })
  const listener = await listen(socket, { onChannel: (channel) => ptyHost.serve(channel) })
  onTestFinished(async () => {
    await ptyHost.closeAll()
    await listener.close()
  })
  return { socket, connect: () => PtyHostClient.connect(socket) }
}

/** Opens a terminal of host `h` and returns its id. */
export async function openTerminal(client: PtyHostClient, cols = 80, rows = 24): Promise<string> {
  return (await client.open({ host: 'h', cols, rows })).id
}
