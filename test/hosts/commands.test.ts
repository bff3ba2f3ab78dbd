import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** What tutorials type on a host, and no lab host has by itself. */

let racks: LocalRacks
let rack: RackInfo
beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
    ssh: true,
  })
})
afterAll(async () => {
  await racks?.closeAll()
})

async function type(command: string, host = 'node1') {
  const { stdout, stderr, exitCode } = await racks.exec(rack.id, host, ['bash', '-c', command], { timeoutMs: 60_000 })
  return { said: `${stdout}${stderr}`, exitCode }
}

it.each([
  ['sudo ip link show lo', /LOOPBACK/],
  ['sudo -u nobody id -un', /^nobody$/m],
  ['brctl show', /docker0/],
  ['ip netns add test1 && ip netns exec test1 ip link show lo; ip netns delete test1', /LOOPBACK/],
  ['ifconfig eth0', /inet 192\.168\.1\.11/],
  ['route -n', /192\.168\.1\.1/],
  ['ping -c1 node2 > /dev/null; arp -n', /192\.168\.1\.12/],
  ['sudo netstat -tulpn', /:22 .*sshd/],
  [
    'apt-get update && apt-get install -y bridge-utils net-tools jq tree',
    /offline.*\n.*here already: bridge-utils net-tools jq tree/,
  ],
])('%s', async (command, answer) => {
  const { said, exitCode } = await type(command)
  expect(said).toMatch(answer)
  expect(exitCode).toBe(0)
})

it.each(['apt install htop', 'apt-get install -y htop', 'yum install htop', 'apk add htop'])(
  '%s says in one line that the rack is offline',
  async (command) => {
    const { said, exitCode } = await type(command)
    expect(said).toMatch(
      /^\S+: this rack is offline, so there is no htop; here are ip ping curl .*netshoot has more\n$/,
    )
    expect(exitCode).not.toBe(0)
  },
)

describe('ssh', () => {
  it('goes to every host of the rack by name, without a password or a question', async () => {
    expect(await type('ssh node2 hostname', 'node1')).toEqual({ said: 'node2\n', exitCode: 0 })
    expect(await type('ssh root@node1 hostname', 'laptop')).toEqual({ said: 'node1\n', exitCode: 0 })
    expect(await type('ssh laptop hostname', 'node2')).toEqual({ said: 'laptop\n', exitCode: 0 })
  })

  it('does so after a reset, by the same key, and another rack has another', async () => {
    const key = (await type('cat /root/.ssh/authorized_keys')).said
    rack = await racks.reset(rack.id, 'node2')
    expect(await type('ssh node2 hostname')).toEqual({ said: 'node2\n', exitCode: 0 })
    expect((await type('cat /root/.ssh/authorized_keys', 'node2')).said).toBe(key)
    const other = await racks.open({ hosts: { laptop: 'plain' }, ssh: true })
    const theirs = await racks.exec(other.id, 'laptop', ['cat', '/root/.ssh/authorized_keys'])
    await racks.close(other.id)
    expect(theirs.stdout).toMatch(/^ssh-ed25519 /)
    expect(theirs.stdout).not.toBe(key)
  })

  it('is nowhere without being asked for', async () => {
    const other = await racks.open({ hosts: { node1: 'docker' } })
    const found = await racks.exec(other.id, 'node1', ['sh', '-c', 'ls -A /root/.ssh; ss -Hltn; ls /etc/ssh/*key*'])
    await racks.close(other.id)
    expect(found.stdout).toBe('')
  })
})

describe('the Engine as a service', () => {
  it.each(['systemctl restart docker', 'service docker restart', 'systemctl restart docker.service'])(
    '%s starts it anew',
    async (command) => {
      const before = (await type('pgrep -x dockerd')).said
      expect((await type(command)).said).toBe('')
      const after = (await type('pgrep -x dockerd')).said
      expect(after).toMatch(/^\d+\n$/)
      expect(after).not.toBe(before)
    },
  )

  it('takes up a changed daemon.json', async () => {
    await type(`echo '{"default-address-pools":[{"base":"10.77.0.0/16","size":24}]}' > /etc/docker/daemon.json`)
    expect(await type('systemctl restart docker')).toEqual({ said: '', exitCode: 0 })
    await type('docker network create pooled')
    expect((await type(`docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' pooled`)).said).toMatch(
      /^10\.77\./,
    )
  })

  it("fails with the Engine's own words, stays down, and comes back when they are heeded", async () => {
    await type(`echo '{"bip": "nonsense"' > /etc/docker/daemon.json`)
    const failed = await type('systemctl restart docker')
    expect(failed.exitCode).toBe(1)
    expect(failed.said).toMatch(
      /^Job for docker\.service failed[\s\S]*unable to configure the Docker daemon with file \/etc\/docker\/daemon\.json/,
    )
    expect((await type('systemctl is-active docker')).said).toBe('inactive\n')
    expect((await type('systemctl status docker')).said).toMatch(/Active: inactive/)
    expect((await type('journalctl -u docker --no-pager -n 20')).said).toMatch(/unable to configure the Docker daemon/)
    await type('rm /etc/docker/daemon.json')
    expect(await type('service docker start')).toEqual({ said: '', exitCode: 0 })
    expect((await type('systemctl status docker')).said).toMatch(
      /Active: active \(running\)[\s\S]*Main PID: \d+ \(dockerd\)/,
    )
  })

  it('stops, and is read', async () => {
    expect((await type('systemctl stop docker; docker ps')).said).toMatch(/Cannot connect to the Docker daemon/)
    expect((await type('systemctl reload docker')).said).toMatch(/not active/)
    await type('systemctl start docker')
    expect((await type('journalctl -u docker.service | tail -n 200')).said).toMatch(/API listen on/)
    expect((await type('systemctl restart nginx')).said).toMatch(/one service, docker/)
  })
})
