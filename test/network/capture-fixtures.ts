import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RackShape } from '../../server/network/assemble.js'
import type { HostCapture } from '../../server/network/capture.js'
import type { LocalRacks } from '../../server/rack/local-racks.js'
import { fixturesDirectory } from './fixtures.js'

/**
 * Makes the fixtures again, from real hosts:
 * `VETHLAB_WRITE_FIXTURES=1 npx vitest run --project hosts test/hosts/network-state.test.ts -t fixtures`, as root.
 */

const onManager = `
set -e
docker network create my_net
docker network create --ipv6 --subnet fd00:99::/64 --subnet 172.30.0.0/24 six
docker network create -d macvlan --subnet 192.168.1.0/24 --ip-range 192.168.1.128/28 --gateway 192.168.1.1 -o parent=eth0 phys
docker run -d --name web --network my_net -p 8080:80 -p 5353:5353/udp --label course=vethlab nginx
docker run -d --name api --network six -p 127.0.0.1:8081:80 nginx
docker network connect --alias backend my_net api
docker run -d --name hosty --network host busybox sleep 10000
docker run -d --name lonely --network none busybox sleep 10000
docker run -d --name side --network container:web busybox sleep 10000
docker run -d --name mac --network phys busybox sleep 10000
docker create --name asleep --dns 192.0.2.53 --restart always --cap-add NET_ADMIN busybox true
iptables -I DOCKER-USER -p tcp --dport 8080 -s 192.168.1.50 -j DROP
nft add table inet lab
nft add chain inet lab inbound '{ type filter hook input priority 10; policy accept; }'
nft add rule inet lab inbound ip saddr 10.0.0.0/8 tcp dport 22 counter drop
docker swarm init --advertise-addr 192.168.1.11
docker network create -d overlay --attachable ov
`
const afterJoin = `
set -e
docker service create -d --name svc --network ov --replicas 2 -p 9000:80 nginx
docker run -d --name ovbox --network ov busybox sleep 10000
`

export async function captureFixtures(racks: LocalRacks): Promise<void> {
  const rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: {
      lan: { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64', at: { node1: '.11', node2: '.12', laptop: '.50' } },
    },
  })
  const sh = async (host: string, script: string) => {
    const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs: 120_000 })
    if (result.failed) throw new Error(`${host}: ${result.stderr}`)
    return result.stdout.trim()
  }
  await sh('node1', onManager)
  const token = await sh('node1', 'docker swarm join-token -q worker')
  await sh('node2', `docker swarm join --token ${token} 192.168.1.11:2377`)
  await sh('node1', afterJoin)
  while ((await sh('node1', 'docker service ps -q -f desired-state=running svc | wc -l')) !== '2') await sleep(200)
  await sleep(5000)
  await sh('laptop', 'ping -c 1 -W 2 192.168.1.11')
  for (const host of rack.hosts) {
    const capture = await racks.capture(rack.id, host.name)
    const path = join(fixturesDirectory, `${host.name}.json`)
    await writeFile(path, `${JSON.stringify(withoutSecrets(capture), null, 2)}\n`)
  }
  const shape: RackShape = {
    lans: rack.lans.map(({ name, subnet, gateway, subnet6, gateway6, mtu }) => ({
      name,
      subnet,
      gateway,
      mtu,
      ...(subnet6 && { subnet6 }),
      ...(gateway6 && { gateway6 }),
    })),
    hosts: rack.hosts.map(({ name, kind, interfaces }) => ({ name, kind, interfaces })),
    internet: rack.internet,
  }
  await writeFile(join(fixturesDirectory, 'rack.json'), `${JSON.stringify(shape, null, 2)}\n`)
  await racks.close(rack.id)
}

/** Tokens and certificates of a swarm that is gone; nobody should have to wonder about them. */
function withoutSecrets(capture: HostCapture): HostCapture {
  const text = JSON.stringify(capture)
    .replace(/SWMTKN-1-[0-9a-z-]+/g, 'SWMTKN-1-made-up')
    .replace(/-----BEGIN CERTIFICATE-----[^"]*/g, '')
  return JSON.parse(text)
}
