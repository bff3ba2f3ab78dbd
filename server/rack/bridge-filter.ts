import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.js'

/** Of the network namespace that the reader is in; there when the kernel has br_netfilter. */
const settings = '/proc/sys/net/bridge'

/**
 * Loads what shows the frames on a bridge to iptables. The Engine of a host needs it for every overlay network, and is not
 * root of the machine, so it can't load it. Whatever else it needs the kernel loads itself when it is asked for.
 */
export async function loadBridgeFilter(): Promise<void> {
  if (existsSync(settings)) return
  // On a kernel without it labs without overlays go on; doctor tells.
  await run('modprobe', ['br_netfilter'])
  // It begins its work everywhere at once: the machine's own bridges go on as before.
  keepBridgesUnfiltered()
}

/** In the network namespace that this thread is in. */
export function keepBridgesUnfiltered(): void {
  if (!existsSync(settings)) return
  for (const protocol of ['iptables', 'ip6tables', 'arptables']) {
    writeFileSync(join(settings, `bridge-nf-call-${protocol}`), '0')
  }
}
