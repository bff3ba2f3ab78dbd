import { curl, type Incident, inside, unsaid, vethOf } from './incident.js'

/** Why netdiag does not know others. */
const onlyBlackhole = 'of queueing disciplines it knows `blackhole` alone'

/** Layer 2: links, bridges, MAC addresses and neighbours. */
export const links: readonly Incident[] = [
  {
    name: 'a container whose IPv6 was switched off',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 --ipv6 --subnet fd00:30::/64 app
        docker run -d --name web --network app --ip6 fd00:30::20 nginx; docker run -d --name api --network app netshoot sleep infinity
        sleep 2; ${inside('web')} sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 fd00:30::20 80'],
    ask: { from: 'api', to: 'fd00:30::20', port: 80 },
    code: 'ipv6-off',
    says: /`node1\/web`.*switched off/,
    diagnosis: { of: 'web' },
    cure: { on: 'node1' },
  },
  {
    name: 'a container that is set to answer no ARP',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.20 nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('web')} sysctl -qw net.ipv4.conf.all.arp_ignore=8; ${inside('web')} ip neigh flush all; ${inside('api')} ip neigh flush all`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 172.30.0.20 80'],
    ask: { from: 'api', to: '172.30.0.20', port: 80 },
    code: 'neighbour-blocked',
    says: /arp_ignore/,
    cure: { on: 'node1' },
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
    name: 'a link that is set to lose all packets',
    needs: ['unshare', '--net', '--', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem'],
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        tc qdisc add dev ${vethOf('web')} root netem loss 100%`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'discipline',
    says: /netem loss 100%/,
    netdiag: { beyond: onlyBlackhole },
    cure: { on: 'node1' },
  },
  {
    name: 'a queue that has room for no packet',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        tc qdisc replace dev ${vethOf('web')} root pfifo limit 0`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'discipline',
    says: /pfifo limit 0p/,
    netdiag: { beyond: onlyBlackhole },
    cure: { on: 'node1' },
  },
  {
    name: 'a container whose link is shaped, with a burst that is shorter than any packet',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('web')} tc qdisc add dev eth0 root tbf rate 1mbit burst 32 latency 400ms`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'discipline',
    says: /tbf burst 32b/,
    diagnosis: { of: 'web' },
    netdiag: { beyond: onlyBlackhole },
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
    diagnosis: { beyond: 'which of two answers comes first is not the same each time' },
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
    name: 'a link that is down in a container',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity; ${inside('web')} ip link set eth0 down`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'link-cut',
    says: /eth0/,
    cure: { on: 'node1' },
  },
  {
    name: 'docker0 is down',
    make: { node1: 'docker run -d --name app netshoot sleep infinity; ip link set docker0 down' },
    symptom: ['node1', 'docker exec app ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'app', to: 'laptop' },
    code: 'link-cut',
    says: /docker0/,
    cure: { on: 'node1' },
    undo: { node1: 'ip link set docker0 up' },
  },
  {
    name: 'a host and its macvlan container',
    make: {
      node1: `docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 mv
        docker run -d --name mac --network mv --ip 192.168.1.70 nginx`,
    },
    symptom: ['node1', curl('http://192.168.1.70')],
    ask: { from: 'node1', to: 'mac', port: 80 },
    code: 'macvlan-host-to-child',
    diagnosis: { of: 'mac' },
  },
  {
    name: 'a macvlan container and its host',
    make: {
      node1: `docker network create -d macvlan --subnet 192.168.1.0/24 --gateway 192.168.1.1 -o parent=eth0 mv
        docker run -d --name mac --network mv --ip 192.168.1.70 netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec mac ping -c 1 -W 1 192.168.1.11'],
    ask: { from: 'mac', to: 'node1' },
    code: 'macvlan-host-to-child',
  },
  {
    name: 'a container without a network',
    make: {
      node1: `docker network create app; docker run -d --name lone --network none busybox sleep infinity
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec lone ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'lone', to: 'laptop' },
    code: 'none-network',
  },
  {
    name: 'a narrower LAN link',
    make: {
      node1: 'docker network create app; docker run -d --name api --network app netshoot sleep infinity',
      laptop: 'ip link set eth0 mtu 1300',
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 -M do -s 1472 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'mtu-too-large',
    says: /1300/,
    undo: { laptop: 'ip link set eth0 mtu 1500' },
  },
  {
    name: 'an address that nobody has',
    make: {
      node1:
        'docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity',
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 172.30.0.77'],
    ask: { from: 'api', to: '172.30.0.77' },
    code: 'no-such-address',
    diagnosis: { beyond: unsaid },
  },
  {
    name: 'a link that is no port of its bridge any more',
    source: 'moby/moby#26492',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        ip link set ${vethOf('web')} nomaster`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'bridge-port',
    says: /no port of the bridge/,
    cure: { on: 'node1' },
  },
  {
    name: 'a container that has lost the address that the Engine gave it',
    source: 'moby/moby#23407',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('web')} ip addr flush dev eth0`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'no-such-address',
    says: /the Engine gave it to `web`/,
    diagnosis: { of: 'web', as: ['no-route', 'no-such-address'] },
    cure: { on: 'node1' },
  },
  {
    name: 'a container that has lost its address, and one that shares its network',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        docker run -d --name api --network app netshoot sleep infinity
        docker run -d --name tools --stop-timeout 1 --network container:web netshoot sleep infinity
        ${inside('web')} ip addr flush dev eth0`,
    },
    // A restart of web alone would leave tools without a network.
    symptom: ['node1', `docker exec api ${curl('http://web')} && docker exec tools nc -z -w 1 web 80`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'no-such-address',
    says: /the Engine gave it to `web`/,
    diagnosis: { of: 'web', as: ['no-route', 'no-such-address'] },
    cure: { on: 'node1' },
  },
  {
    name: 'a container whose link somebody took away',
    source: 'mniedermaier/CybICS#224',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        ip link del ${vethOf('web')}`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'no-such-address',
    says: /the Engine gave it to `web`/,
    cure: { on: 'node1' },
  },
  {
    name: 'a network whose bridge was made without an address',
    make: {
      node1: `docker network create -o com.docker.network.bridge.inhibit_ipv4=true app
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-such-address',
    says: /inhibit_ipv4=true/,
    netdiag: { as: ['astray'] },
  },
  {
    name: 'a container whose link is set to use no ARP',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('web')} ip link set eth0 arp off`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'neighbour-blocked',
    evidence: /NOARP/,
    netdiag: { beyond: 'it reads no flags of links' },
    cure: { on: 'node1' },
  },
  {
    name: 'a bridge that somebody deleted',
    make: { node1: 'docker run -d --restart always --name api netshoot sleep infinity; ip link del docker0' },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'bridge-port',
    says: /is gone from `node1`/,
    netdiag: { as: ['astray'] },
    cure: { on: 'node1' },
    undo: { node1: 'systemctl restart docker' },
  },
]
