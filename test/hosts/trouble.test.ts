import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CauseCode } from '../../server/cause/cause.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { RackInfo } from '../../server/racks/racks.js'
import type { TraceStory } from '../../server/trace/story.js'
import { traceStory } from '../../server/trace/trace.js'
import { testState } from './state.js'

/**
 * Trouble that others had, made on real hosts: a symptom by real traffic, the trace's cause with what shows it, the cure exactly as the
 * trace words it, the symptom gone, and what the cure was not to open still shut.
 */

let racks: LocalRacks
let rack: RackInfo
let ground: RackGround

interface Case {
  name: string
  /** Where it was told of. */
  source?: string
  make: Record<string, string>
  /** Works as long as the trouble is not there: of hosts, a script that fails while it is. */
  symptom: [string, string]
  ask: { from: string; to: string; port?: number; protocol?: 'icmp' | 'tcp' | 'udp' }
  code: CauseCode
  says?: RegExp
  evidence?: RegExp
  /** Which of the tries is done, where, and what stands for a placeholder in it; none where only words can help. */
  cure?: { on: string; of?: number; instead?: Record<string, string>; afterwards?: string }
  /** Still shut when it is mended. */
  shut?: [string, string]
  undo?: Record<string, string>
}

async function sh(host: string, script: string, timeoutMs = 90_000): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs })
  if (result.failed) throw new Error(`${host}: ${script}\n${result.stdout}${result.stderr}`)
  return result.stdout.trim()
}

const works = async ([host, script]: [string, string]) =>
  !(await racks.exec(rack.id, host, ['sh', '-ec', script], { timeoutMs: 30_000 })).failed

const ask = (asked: Case['ask']): Promise<TraceStory> =>
  traceStory(ground, { ...asked, home: 'node1' }, { signal: AbortSignal.timeout(40_000) })

