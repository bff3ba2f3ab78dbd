import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { until } from './lab.mjs'

const onLan = '--subnet 192.168.50.0/24 --gateway 192.168.50.1'

export const networkCases = {
  'names resolve on a user-defined bridge': async (lab) => {
    await lab.sh('node1', 'docker network create app; docker run --detach --name web --network app nginx')
    await lab.sh('node1', 'docker run --detach --name client --network app busybox sleep infinity')
    await until('a container fetches http://web', () => lab.sh('node1', 'docker exec client wget -q -O - http://web'))
    await lab.sh('node1', 'docker rm --force client web; docker network rm app')
  },

  'a published port is reached from a plain host': async (lab) => {
    await lab.sh('node1', 'docker run --detach --name published --publish 8080:80 nginx')
    await until('the laptop fetches the page', () => fetches(lab, 'laptop', `http://${lab.address('node1')}:8080`))
    await until('a capture shows the port and its rule', async () => {
      const { engine, engineFault, namespaces } = await lab.seen('node1')
      ok(engine, JSON.stringify(engineFault))
      const [container] = engine.containers
      equal(container.ports[0].hostPort, 8080)
      const own = namespaces[0]
      deepEqual(own.faults, [])
      const rule = own.rules.find(({ target }) => target === 'DNAT')
      equal(rule.to, `${container.endpoints[0].address}:80`)
      ok(own.links.some(({ name, kind }) => name === container.endpoints[0].hostLink && kind === 'veth'))
      return true
    })
    await lab.sh('node1', 'docker rm --force published')
  },

  'a macvlan child is reached from other hosts': async (lab) => {
    await lab.sh('node1', `docker network create --driver macvlan ${onLan} --opt parent=eth0 lan`)
    await lab.sh('node1', 'docker run --detach --name child --network lan --ip 192.168.50.201 busybox sleep infinity')
    for (const host of ['laptop', 'node2']) await reached(lab, host, '192.168.50.201')
    notEqual(await lab.neighbour('laptop', '192.168.50.201'), await cable(lab, 'node1'))
    await lab.sh('node1', 'docker rm --force child; docker network rm lan')
  },

  'an ipvlan child is reached from other hosts': async (lab) => {
    await lab.sh('node1', `docker network create --driver ipvlan ${onLan} --opt parent=eth0 lan`)
    await lab.sh('node1', 'docker run --detach --name child --network lan --ip 192.168.50.202 busybox sleep infinity')
    for (const host of ['laptop', 'node2']) await reached(lab, host, '192.168.50.202')
    equal(await lab.neighbour('laptop', '192.168.50.202'), await cable(lab, 'node1'))
    await until('a capture shows the child on its parent', async () => {
      const child = await linkOf(lab, 'node1', 'child')
      equal(`${child.kind} ${child.ipvlanMode} ${child.parent?.name}`, 'ipvlan l2 eth0')
      return true
    })
    await lab.sh('node1', 'docker rm --force child; docker network rm lan')
  },

  'macvlan children on an 802.1Q trunk reach each other': async (lab) => {
    for (const [host, address] of [
      ['node1', '10.10.10.11'],
      ['node2', '10.10.10.12'],
    ]) {
      await lab.sh(host, 'docker network create --driver macvlan --subnet 10.10.10.0/24 --opt parent=eth0.10 vlan10')
      const run = 'docker run --detach --name child --network vlan10'
      await lab.sh(host, `${run} --ip ${address} busybox sleep infinity`)
    }
    const frames = await lab.onTheWire('node1', 'vlan 10 and icmp', () =>
      until('a ping on the trunk', () => lab.sh('node1', 'docker exec child ping -c 2 -W 5 10.10.10.12')),
    )
    ok(
      frames.some((frame) => /vlan 10,.*10\.10\.10\.11 > 10\.10\.10\.12: ICMP echo request/.test(frame)),
      frames[0],
    )
    await until('a capture shows the child on the trunk', async () => {
      const child = await linkOf(lab, 'node1', 'child')
      equal(`${child.kind} ${child.macvlanMode} ${child.parent?.name}`, 'macvlan bridge eth0.10')
      const trunk = (await lab.seen('node1')).namespaces[0].links.find(({ name }) => name === 'eth0.10')
      equal(`${trunk.kind} ${trunk.vlan} ${trunk.parent?.name}`, 'vlan 10 eth0')
      return true
    })
    for (const host of ['node1', 'node2']) await lab.sh(host, 'docker rm --force child; docker network rm vlan10')
  },

  'a cut link parts a host, and a mended one joins it again': async (lab) => {
    await lab.setLink('node2', 'cut')
    equal(await lab.reaches('laptop', lab.address('node2')), false)
    await lab.setLink('node2', 'mended')
    await reached(lab, 'laptop', lab.address('node2'))
  },
}

/** A container's link on its only network, as a capture shows it. */
async function linkOf(lab, host, name) {
  const { engine, engineFault, namespaces } = await lab.seen(host)
  ok(engine, JSON.stringify(engineFault))
  const container = engine.containers.find((candidate) => candidate.name === name)
  const { links } = namespaces.find(({ id }) => id === container.namespace)
  return links.find((link) => link.name === container.endpoints[0].link)
}

export function fetches(lab, host, url) {
  return lab.sh(host, `curl --fail --silent --show-error --max-time 20 ${url}`)
}

function reached(lab, host, address) {
  return until(`${host} reaches ${address}`, () => lab.reaches(host, address))
}

/** The hardware address of a host's own end of its cable. */
function cable(lab, host) {
  return lab.sh(host, 'cat /sys/class/net/eth0/address')
}
