import { generateKeyPairSync } from 'node:crypto'
import { execInHost } from './exec.js'
import { bootFailed } from './host/boot.js'
import type { Host, HostGround } from './host/host.js'

/** What lets root of each host of a rack into all others: one key, by which hosts are known, too. */
export interface SshKey {
  /** As ssh reads it: PEM, PKCS #8. */
  privateKey: string
  /** A line of authorized_keys. */
  publicKey: string
}

export function makeSshKey(): SshKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  // The last 32 bytes of what X.509 makes of it (RFC 8410) are the key; ssh wants it with lengths before each part (RFC 8709).
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const parts = [Buffer.from('ssh-ed25519'), raw].flatMap((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: `ssh-ed25519 ${Buffer.concat(parts).toString('base64')} rack`,
  }
}

const script = `set -e
umask 077
mkdir -p /root/.ssh
cat > /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519 /etc/ssh/ssh_host_ed25519_key
printf '%s\\n' "$1" > /root/.ssh/authorized_keys
umask 022
printf '* %s\\n' "$1" > /etc/ssh/ssh_known_hosts
mkdir -p /run/sshd
exec /usr/sbin/sshd`

/** Starts the ssh server of a host that no learner has had yet. @throws VethlabError host.boot-failed */
export async function startSsh(ground: HostGround, host: Host, { privateKey, publicKey }: SshKey): Promise<void> {
  const started = await execInHost(ground, host, ['sh', '-c', script, 'sh', publicKey], { stdin: privateKey })
  if (started.failed) throw bootFailed(host.id, `no ssh server: ${started.stderr.slice(-200)}`)
}
