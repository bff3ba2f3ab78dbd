import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import { evaluate } from '../../server/check/evaluate.js'
import { labImages } from '../../server/rack/golden/inputs.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState } from './state.js'

/** The offline images, and what an Engine says of one that is not there. */

let racks: LocalRacks
let rack: RackInfo
beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12' } } },
  })
})
afterAll(async () => {
  await racks?.closeAll()
})

async function exec(host: string, script: string) {
  return racks.exec(rack.id, host, ['bash', '-c', script], { timeoutMs: 60_000 })
}
async function sh(script: string, host = 'node1'): Promise<string> {
  const result = await exec(host, script)
  if (result.failed) throw new Error(`${script}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

it('are there by all their names, each with its origin, and no other', async () => {
  const names = (await sh("docker image ls --format '{{.Repository}}:{{.Tag}}'")).trim().split('\n')
  const expected = ['vethlab/base', ...labImages()].map((name) => (name.includes(':') ? name : `${name}:latest`))
  expect(names.toSorted()).toEqual(expected.toSorted())
  const label = '{{index .Config.Labels "vethlab.origin"}}'
  const origins = (await sh(`docker image inspect --format '${label}' ${labImages().join(' ')}`)).trim().split('\n')
  expect(origins).toHaveLength(labImages().length)
  for (const origin of origins) expect(origin).toMatch(/^(?:Debian trixie, |a stand-in: )/)
})

it('counts by whatever name it was called, for a container and for a service', async () => {
  const ground = new RackGround(racks, rack.id)
  const looks = async (check: object, within = 1) => {
    const parsed = parseCheck(check, [])
    if (!('check' in parsed)) throw new Error(JSON.stringify(parsed.issues))
    const options = { home: 'node1', labDirectory: '/nonexistent' }
    const [verdict] = await evaluate([{ ...parsed.check, within }], ground, options)
    return verdict!.finding
  }
  await sh(`docker run -d --name web nginx:alpine && docker tag redis nginx:mine && docker run -d --name other nginx:mine
    docker swarm init --advertise-addr 192.168.1.11 > /dev/null
    docker service create --quiet --detach --name shop nginx:stable`)
  try {
    expect(await looks({ container: { name: 'web', image: 'nginx' } }, 20)).toMatchObject({ outcome: 'pass' })
    expect(await looks({ container: { name: 'web', image: 'nginx:mainline' } })).toMatchObject({ outcome: 'pass' })
    expect(await looks({ container: { name: 'web', image: 'httpd' } })).toMatchObject({ reason: 'container.image' })
    expect(await looks({ container: { name: 'other', image: 'redis' } })).toMatchObject({ outcome: 'pass' })
    expect(await looks({ container: { name: 'other', image: 'nginx' } })).toMatchObject({ reason: 'container.image' })
    expect(await looks({ service: { name: 'shop', image: 'nginx' } }, 20)).toMatchObject({ outcome: 'pass' })
    expect(await looks({ service: { name: 'shop', image: 'redis' } })).toMatchObject({ reason: 'service.image' })
  } finally {
    await sh('docker service rm shop; docker swarm leave --force; docker rm -f web other; docker rmi nginx:mine')
  }
})

describe('are what their names say', () => {
  it.each([
    [
      'alpine',
      'ash -c "ip -o addr show lo; nslookup 2>&1 | head -n 1; drill -v; curl --version"',
      /127\.0\.0\.1.*drill.*curl/s,
    ],
    ['ubuntu:18.04', 'bash -c "ping -c1 127.0.0.1; ip a; dig -v; apt --version"', /1 received.*inet 127.*DiG.*apt/s],
    [
      'centos:7',
      'bash -c "ping -c1 127.0.0.1; curl --version; yum install -y net-tools"',
      /1 received.*curl.*here already/s,
    ],
    ['busybox:musl', 'sh -c "nc -h 2>&1"', /BusyBox/],
    ['python:3.9', 'python -c "print(6*7)"', /42/],
    ['node:18-alpine', 'node -e "console.log(6*7)"', /42/],
    ['prom/alertmanager', '--version', /alertmanager, version/],
    ['prom/prometheus', '--version', /prometheus, version/],
    ['haproxy:alpine', 'haproxy -v', /HAProxy version/],
    ['registry:2', '--version', /registry/],
    ['postgres:16', 'postgres --version', /PostgreSQL/],
    ['memcached:alpine', 'memcached --version', /memcached/],
    [
      'nicolaka/netshoot',
      `sh -c 'for t in drill ngrep iftop nmap ss iperf3 tshark brctl ifconfig socat ab tcpdump; do command -v $t || echo no $t; done'`,
      /^(?!.*no ).*ab/s,
    ],
  ])('%s', async (image, command, answer) => {
    expect(await sh(`docker run --rm ${image} ${command} 2>&1 || true`)).toMatch(answer)
  })

  it('servers answer on their ports', { timeout: 240_000 }, async () => {
    await sh('docker network create back')
    try {
      await tryServers()
    } finally {
      await sh('docker rm -f $(docker ps -aq) && docker network rm back')
    }
  })

  async function tryServers(): Promise<void> {
    const run = (name: string, rest: string) => sh(`docker run -d --name ${name} --network back ${rest}`)
    await run('web', 'httpd:alpine')
    await run('who', 'traefik/whoami')
    await run('reg', '-p 5000:5000 registry:2')
    await run('prom', 'prom/prometheus')
    await run('node', 'prom/node-exporter')
    await run('mem', 'memcached')
    await run(
      'db',
      `-e MYSQL_ROOT_PASSWORD=secret -e MYSQL_DATABASE=shop mysql:8.0 --default-authentication-plugin=mysql_native_password`,
    )
    await run('pg', '-e POSTGRES_PASSWORD=secret -e POSTGRES_DB=shop postgres:alpine')
    await run('blog', '-e WORDPRESS_DB_HOST=db -e WORDPRESS_DB_PASSWORD=secret -e WORDPRESS_DB_NAME=shop wordpress')
    const asks = async (script: string, answer: RegExp) =>
      expect
        .poll(async () => (await exec('node1', `docker run --rm --network back ${script}`)).stdout, { timeout: 60_000 })
        .toMatch(answer)
    await asks('alpine curl -s web', /It works!/)
    await asks(
      'alpine curl -s who',
      /^Hostname: .*\nIP: 127\.0\.0\.1\n[\s\S]*RemoteAddr: [\s\S]*GET \/ HTTP\/1\.1\nHost: who\n/,
    )
    await asks('alpine curl -s prom:9090/-/healthy', /Healthy/)
    await asks('alpine curl -s node:9100/metrics', /node_network_up/)
    await asks('alpine sh -c "printf \'version\\r\\nquit\\r\\n\' | nc mem 11211"', /^VERSION/)
    await asks('mysql mysql -h db -u root -psecret -e "show databases"', /shop/)
    await asks('-e PGPASSWORD=secret postgres psql -h pg -U postgres -l', /shop/)
    await asks('alpine curl -sL blog/', /WordPress/)
    await sh(
      'docker tag busybox localhost:5000/mine && docker push localhost:5000/mine && docker rmi localhost:5000/mine && docker pull localhost:5000/mine',
    )
  }
})

describe('an image that is not there', () => {
  it('is refused in words that help, at once', async () => {
    const times: number[] = []
    for (const command of [
      'docker run --rm no-such-image',
      'docker pull ghcr.io/some/thing:1',
      'docker pull nginx:0.1',
      // It is there, and Engines pull all the same what they are told to pull.
      'docker run --rm --pull always nginx:alpine true',
    ]) {
      const started = performance.now()
      const { stderr, exitCode } = await exec('node1', command)
      times.push(performance.now() - started)
      expect(exitCode).not.toBe(0)
      expect(stderr).toMatch(
        /^(?:docker: )?Error response from daemon: .*: this rack is offline, nothing can be pulled; what is here runs without a pull: .*alpine, .*nginx, .*; a teacher can add one with `vethlab images add`/m,
      )
    }
    // The Engine's own part is far less; this is with the client's start, on a machine that tests keep busy.
    expect(Math.min(...times)).toBeLessThan(1000)
    expect((await exec('node1', 'printf "FROM no-such-image" | docker build -')).stderr).toMatch(/this rack is offline/)
  })

  it('of a registry at home is asked for there', async () => {
    await sh('docker run -d --name reg -p 5000:5000 registry:2', 'node2')
    // Plain HTTP, and so what everybody meets who has not said that the registry is insecure.
    await expect
      .poll(async () => (await exec('node1', 'docker pull node2:5000/x')).stderr)
      .toMatch(/server gave HTTP response to HTTPS client/)
    await sh('docker rm -f reg', 'node2')
  })

  it('shows nothing in the host, and goes on after a host that floods it', async () => {
    expect(await sh('ss -Hltnup')).toBe('')
    await exec(
      'node2',
      'for i in $(seq 40); do (exec 3<>/dev/tcp/198.19.255.254/3128; head -c 20000 /dev/zero >&3; sleep 1) & done; wait',
    )
    expect((await exec('node1', 'docker pull no-such-image')).stderr).toMatch(/this rack is offline/)
    const odd = await exec('node2', "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | nc -w 2 198.19.255.254 3128")
    expect(odd.stdout).toMatch(/^HTTP\/1\.1 400 /)
  })
})
