import { existsSync, readFileSync } from 'node:fs'
import { messageOf } from '../error/message-of.js'
import { setUsualUmask } from '../kernel/umask.js'
import { listen } from '../rpc/channel.js'
import { oneLine } from '../wording/one-line.js'
import { PtyHost, ptyHostConfig } from './pty-host.js'

// The process of one rack's terminals: node dist/terminal/pty-host-main.js CONFIG.json
// It lives by itself: its parent may be gone, and its standard streams may lead nowhere.

const CONFIG_CHECK_MS = 5_000

const complain = (error: unknown) => {
  process.stderr.write(`pty-host: ${oneLine(messageOf(error))}\n`)
}

async function main(configPath: string | undefined): Promise<void> {
  setUsualUmask()
  if (configPath === undefined) throw new Error('usage: pty-host-main.js CONFIG.json')
  const read = () => ptyHostConfig.parse(JSON.parse(readFileSync(configPath, 'utf8')))
  const config = read()
  process.title = `vethlab pty-host ${config.rack}`
  let ending = false
  const end = async () => {
    if (ending) return
    ending = true
    try {
      await host.closeAll()
      await listener.close()
    } finally {
      process.exit(0)
    }
  }
  const host = new PtyHost({ ...config, hosts: () => read().hosts, onShutdown: end })
  const listener = await listen(config.socket, {
    mode: config.socketMode,
    group: config.socketGroup,
    onChannel: (channel) => host.serve(channel),
  })
  // Whoever removes the rack may never have learnt of this process: its starter can be killed at any moment.
  setInterval(() => existsSync(configPath) || end(), CONFIG_CHECK_MS).unref()
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGHUP', () => {})
  // A learner's open shells outweigh a bug in serving one request.
  process.on('uncaughtException', complain)
  process.on('unhandledRejection', complain)
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

main(process.argv[2]).catch((error) => {
  complain(error)
  process.exit(1)
})