/** The commands of a sentence. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)]
    .map(([, code]) => code!)
    .filter((code) => /^(docker|iptables|ip6tables|nft|nsenter|ip|sysctl|systemctl) /.test(code))
}

const curl = (url: string) => `curl -sS -o /dev/null -m 3 ${url}`
const bridgeOf = (network: string) => `br-$(docker network inspect -f '{{.Id}}' ${network} | cut -c1-12)`
const inside = (container: string) => `nsenter -t $(docker inspect -f '{{.State.Pid}}' ${container}) -n`

const vethOf = (container: string) =>
  `$(ip -o link | grep -o "^$(docker exec ${container} cat /sys/class/net/eth0/iflink): [^@]*" | cut -d' ' -f2)`

const cases: Case[] = [
  {
    name: 'two containers, one alias',
    source: 'docker/compose#8223',
    make: {
      node1: `docker network create shared
        docker run -d --name one-db --network shared --network-alias db redis
        docker run -d --name two-db --network shared --network-alias db nginx
        docker run -d --name app --network shared netshoot sleep infinity`,
    },
    symptom: [
      'node1',
      "for i in 1 2 3 4 5 6 7 8 9 10; do docker exec app sh -c 'nc -z -w 2 $(dig +short db | head -1) 6379'; done",
    ],
    ask: { from: 'app', to: 'db', port: 6379 },
    code: 'shared-name',
    says: /node1\/one-db.*node1\/two-db/,
    cure: { on: 'node1', of: -1, afterwards: 'docker network disconnect shared two-db' },
  },
  {
    name: 'a host with a loopback resolver, and the default bridge',
    source: 'moby/moby#25636',
    make: {
      node1: `cp /etc/resolv.conf /root/resolv.conf; printf 'nameserver 127.0.1.1\\n' > /etc/resolv.conf
        docker run -d --name app netshoot sleep infinity`,
    },
    symptom: ['node1', "docker exec app sh -c 'grep -q 127.0.0.11 /etc/resolv.conf'"],
    ask: { from: 'app', to: 'intranet.corp.example' },
    code: 'default-nameservers',
    says: /8\.8\.8\.8.*127\.0\.1\.1/,
    evidence: /Used default nameservers/,
    undo: { node1: 'cat /root/resolv.conf > /etc/resolv.conf' },
  },
  {
    name: 'a published port of a container on an internal network',
    source: 'moby/moby#36174',
    make: {
      node1: `docker network create --internal back; docker network create front
        docker run -d --name web --network back -p 8080:80 nginx`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'unmade-port',
    says: /internal/,
    cure: { on: 'node1' },
  },
  {
    name: 'a published port of another network, without a userland proxy',
    source: 'moby/moby#38784',
    make: {
      node1: `mkdir -p /etc/docker; echo '{"userland-proxy": false}' > /etc/docker/daemon.json; systemctl restart docker
        docker network create n1; docker network create n2
        docker run -d --name web --network n2 -p 8080:80 nginx
        docker run -d --name app --network n1 netshoot sleep infinity`,
    },
    symptom: ['node1', `docker exec app ${curl('http://web')}`],
    ask: { from: 'app', to: '192.168.1.11', port: 8080 },
    code: 'isolated-bridges',
    says: /NAT leads `192.168.1.11:8080`/,
    cure: { on: 'node1' },
    undo: { node1: 'rm -f /etc/docker/daemon.json; systemctl restart docker' },
  },
  {
    name: 'a host firewall that the LAN does not meet and containers do',
    source: 'moby/moby#32138',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app -p 8080:80 nginx
        docker run -d --name probe netshoot sleep infinity
        docker run -d --name db --network app -p 3306:6379 redis
        iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited`,
    },
    symptom: ['node1', `docker exec probe ${curl('http://192.168.1.11:8080')}`],
    ask: { from: 'probe', to: '192.168.1.11', port: 8080 },
    code: 'rule-drop',
    says: /docker-proxy/,
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec probe nc -z -w 2 192.168.1.11 3306'],
    undo: { node1: 'iptables -F INPUT' },
  },
  {
    name: "the host's port in DOCKER-USER, which sees the container's",
    source: 'docker/docs#12925',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables -I DOCKER-USER -i eth0 -j DROP
        iptables -I DOCKER-USER -i eth0 -p tcp --dport 8080 -j ACCEPT
        iptables -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'docker-user-drop',
    says: /lets 8080 through does not see that number/,
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN' },
  },
  {
    name: "a firewall that was loaded over Docker's rules",
    source: 'moby/moby#10218',
    make: {
      node1: `docker network create app
        docker run -d --restart always --name db --network app redis
        docker run -d --restart always --name api --network app netshoot sleep infinity
        printf '%s\\n' '*filter' ':INPUT ACCEPT [0:0]' ':FORWARD DROP [0:0]' ':OUTPUT ACCEPT [0:0]' COMMIT \
          '*nat' ':PREROUTING ACCEPT [0:0]' ':INPUT ACCEPT [0:0]' ':OUTPUT ACCEPT [0:0]' ':POSTROUTING ACCEPT [0:0]' COMMIT | iptables-restore`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 2 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'rule-drop',
    says: /none of Docker's own chains/,
    cure: { on: 'node1' },
  },
  {
    name: 'a Docker subnet that hides a network of others',
    source: 'bitwarden/server#947',
    make: {
      laptop: 'ip addr add 172.28.5.20/32 dev lo',
      node1: `ip route replace default via 192.168.1.50
        docker run -d --name app netshoot sleep infinity
        docker network create --subnet 172.28.0.0/16 stack`,
    },
    symptom: ['node1', 'docker exec app ping -c 1 -W 2 172.28.5.20'],
    ask: { from: 'app', to: '172.28.5.20' },
    code: 'hidden-by-subnet',
    says: /`stack`.*`laptop` has it/,
    cure: { on: 'node1', instead: { '--subnet …': '--subnet 172.29.0.0/16' } },
    undo: { laptop: 'ip addr del 172.28.5.20/32 dev lo', node1: 'ip route replace default via 192.168.1.1' },
  },
  {
    name: 'a subnet within the LAN',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        docker network create --subnet 192.168.1.48/28 clash`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 2 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'hidden-by-subnet',
    cure: { on: 'node1', instead: { '--subnet …': '--subnet 172.29.0.0/16' } },
  },
  {
    name: 'two containers with one MAC address',
    source: 'moby/moby#48082',
    make: {
      node1: `docker network create --subnet 10.10.4.0/24 s
        docker run -d --name one --network s --ip 10.10.4.21 --mac-address 02:42:0a:0a:04:04 nginx
        docker run -d --name two --network s --ip 10.10.4.22 --mac-address 02:42:0a:0a:04:04 netshoot ping -i 0.01 10.10.4.1
        docker run -d --name app --network s --ip 10.10.4.30 netshoot sleep infinity`,
    },
    symptom: ['node1', `for i in 1 2 3 4 5; do docker exec app ${curl('http://one')}; done`],
    ask: { from: 'app', to: 'one', port: 80 },
    code: 'same-mac',
    says: /node1\/one.*node1\/two/,
    cure: { on: 'node1' },
  },
  {
    name: 'a container left behind in an old namespace',
    source: 'docker/compose#6626',
    make: {
      node1: `docker network create app; docker run -d --name db --network app redis
        docker run -d --name mother --network app netshoot sleep infinity
        docker run -d --name child --network container:mother netshoot sleep infinity
        docker restart -t 0 mother`,
    },
    symptom: ['node1', 'docker exec child nc -z -w 2 db 6379'],
    ask: { from: 'child', to: 'db', port: 6379 },
    code: 'left-behind',
    says: /`mother` was started anew/,
    cure: { on: 'node1' },
  },
  {
    name: 'a table of netdev at the ingress of a link',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx
        nft add table netdev shield
        nft add chain netdev shield in '{ type filter hook ingress device eth0 priority 0; policy accept; }'
        nft add rule netdev shield in ip protocol tcp tcp dport 8080 drop`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /netdev shield/,
    cure: { on: 'node1' },
    undo: { node1: 'nft delete table netdev shield' },
  },
  {
    name: "a table of the administrator's own",
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        nft add table inet corp; nft add chain inet corp edge '{ type filter hook forward priority -10; policy accept; }'
        nft add rule inet corp edge ip saddr 192.168.1.50 tcp dport 80 counter drop`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'nft delete table inet corp' },
  },
  {
    name: 'a fixed entry in a neighbour table',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app
        docker run -d --name web --network app --ip 172.30.0.20 nginx
        docker run -d --name api --network app --ip 172.30.0.10 netshoot sleep infinity
        ${inside('api')} ip neigh replace 172.30.0.20 lladdr 02:00:00:00:00:99 dev eth0 nud permanent`,
    },
    symptom: ['node1', `docker exec api ${curl('http://172.30.0.20')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'wrong-neighbour',
    says: /set by hand/,
    cure: { on: 'node1' },
  },
  {
    name: 'a rule inside of the container that is asked',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app nginx; docker run -d --name api --network app netshoot sleep infinity
        ${inside('web')} iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with icmp-admin-prohibited`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'rule-drop',
    says: /on `node1\/web`/,
    cure: { on: 'node1' },
  },
  {
    name: 'published to a port where nobody listens',
    make: { node1: 'docker run -d --name web -p 8083:8000 nginx' },
    symptom: ['laptop', curl('http://192.168.1.11:8083')],
    ask: { from: 'laptop', to: 'node1', port: 8083 },
    code: 'port-not-listening',
    cure: { on: 'node1', of: -1, afterwards: 'docker rm -f web; docker run -d --name web -p 8083:80 nginx' },
  },
  {
    name: 'the two numbers of -p swapped',
    make: { node1: 'docker run -d --name web -p 80:8080 nginx' },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'port-not-listening',
    cure: { on: 'node1', of: -1, afterwards: 'docker rm -f web; docker run -d --name web -p 8080:80 nginx' },
  },
  {
    name: 'an alias whose only container has ended',
    make: {
      node1: `docker network create app
        docker run -d --name back --network app --network-alias svc nginx; docker stop -t 0 back
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', `docker exec api ${curl('http://svc')}`],
    ask: { from: 'api', to: 'svc', port: 80 },
    code: 'not-running',
    cure: { on: 'node1' },
  },
  {
    name: 'answers that connection tracking does not see',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        iptables -t raw -I PREROUTING -i ${bridgeOf('app')} -p tcp --sport 80 -j CT --notrack`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'untranslated-answer',
    cure: { on: 'node1' },
    undo: { node1: 'iptables -t raw -F PREROUTING' },
  },
  {
    name: 'an old DNAT rule to an address that nobody has',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app -p 8080:80 nginx
        iptables -t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.99:80`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /172\.30\.0\.99/,
    cure: { on: 'node1' },
  },
  {
    name: 'the address of the bridge is gone',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app -p 8080:80 nginx
        ip addr del 172.30.0.1/24 dev ${bridgeOf('app')}`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /sends the packet for .* on by `eth0`/,
    cure: { on: 'node1' },
  },
  {
    name: 'a routing rule that prohibits',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity
        ip rule add from 172.30.0.0/24 to 192.168.1.0/24 prohibit priority 100`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 2 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-route',
    says: /routing rule/,
    cure: { on: 'node1', of: -1, afterwards: 'ip rule del priority 100' },
  },
  {
    name: 'answers by another link than the question came by',
    source: 'moby/moby#30302',
    make: {
      node1: `sysctl -w net.ipv4.conf.all.rp_filter=1
        docker network create --subnet 10.10.0.0/24 net-external
        docker run -d --name web --network net-external --ip 10.10.0.150 nginx
        iptables -I DOCKER-USER -d 10.10.0.0/24 -j ACCEPT
        docker network connect bridge web`,
      laptop: 'ip route add 10.10.0.0/24 via 192.168.1.11',
    },
    symptom: ['laptop', curl('http://10.10.0.150')],
    ask: { from: 'laptop', to: '10.10.0.150', port: 80 },
    code: 'reverse-path',
    says: /docker0/,
    cure: { on: 'node1' },
    undo: {
      node1:
        'sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.docker0.rp_filter=0; iptables -D DOCKER-USER -d 10.10.0.0/24 -j ACCEPT',
      laptop: 'ip route del 10.10.0.0/24',
    },
  },
  {
    name: 'a program that accepts no connections',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app
        docker run -d --name lazy --network app --ip 172.30.0.41 netshoot perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,6);setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1);bind(S,sockaddr_in(9001,INADDR_ANY))||die;listen(S,1);sleep 1e6'
        docker run -d --name api --network app netshoot sleep infinity; sleep 0.5
        docker run -d --name filler --network app netshoot sh -c 'for i in 1 2 3 4; do nc 172.30.0.41 9001 & done; sleep 1000'; sleep 1`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 2 172.30.0.41 9001'],
    ask: { from: 'api', to: 'lazy', port: 9001 },
    code: 'full-queue',
    cure: { on: 'node1', of: -1, afterwards: 'docker rm -f filler; docker restart -t 0 lazy; sleep 0.5' },
  },
  {
    name: 'a port of a bridge that is disabled',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        bridge link set dev ${vethOf('web')} state 0`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'bridge-port',
    says: /disabled/,
    cure: { on: 'node1' },
  },
  {
    name: 'a port of a bridge that is disabled, from outside',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        bridge link set dev ${vethOf('web')} state 0`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'bridge-port',
    cure: { on: 'node1' },
  },
  {
    name: 'two isolated ports of a bridge',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        bridge link set dev ${vethOf('web')} isolated on; bridge link set dev ${vethOf('api')} isolated on`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'bridge-port',
    says: /isolated/,
    cure: { on: 'node1' },
  },
  {
    name: 'a queueing discipline that drops all',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        tc qdisc replace dev ${vethOf('web')} root blackhole`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'discipline',
    cure: { on: 'node1' },
  },
  {
    name: 'another host answers for the whole LAN',
    make: {
      node1: 'docker run -d --name web -p 8080:80 nginx',
      node2:
        'sysctl -w net.ipv4.conf.eth0.proxy_arp_pvlan=1 net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.neigh.eth0.proxy_delay=0',
      laptop: 'ip neigh flush all',
    },
    symptom: ['laptop', `for i in 1 2 3 4 5 6; do ip neigh flush all; ${curl('http://192.168.1.11:8080')}; done`],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'proxy-arp',
    says: /node2.*node1/,
    cure: { on: 'node2' },
    undo: { node2: 'sysctl -w net.ipv4.conf.eth0.proxy_arp_pvlan=0 net.ipv4.conf.eth0.proxy_arp=0' },
  },
  {
    name: 'neighbour discovery that a rule drops',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 --ipv6 --subnet fd00:30::/64 app
        docker run -d --name web --network app --ip6 fd00:30::20 nginx
        docker run -d --name api --network app --ip6 fd00:30::10 netshoot sleep infinity; sleep 2
        ${inside('web')} ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j DROP
        ${inside('api')} ip -6 neigh flush dev eth0`,
    },
    symptom: ['node1', `docker exec api ${curl("'http://[fd00:30::20]'")}`],
    ask: { from: 'api', to: 'fd00:30::20', port: 80 },
    code: 'neighbour-blocked',
    cure: { on: 'node1' },
  },
  {
    name: 'a circle of routes',
    make: {
      node1: 'sysctl -w net.ipv4.ip_forward=1; ip route add 10.99.0.0/24 via 192.168.1.12; iptables -P FORWARD ACCEPT',
      node2: 'sysctl -w net.ipv4.ip_forward=1; ip route add 10.99.0.0/24 via 192.168.1.11; iptables -P FORWARD ACCEPT',
      laptop: 'ip route add 10.99.0.0/24 via 192.168.1.11',
    },
    symptom: ['laptop', 'ping -c 1 -W 2 10.99.0.5'],
    ask: { from: 'laptop', to: '10.99.0.5' },
    code: 'ttl-exceeded',
    says: /circle.*node1.*node2/,
    undo: {
      node1: 'ip route del 10.99.0.0/24; iptables -P FORWARD DROP',
      node2: 'ip route del 10.99.0.0/24; iptables -P FORWARD DROP',
      laptop: 'ip route del 10.99.0.0/24',
    },
  },
  {
    name: 'a rule that sets the TTL to 1',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        iptables -t mangle -A PREROUTING -i eth0 -p tcp --dport 8080 -j TTL --ttl-set 1`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'ttl-exceeded',
    evidence: /--ttl-set 1/,
    undo: { node1: 'iptables -t mangle -F PREROUTING' },
  },
  {
    name: 'a docker-proxy that was killed',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        pkill -x docker-proxy; sleep 1`,
    },
    symptom: ['node1', curl('http://127.0.0.1:8080')],
    ask: { from: 'node1', to: '127.0.0.1', port: 8080 },
    code: 'port-not-listening',
    says: /no program there listens/,
    cure: { on: 'node1', of: 1 },
  },
]

beforeAll(async () => {
  racks = await LocalRacks.start(testState)
  rack = await racks.open({
    hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
  })
  ground = new RackGround(racks, rack.id)
}, 120_000)
afterAll(async () => {
  await racks?.closeAll()
})

let undo: Record<string, string> = {}
afterEach(async () => {
  for (const [host, script] of Object.entries(undo)) await sh(host, script)
  undo = {}
  await sh(
    'node1',
    'docker ps -aq | xargs -r docker rm -f >/dev/null; docker network prune -f >/dev/null; ip neigh flush all',
  )
  await sh('laptop', 'ip neigh flush all')
}, 120_000)

describe('trouble of others', () => {
  it.each(cases)('$name', { timeout: 240_000 }, async (one) => {
    const { make, symptom, ask: asked, code, says, evidence, cure, shut } = one
    undo = one.undo ?? {}
    for (const [host, script] of Object.entries(make)) await sh(host, script)
    await vi.waitFor(async () => expect(await works(symptom)).toBe(false), { timeout: 10_000, interval: 300 })
    await sh('laptop', 'ip neigh flush all')
    const story = await ask(asked)
    const told = JSON.stringify(story, null, 1)
    expect(story.cause?.code, told).toBe(code)
    if (says) expect(story.cause!.what.en, told).toMatch(says)
    if (evidence) expect(story.cause!.evidence.join('\n'), told).toMatch(evidence)
    // The same fault, the same answer.
    const again = await ask(asked)
    expect(again.cause?.code, JSON.stringify(again, null, 1)).toBe(code)
    if (!cure) return
    const text = story.cause!.tries[cure.of === -1 ? 0 : (cure.of ?? 0)]?.en ?? ''
    if (cure.of !== -1) {
      const commands = commandsOf(text)
      expect(commands, told).not.toEqual([])
      for (const command of commands) {
        const whole = Object.entries(cure.instead ?? {}).reduce((line, [what, by]) => line.replace(what, by), command)
        await sh(cure.on, whole)
      }
    }
    if (cure.afterwards) await sh(cure.on, cure.afterwards)
    await vi.waitFor(async () => expect(await works(symptom), `${text}\n${told}`).toBe(true), {
      timeout: 20_000,
      interval: 500,
    })
    if (shut) expect(await works(shut), 'the cure opened more than it had to').toBe(false)
  })
})
