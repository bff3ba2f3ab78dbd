import type { LocalRacks } from '../../../server/rack/local-racks.js'

interface Ended {
  failed: boolean
  said: string
}

export interface Outcome {
  /** What was typed for it, its placeholders filled in. */
  typed: string
  works: boolean
  /** The end of what it said. */
  said: string
}

/** Goes on until somebody ends it: that it still runs is what is expected of it. */
const goesOn =
  /^(?:sudo )?(?:tcpdump|ping(?! -c)|docker (?:container )?attach|docker logs -f)|iftop|ngrep|docker run .*alpine ping/
const mostSeconds = 60
const untilEndedSeconds = 2
const untilKnownSeconds = 6

/**
 * Types the lines of a tutorial on the rack's first machine as a learner would: fills in what stands for a name or an address, opens
 * the shells of containers for the lines that are typed there (`[c]`), and clears up before what an earlier part has left in the way.
 */
export class TutorialRun {
  /** The container in whose shell the learner is, or was last. */
  private container = ''
  private seconds = mostSeconds
  /** A process in the network namespace that he has made, while he is in there. */
  private namespace = ''
  /** What can't be had, by the name that it would have. */
  private readonly unavailable = new Set<string>()

  constructor(
    private readonly racks: LocalRacks,
    private readonly rack: string,
  ) {}

