import type { LocalRacks } from '../../../server/rack/local-racks.js'

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
const mostSeconds = 25
const untilEndedSeconds = 2

/**
 * Types the lines of a tutorial on the rack's first machine as a learner would: fills in what stands for a name or an address, opens
 * the shells of containers for the lines that are typed there (`[c]`), and clears up before what an earlier part has left in the way.
 */
export class TutorialRun {
  /** The container in whose shell the learner is, or was last. */
  private container = ''

  constructor(
    private readonly racks: LocalRacks,
    private readonly rack: string,
  ) {}

  async type(line: string): Promise<Outcome> {
    const [command = '', remark = ''] = line.split(/\s{2,}# /)
    const typed = await this.fill(command)
    const mustFail = /must (?:fail|be refused)/.test(remark)
    const host = remark.startsWith('on node01') || command.startsWith('docker swarm join ') ? 'node01' : 'controlplane'
    const run = () =>
      line.includes('[c]') ? this.inContainer(typed) : this.onHost(host, interactive(typed), goesOn.test(typed))
    let outcome = await run()
    for (let tries = 0; tries < 3 && outcome.failed && !mustFail; tries++) {
      if (!(await this.mend(host, typed, outcome.said))) break
      outcome = await run()
    }
    const last = /^([0-9a-f]{64})$/m.exec(outcome.said)
    if (last && command.startsWith('docker') && !command.includes('network create')) this.container = last[1]!
    const named = /--name[= ](\S+)/.exec(typed)
    if (named && /^docker (?:container )?(?:run|create)/.test(typed)) this.container = named[1]!
    const entered = /docker (?:container )?(?:attach|exec -it) (\S+)/.exec(typed)
    if (entered) this.container = entered[1]!
    return { typed, works: outcome.failed === mustFail, said: outcome.said.trim().slice(-400) }
  }

  /** What a learner does who finds something of an earlier part in the way, or something missing that a part has told him to make. */
  private async mend(host: string, typed: string, said: string): Promise<boolean> {
    const sh = (script: string) => this.sh(host, script)
    const missing =
      /No such container: (\S+)|network (\S+) not found|service (\S+) not found|no such service: (\S+)/i.exec(said)
    if (/already in use by container|port is already allocated|Address already in use|in use by task/i.test(said)) {
      await sh('docker ps -aq | xargs -r docker rm -f; docker service ls -q | xargs -r docker service rm; sleep 1')
      return true
    }
    if (
      /already exists|overlaps with|is already using parent|File exists|no available network|invalid pool|Pool/i.test(
        said,
      )
    ) {
      await sh(
        'docker ps -aq | xargs -r docker rm -f; docker service ls -q | xargs -r docker service rm; sleep 2; docker network ls -q --filter type=custom | xargs -r docker network rm; ip netns delete test1; ip link delete veth-a; ip link delete in_host; ip link delete A; true',
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
    const [, container, network, ...services] = missing ?? []
    const name = container ?? network ?? services.find((service) => service !== undefined)
    if (name === undefined || !/^[\w.-]+$/.test(name)) return false
    if (container !== undefined) {
      await sh(`docker run -dit --name ${name} nginx:alpine`)
    } else if (network !== undefined) {
      const overlay = /service (?:create|update)/.test(typed)
      if (overlay) await sh('docker swarm init --advertise-addr 192.168.100.11')
      await sh(`docker network create ${overlay ? '-d overlay --attachable ' : ''}${name}`)
    } else {
      await sh(`docker service create --detach --name ${name} nginx`)
    }
    return true
  }

  private async fill(command: string): Promise<string> {
    const ask = async (script: string) => (await this.sh('controlplane', script)).trim()
    const one = this.container || 'none'
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
      // An image of the learner's own.
      .replace(/<image>|\bmyimage\b|\bmyapp\b|\bdns-server\b/, 'nginx:alpine')
    if (typed.includes('<TOKEN>')) typed = typed.replace('<TOKEN>', await ask('docker swarm join-token -q worker'))
    if (/<PID>|\$pid/.test(typed)) {
      const pid = await ask(`docker inspect -f '{{.State.Pid}}' ${one}`)
      typed = typed.replace('<PID>', pid).replaceAll('$pid', pid)
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

  private async inContainer(typed: string): Promise<{ failed: boolean; said: string }> {
    const script = `docker exec -i ${this.container || 'none'} sh -c "$1"`
    const limit = goesOn.test(typed) ? untilEndedSeconds : mostSeconds
    return this.run('controlplane', ['timeout', `${limit}`, 'sh', '-c', script, 'sh', typed], goesOn.test(typed))
  }

  private async onHost(host: string, typed: string, going: boolean): Promise<{ failed: boolean; said: string }> {
    const limit = going ? untilEndedSeconds : mostSeconds
    return this.run(host, ['timeout', `${limit}`, 'bash', '-c', typed], going)
  }

  private async run(host: string, argv: string[], going: boolean): Promise<{ failed: boolean; said: string }> {
    const result = await this.racks.exec(this.rack, host, argv, { timeoutMs: 60_000 })
    // timeout(1)'s own.
    const ended = result.exitCode === 124
    return { failed: result.failed && !(going && ended), said: `${result.stdout}${result.stderr}` }
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
    const server = /(?:nginx(?::\w+)?|redis|mysql|postgres|httpd(?::\w+)?)$/.test(typed)
    if (shell || server) return `${run[1]}-d ${run[2]}`
    return typed.replace(/ -(?:it|ti)(?= )/, ' -i').replace(' -i -t ', ' -i ')
  }
  if (/^docker (?:container )?attach /.test(typed)) return `${typed} < /dev/null`
  return typed.replace(/^(docker exec) -it (\S+) \S*sh$/, '$1 -i $2 true').replace(/^(docker exec) -it /, '$1 -i ')
}
