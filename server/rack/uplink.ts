import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must, run } from './command.js'
import type { Lan } from './lan.js'
import { mustIn } from './namespace-command.js'
import { readRecord, removeRecord, writeRecord } from './record.js'
import type { StateDirectory } from './state-directory.js'

/**
 * The way to the internet for racks whose topology asks for it. The only thing of vethlab in the machine's own network:
 * a veth end a LAN, one nftables table, and IPv4 forwarding while such a rack is open. All of it is undone with the last.
 */

/** Links in 198.18.0.0/15 (RFC 2544, benchmarking), which no topology may use. Link n has 198.18.0.0 + 4n /30. */
const transitBase = (198 << 24) | (18 << 16)
const linkCount = 4096

/** Destinations that are the machine's surroundings and not the internet (RFC 6890 and the private ranges of RFC 1918). */
const withheld = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
]

interface UplinkRecord {
  /** Value of net.ipv4.ip_forward before the first uplink. */
  forwarding: string
  /** Rack and LAN by link number. */
  links: Record<string, { rack: string; lan: string }>
}

const forwardingPath = '/proc/sys/net/ipv4/ip_forward'

export class Uplinks {
  constructor(private readonly state: StateDirectory) {}

  /** Joins a LAN to the machine's own way out. */
  async add(rack: string, lan: Lan): Promise<void> {
    await this.state.locked('uplink', async () => {
      const record = (await this.read()) ?? { forwarding: (await readFile(forwardingPath, 'utf8')).trim(), links: {} }
      let number = 0
      while (record.links[number]) number++
      if (number >= linkCount) throw new Error('no transit network is left')
      record.links[number] = { rack, lan: lan.plan.name }
      await writeRecord(this.path, record)
      await this.installRules()
      await writeFile(forwardingPath, '1')

      const outside = this.interfaceName(number)
      const [machine, gateway] = [1, 2].map((n) => dotted(transitBase + number * 4 + n))
      await ipBatch(lan.namespace, [
        `link add uplink type veth peer name ${outside} netns ${process.pid}`,
        `address add ${gateway}/30 dev uplink`,
        'link set uplink up',
        `route add default via ${machine}`,
      ])
      await ipBatch('/proc/self/ns/net', [`address add ${machine}/30 dev ${outside}`, `link set ${outside} up`])
      // Beyond the gateway every host of the LAN has its address: the machine learns of no subnet of a rack.
      await this.natInLan(lan, machine!)
    })
  }

  private async natInLan(lan: Lan, machine: string): Promise<void> {
    const nameserver = await machineNameserver()
    const rules = [
      'table ip vethlab {',
      'chain out { type nat hook postrouting priority srcnat; oifname "uplink" masquerade; }',
      ...(nameserver
        ? [
            'chain dns { type nat hook prerouting priority dstnat;',
            `ip daddr ${lan.plan.gateway} meta l4proto { tcp, udp } th dport 53 dnat to ${machine}; }`,
          ]
        : []),
      '}',
    ]
    await mustIn(lan.namespace, 'nft', ['-f', '-'], { stdin: `${rules.join('\n')}\n` })
  }

  /** Forgets a rack's links; their veths go with the LANs' namespaces. The last one takes the rules with it. */
  async remove(rack: string): Promise<void> {
    await this.keep((link) => link.rack !== rack)
  }

  /** Racks that have a link. */
  async racks(): Promise<string[]> {
    const record = await this.read()
    return Object.values(record?.links ?? {}).map(({ rack }) => rack)
  }

  /** Removes the links of racks that are gone. */
  async sweep(gone: Set<string>): Promise<void> {
    await this.keep((link) => !gone.has(link.rack))
  }

  private async keep(wanted: (link: { rack: string }) => boolean): Promise<void> {
    if (!(await this.read())) return
    await this.state.locked('uplink', async () => {
      const record = await this.read()
      if (!record) return
      for (const [number, link] of Object.entries(record.links)) {
        if (wanted(link)) continue
        await run('ip', ['link', 'delete', this.interfaceName(Number(number))])
        delete record.links[number]
      }
      if (Object.keys(record.links).length > 0) {
        await writeRecord(this.path, record)
        return
      }
      await run('nft', ['delete', 'table', 'inet', this.table])
      await writeFile(forwardingPath, record.forwarding)
      await removeRecord(this.path)
    })
  }

  private async installRules(): Promise<void> {
    const ours = `iifname "vl${this.state.shortMark}*"`
    const toOurs = `oifname "vl${this.state.shortMark}*"`
    const nameserver = await machineNameserver()
    const dns = 'meta l4proto { tcp, udp } th dport 53'
    await must('nft', ['-f', '-'], {
      stdin: `table inet ${this.table}
delete table inet ${this.table}
table inet ${this.table} {
  chain input { type filter hook input priority filter - 10; ${ours} ct state established,related accept; ${ours} drop; }
  chain forward { type filter hook forward priority filter - 10;
    ${toOurs} ct state established,related accept
    ${toOurs} drop
    ${ours} ct status dnat accept
    ${ours} ip daddr { ${withheld.join(', ')} } reject with icmp admin-prohibited
    ${ours} fib daddr type local drop
    ${ours} meta nfproto ipv6 drop
  }
  chain resolve { type nat hook prerouting priority dstnat;
    ${nameserver ? `${ours} ip daddr 198.18.0.0/15 ${dns} dnat ip to ${nameserver}` : ''}
  }
  chain out { type nat hook postrouting priority srcnat; ip saddr 198.18.0.0/15 masquerade; }
}
`,
    })
  }

  private interfaceName(number: number): string {
    return `vl${this.state.shortMark}${number}`
  }
  private get table(): string {
    return this.state.mark
  }
  private get path(): string {
    return join(this.state.run, 'uplinks.json')
  }
  private read(): Promise<UplinkRecord | undefined> {
    return readRecord<UplinkRecord>(this.path)
  }
}

/** The machine's first resolver that packets can be sent on to; a stub on loopback can't be. */
async function machineNameserver(): Promise<string | undefined> {
  for (const path of ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf']) {
    const text = await readFile(path, 'utf8').catch(() => '')
    for (const match of text.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)) {
      if (!match[1]!.startsWith('127.')) return match[1]
    }
  }
  return undefined
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}

/** One `ip -batch` in a namespace. */
async function ipBatch(namespace: string, lines: string[]): Promise<void> {
  await mustIn(namespace, 'ip', ['-batch', '-'], { stdin: `${lines.join('\n')}\n` })
}