  /** @param known that it does not work: no longer is waited for it, and nothing mended */
  async type(line: string, { known }: { known: boolean }): Promise<Outcome> {
    this.seconds = known ? untilKnownSeconds : mostSeconds
    const [command = '', remark = ''] = line.split(/\s{2,}# /)
    const typed = await this.fill(command)
    const mustFail = /must (?:fail|be refused)/.test(remark)
    const host = remark.startsWith('on node01') || command.startsWith('docker swarm join ') ? 'node01' : 'controlplane'
    const run = () => (line.includes('[c]') ? this.inside(typed) : this.onHost(host, typed))
    let outcome = await run()
    for (let tries = 0; tries < 4 && outcome.failed && !mustFail && !known; tries++) {
      if (!(await this.mend(host, typed, outcome.said))) break
      outcome = await run()
    }
    await this.remember(typed, outcome.said)
    return { typed, works: outcome.failed === mustFail, said: outcome.said.trim().slice(-400) }
  }

  /** Where the learner is after it. */
  private async remember(typed: string, said: string): Promise<void> {
    if (/this rack is offline|No such image/.test(said)) {
      for (const [, name] of typed.matchAll(/--(?:name|net-alias|network-alias)[= ](\S+)/g)) this.unavailable.add(name!)
    }
    if (/^sudo unshare --net/.test(typed)) this.namespace = said.trim()
    if (!typed.startsWith('docker ')) return
    this.namespace = ''
    const made = /^([0-9a-f]{64})$/m.exec(said)?.[1]
    const named = /^docker (?:container )?(?:run|create) .*--name[= ](\S+)/.exec(typed)?.[1]
    const entered = /^docker (?:container )?(?:attach|exec -it) (\S+)/.exec(typed)?.[1]
    const task = typed.startsWith('docker service create')
      ? await this.sh('controlplane', 'docker ps -q | head -n 1')
      : ''
    const container = typed.includes('network create') ? undefined : made
    this.container = (entered ?? named ?? container ?? task.trim()) || this.container
  }

  /** What a learner does who finds something of an earlier part in the way, or something missing that a part has told him to make. */
  private async mend(host: string, typed: string, said: string): Promise<boolean> {
    const sh = (script: string) => this.sh(host, script)
    const noContainers =
      'docker ps -aq | xargs -r docker rm -f; docker service ls -q | xargs -r docker service rm; sleep 1;'
    if (/in use by container|port is already allocated|already in use by service|Address already in use/i.test(said)) {
      await sh(noContainers)
      return true
    }
    const active = /network (\S+) id \w+ has active endpoints/.exec(said)
    if (active) {
      await sh(`docker ps -aq --filter network=${active[1]} | xargs -r docker rm -f`)
      return true
    }
    const twice = /endpoint with name (\S+) already exists in network (\S+)/.exec(said)
    if (twice) {
      await sh(`docker network disconnect ${twice[2]} ${twice[1]}`)
      return true
    }
    const apart = /container \w+ is not connected to (?:the )?network (\S+)/.exec(said)
    if (apart) {
      await sh(`docker network connect ${apart[1]} ${typed.split(' ').at(-1)}`)
      return true
    }
    if (/already exists|overlaps|is already using parent|File exists/i.test(said)) {
      const links = 'ip netns delete test1; for l in veth-a in_host A mac0; do ip link delete $l; done;'
      const swarm = /overlaps/.test(said) && !typed.includes('overlay') ? 'docker swarm leave --force;' : ''
      await sh(
        `${noContainers} ${swarm} docker network ls -q --filter type=custom | xargs -r docker network rm; ${links} true`,
      )
      return true
    }
    if (/already part of a swarm/.test(said)) {
      await sh('docker swarm leave --force')
      return true
    }
    if (/not a swarm manager|not connected to a swarm|not part of a swarm/.test(said)) {
      await this.sh('controlplane', 'docker swarm init --advertise-addr 192.168.100.11')
      return true
    }
    // The source sets the interface up first, in a line that its list leaves out.
    if (said.includes('Nexthop has invalid gateway')) {
      const [, pid] = /netns exec (\d+) /.exec(typed) ?? []
      await sh(`ip netns exec ${pid} ip link set eth0 up`)
      return true
    }
    if (said.includes("'/var/run/netns/")) {
      await sh('mkdir -p /var/run/netns')
      return true
    }
    return this.make(host, typed, said)
  }

  private async make(host: string, typed: string, said: string): Promise<boolean> {
    const sh = (script: string) => this.sh(host, script)
    const [, container] = /No such (?:container|object): ([\w-]+)/i.exec(said) ?? []
    const [, network] = /network ([\w-]+) not found/i.exec(said) ?? []
    const [, service] = /(?:service ([\w-]+) not found|no such service: ([\w-]+))/i.exec(said)?.filter(Boolean) ?? []
    const [, stranger] =
      /(?:apr_sockaddr_info_get\(\) for |bad address '|can't find |Could not resolve host: |Temporary failure in name resolution for )([\w-]+)/.exec(
        said,
      ) ?? []
    const name = container ?? network ?? service ?? stranger
    if (name === undefined || this.unavailable.has(name)) return false
    const image = /web|app|nginx|test|my|rng/i.test(name) ? 'nginx' : 'alpine'
    if (container !== undefined) await sh(`docker run -dit --name ${name} ${image}`)
    else if (service !== undefined) await sh(`docker service create --detach --name ${name} nginx; sleep 2`)
    else if (network !== undefined) {
      const overlay = /service (?:create|update)/.test(typed)
      // One of that name may be another part's, of this host alone.
      const other = `docker ps -aq --filter network=${name} | xargs -r docker rm -f; docker network rm ${name}`
      if (overlay) await sh(`docker swarm init --advertise-addr 192.168.100.11; ${other}`)
      await sh(`docker network create ${overlay ? '-d overlay --attachable ' : ''}${name}`)
    } else {
      const [, asked] = /--net(?:work)?[= ](\S+)/.exec(typed) ?? []
      const [, from] = /^docker exec (?:-it )?(\S+)/.exec(typed) ?? []
      const of = `docker inspect -f '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}' ${from ?? this.container}`
      const on = asked ?? (await sh(of)).trim().split(' ')[0]
      if (!on || on === 'bridge' || on === 'host' || on === 'none') return false
      await sh(`docker run -dit --name ${name} --network ${on} ${image} || docker network connect ${on} ${name}`)
    }
    return true
  }

  private async fill(command: string): Promise<string> {
    const ask = async (script: string) => (await this.sh('controlplane', script)).trim()
    const one = (await this.exists(this.container)) ? this.container : await ask('docker ps -q | head -n 1')
    let typed = command
      .replace(
        /<(?:container|Container_ID|container_id|container-id|containerID|yourContainerID|id|mysql-container-id)>/g,
        one,
      )
      .replace(/c8e17c9f68f4|63f36fc01b5f/g, one)
      .replace(
        /<(?:IP-ADDRESS-OF-MANAGER|Manager_Private_IP)>|172\.31\.34\.123|192\.168\.10\.1(?=$| )/g,
        '192.168.100.11',
      )
      .replace(/<IP-ADDRESS-OF-WORKER-1>/, '192.168.100.12')
      .replace(/enp1s0/g, 'eth0')
      .replace('host02', 'node01')
      // An image of the learner's own.
      .replace(/<image>|\bmyimage\b|\bmyapp\b|\bdns-server\b/, 'nginx:alpine')
    if (typed.includes('<TOKEN>')) typed = typed.replace('<TOKEN>', await ask('docker swarm join-token -q worker'))
    if (/<PID>|\$pid/.test(typed)) {
      const pid = this.namespace || (await ask(`docker inspect -f '{{.State.Pid}}' ${one}`))
      typed = typed.replace('<PID>', pid).replaceAll('$pid', pid)
    }
    if (typed.includes('172.21.0.2:8081')) {
      const address = "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' app"
      return typed.replace('172.21.0.2', await ask(address))
    }
    // What the source's machine had, the last container has here.
    if (/<ipaddress>|172\.1[78]\.0\.\d|172\.21\.0\.2|198\.0\.125\.2$/.test(typed) && /ping|curl/.test(typed)) {
      const address = await ask(
        `docker ps -q | head -n 1 | xargs -r docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'`,
      )
      typed = typed.replace(/<ipaddress>|172\.1[78]\.0\.\d|172\.21\.0\.2/, address.split(' ')[0] ?? '')
    }
    if (typed.includes('localhost:12345')) {
      typed = typed.replace('12345', await ask(`docker port ${one} 80 | head -n 1 | sed 's/.*://'`))
    }
    return typed
  }

  /** In the shell that the learner is in: a container's, or a network namespace of his own. */
  private async inside(typed: string): Promise<Ended> {
    const container = this.container || 'none'
    if (this.namespace !== '')
      return this.run('controlplane', typed, ['nsenter', '-t', this.namespace, '-n', 'sh', '-c', typed])
    // Draws on the whole screen.
    if (/^iftop/.test(typed)) {
      return this.run('controlplane', typed, [
        'script',
        '-qec',
        `TERM=xterm docker exec -it ${container} ${typed}`,
        '/dev/null',
      ])
    }
    return this.run('controlplane', typed, ['docker', 'exec', '-i', container, 'sh', '-c', typed])
  }

  private async onHost(host: string, typed: string): Promise<Ended> {
    const [, attached] = /^docker (?:container )?attach (\S+)/.exec(typed) ?? []
    if (attached !== undefined) {
      // And away again, by Ctrl-P Ctrl-Q.
      const keys = `(sleep 1; printf '\\020\\021'; sleep 1) | script -qec '${typed}' /dev/null`
      return this.run(host, typed, ['bash', '-c', keys])
    }
    if (/^sudo unshare --net/.test(typed)) {
      return this.run(host, typed, [
        'bash',
        '-c',
        `${typed} sleep 300 > /dev/null 2>&1 & sleep 1; pgrep -n -f '^sleep 300'`,
      ])
    }
    if (/mysql -u root -p$/.test(typed)) {
      await this.sh(
        host,
        `for i in $(seq 100); do docker exec ${this.container} mysqladmin ping && break; sleep 0.3; done`,
      )
      return this.run(host, typed, ['bash', '-c', `${typed.replace('-it', '-i')}secret -e 'show databases'`])
    }
    return this.run(host, typed, ['bash', '-c', interactive(typed)])
  }

  private async run(host: string, typed: string, argv: string[]): Promise<Ended> {
    const going = goesOn.test(typed)
    const seconds = going ? untilEndedSeconds : this.seconds
    const ended = ['timeout', '-k', '1', `${seconds}`, ...argv]
    const { failed, exitCode, stdout, stderr } = await this.racks.exec(this.rack, host, ended, { timeoutMs: 90_000 })
    // timeout(1)'s own, and of what it had to kill.
    const late = exitCode === 124 || exitCode === 137
    const goesOnWell = late && ((going && this.seconds === mostSeconds) || /verify: Waiting/.test(stdout))
    return { failed: failed && !goesOnWell, said: `${stdout}${stderr}` }
  }

  private async exists(container: string): Promise<boolean> {
    if (container === '') return false
    return (await this.sh('controlplane', `docker inspect -f '{{.State.Running}}' ${container}`)).trim() === 'true'
  }

  private async sh(host: string, script: string): Promise<string> {
    return (await this.racks.exec(this.rack, host, ['sh', '-c', script], { timeoutMs: 60_000 })).stdout
  }
}

/** A shell that stays open in the background stands for the one that the learner has before him, and a server for its screen. */
function interactive(typed: string): string {
  const run = /^(docker (?:container )?run )(.*)$/.exec(typed)
  if (run && !/(?:^| )-[a-z]*d|--detach/.test(run[2]!)) {
    const shell =
      /(?:^| )-i?ti? |-i -t /.test(run[2]!) &&
      /(?: (?:\/bin\/)?(?:ba|a)?sh|netshoot|alpine(?::latest)?|busybox|ubuntu(?::latest)?)$/.test(typed)
    const server = /(?:nginx(?::\w+)?|redis|mysql|postgres|httpd(?::\w+)?|chrch\/\w+)$/.test(typed)
    if (shell || server) return `${run[1]}-d ${run[2]}`
    return typed.replace(/ -(?:it|ti)(?= )/, ' -i').replace(' -i -t ', ' -i ')
  }
  return typed.replace(/^(docker exec) -it (\S+) \S*sh$/, '$1 -i $2 true').replace(/^(docker exec) -it /, '$1 -i ')
}
