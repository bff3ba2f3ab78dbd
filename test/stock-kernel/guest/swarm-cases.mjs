import { deepEqual, equal, ok } from 'node:assert/strict'
import { until } from './lab.mjs'
import { fetches } from './network-cases.mjs'

export const swarmCases = {
  'two hosts make a swarm': async (lab) => {
    await lab.sh('node1', `docker swarm init --advertise-addr ${lab.address('node1')}`)
    const token = await lab.sh('node1', 'docker swarm join-token --quiet worker')
    await lab.sh('node2', `docker swarm join --token ${token} ${lab.address('node1')}:2377`)
    await until('both nodes are ready', async () => {
      const nodes = await lab.engine('node1', '/nodes')
      return nodes.length === 2 && nodes.every(({ Status }) => Status.State === 'ready')
    })
  },

  'an overlay joins containers across hosts by name': async (lab) => {
    await lab.sh('node1', 'docker network create --driver overlay --attachable mesh')
    await lab.sh('node1', 'docker run --detach --name anne --network mesh netshoot sleep infinity')
    await lab.sh('node2', 'docker run --detach --name bill --network mesh netshoot sleep infinity')
    const vni = await networkId(lab, 'mesh')
    // The control for the encrypted one: here the payload is for all to see.
    const frames = await lab.onTheWire('node1', 'udp port 4789', async () => {
      await until('anne reaches bill', () => lab.sh('node1', 'docker exec anne ping -c 2 -W 5 bill'))
      await until('bill reaches anne', () => lab.sh('node2', 'docker exec bill ping -c 2 -W 5 anne'))
    })
    ok(
      frames.some((frame) => frame.includes(`vni ${vni}`)),
      'no VXLAN frame was on the wire',
    )
  },

  'the virtual address of a service is answered by ip_vs': async (lab) => {
    await lab.sh(
      'node1',
      'docker service create --quiet --detach --no-resolve-image --name web --replicas 2 --network mesh nginx',
    )
    await running(lab, 'web', 2)
    const [service] = await lab.engine('node1', '/services?filters=%7B%22name%22%3A%5B%22web%22%5D%7D')
    const mesh = (await lab.engine('node1', '/networks/mesh')).Id
    const virtual = service.Endpoint.VirtualIPs.find(({ NetworkID }) => NetworkID === mesh).Addr.split('/')[0]
    await until('bill fetches http://web', async () => {
      equal(await lab.sh('node2', 'docker exec bill dig +short web'), virtual)
      return fetchesInside(lab, 'node2', 'bill', `http://${virtual}`)
    })
    await balanced(lab, 2)
    await lab.sh('node1', 'docker service scale --detach web=1')
    await balanced(lab, 1)
  },

  'the routing mesh answers on a node without a task': async (lab) => {
    await lab.sh(
      'node1',
      'docker service create --quiet --detach --no-resolve-image --name front --publish 8081:80 --constraint node.hostname==node1 nginx',
    )
    await running(lab, 'front', 1)
    for (const host of ['node1', 'node2']) {
      const url = `http://${lab.address(host)}:8081`
      await until(`the laptop fetches ${url}`, () => fetches(lab, 'laptop', url))
    }
    await lab.sh('node1', 'docker service rm front web')
  },

  'an encrypted overlay shows only ESP on the wire': async (lab) => {
    await lab.sh('node1', 'docker network create --driver overlay --attachable --opt encrypted secret')
    await lab.sh('node1', 'docker run --detach --name carl --network secret netshoot sleep infinity')
    await lab.sh('node2', 'docker run --detach --name dora --network secret netshoot sleep infinity')
    const vni = await networkId(lab, 'secret')
    const frames = await lab.onTheWire('node1', 'esp or udp port 4789', async () => {
      await until('carl reaches dora', () => lab.sh('node1', 'docker exec carl ping -c 2 -W 5 dora'))
      await until('dora reaches carl', () => lab.sh('node2', 'docker exec dora ping -c 2 -W 5 carl'))
    })
    for (const [from, to] of [
      ['node1', 'node2'],
      ['node2', 'node1'],
    ]) {
      const sent = `${lab.address(from)} > ${lab.address(to)}: ESP`
      ok(
        frames.some((frame) => frame.includes(sent)),
        `no frame with ${sent}`,
      )
    }
    deepEqual(
      frames.filter((frame) => frame.includes(`vni ${vni}`)),
      [],
    )
  },
}

/** The VXLAN network identifier of an overlay. */
async function networkId(lab, network) {
  return (await lab.engine('node1', `/networks/${network}`)).Options['com.docker.network.driver.overlay.vxlanid_list']
}

function running(lab, service, replicas) {
  const states = `docker service ps --filter desired-state=running --format '{{.CurrentState}}' ${service}`
  return until(`${service} runs`, async () => {
    const running = (await lab.sh('node1', states)).split('\n').filter((state) => state.startsWith('Running'))
    return running.length === replicas
  })
}

/** Waits until ip_vs of the overlay knows that many members of the only service on it. */
function balanced(lab, members) {
  const table = 'for n in /run/docker/netns/lb_*; do nsenter --net=$n cat /proc/net/ip_vs; done'
  return until(`ip_vs knows ${members} members`, async () => {
    const known = await lab.sh('node2', table)
    return (known.match(/^ +-> [0-9A-F]{8}:0000 +Masq/gm) ?? []).length === members
  })
}

function fetchesInside(lab, host, container, url) {
  return lab.sh(host, `docker exec ${container} curl --fail --silent --show-error --max-time 20 ${url}`)
}
