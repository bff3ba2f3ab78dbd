import { curl, type Incident, inside, unsaid, vethOf } from './incident.js'

/** Ports: published, listened on, and not. */
export const ports: readonly Incident[] = [
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
    name: 'a docker-proxy that was killed',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        pkill -x docker-proxy; sleep 1`,
    },
    symptom: ['node1', curl('http://127.0.0.1:8080')],
    ask: { from: 'node1', to: '127.0.0.1', port: 8080 },
    code: 'port-not-listening',
    diagnosis: { of: 'web' },
    says: /no program there listens/,
    cure: { on: 'node1', of: 1 },
  },
  {
    name: 'a program that listens on the loopback alone',
    make: {
      node1: `docker network create app; docker run -d --name cache --network app redis redis-server --bind 127.0.0.1
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 cache 6379'],
    ask: { from: 'api', to: 'cache', port: 6379 },
    code: 'listening-on-loopback',
    diagnosis: { of: 'cache' },
  },
  {
    name: 'published on the loopback of the host alone',
    make: { node1: 'docker run -d --name web -p 127.0.0.1:8081:80 nginx' },
    symptom: ['laptop', curl('http://192.168.1.11:8081')],
    ask: { from: 'laptop', to: 'node1', port: 8081 },
    code: 'published-elsewhere',
  },
  {
    name: 'a program that listens by IPv6 alone',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app netshoot socat TCP6-LISTEN:80,ipv6only=1,fork,reuseaddr PIPE
        docker run -d --name api --network app netshoot sleep infinity; sleep 0.5`,
    },
    symptom: ['node1', 'docker exec api nc -4 -z -w 1 web 80'],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'port-not-listening',
    diagnosis: { of: 'web' },
    says: /\[?::\]?/,
  },
  {
    name: 'a program that listens on its address of another network',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker network create --subnet 172.31.0.0/24 other
        docker run -d --name web --network app --ip 172.30.0.20 netshoot sleep infinity
        docker network connect --ip 172.31.0.20 other web
        docker exec -d web socat TCP-LISTEN:80,bind=172.31.0.20,fork,reuseaddr PIPE
        docker run -d --name api --network app netshoot sleep infinity; sleep 0.5`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 web 80'],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'port-not-listening',
    diagnosis: { of: 'web' },
    says: /172\.31\.0\.20/,
  },
  {
    name: 'a program that listens by IPv4 alone, asked by IPv6',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 --ipv6 --subnet fd00:30::/64 app
        docker run -d --name web --network app --ip6 fd00:30::20 netshoot socat TCP4-LISTEN:80,fork,reuseaddr PIPE
        docker run -d --name api --network app netshoot sleep infinity; sleep 2`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 fd00:30::20 80'],
    ask: { from: 'api', to: 'fd00:30::20', port: 80 },
    code: 'port-not-listening',
    diagnosis: { of: 'web' },
    says: /0\.0\.0\.0/,
  },
  {
    name: 'a port of UDP, asked by TCP',
    make: {
      node1: `docker network create app; docker run -d --name web --network app netshoot socat UDP-LISTEN:5353,fork PIPE
        docker run -d --name api --network app netshoot sleep infinity; sleep 0.5`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 web 5353'],
    ask: { from: 'api', to: 'web', port: 5353 },
    code: 'port-not-listening',
    diagnosis: { beyond: unsaid },
    says: /udp/i,
  },
  {
    name: 'localhost in a container, for what another container has',
    make: {
      node1: `docker network create app; docker run -d --name db --network app -p 5432:6379 redis
        docker run -d --name api --network app netshoot sleep infinity; sleep 0.5`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 localhost 5432'],
    ask: { from: 'api', to: '127.0.0.1', port: 5432 },
    code: 'port-not-listening',
    says: /is the loopback of `node1\/api` itself/,
    diagnosis: { beyond: unsaid },
  },
  {
    name: 'localhost by IPv6, and a program of IPv4',
    source: 'dsgnr/portchecker.io#362',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app netshoot socat TCP4-LISTEN:80,fork,reuseaddr PIPE; sleep 0.5`,
    },
    symptom: ['node1', 'docker exec web nc -6 -z -w 1 localhost 80'],
    ask: { from: 'web', to: 'localhost', port: 80 },
    code: 'port-not-listening',
    says: /open at `0\.0\.0\.0` there, not at `::1`/,
    diagnosis: {
      beyond: 'whether a program is asked at its own loopback, and by which family, is none of its questions',
    },
  },
  {
    name: 'a port that is published for UDP alone',
    make: { node1: 'docker run -d --name web -p 8080:80/udp nginx' },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'port-not-listening',
    says: /open for udp/,
    cure: { on: 'node1', of: -1, afterwards: 'docker rm -f web; docker run -d --name web -p 8080:80 nginx' },
  },
  {
    name: 'a port that a container has and nobody has published',
    make: { node1: 'docker run -d --name web nginx' },
    symptom: ['laptop', curl('http://192.168.1.11')],
    ask: { from: 'laptop', to: 'node1', port: 80 },
    code: 'port-not-listening',
    diagnosis: { beyond: 'it tells that nothing is published, which need be no fault' },
    cure: { on: 'node1', of: -1, afterwards: 'docker rm -f web; docker run -d --name web -p 80:80 nginx' },
  },
  {
    name: 'a port that is published on another host',
    make: { node1: 'docker run -d --name web -p 8080:80 nginx' },
    symptom: ['laptop', curl('http://192.168.1.12:8080')],
    ask: { from: 'laptop', to: 'node2', port: 8080 },
    code: 'port-not-listening',
    diagnosis: { beyond: 'the container is as it should be: another host was asked' },
  },
  {
    name: 'a network whose ports are published on the loopback',
    make: {
      node1: `docker network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 app
        docker run -d --name web --network app -p 8080:80 nginx`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'published-elsewhere',
    cure: {
      on: 'node1',
      of: -1,
      afterwards: 'docker rm -f web; docker run -d --name web --network app -p 192.168.1.11:8080:80 nginx',
    },
  },
  {
    name: 'a rule that leads all of a port to a proxy that does not run',
    source: 'ysbaddaden/prax#102',
    make: {
      laptop: 'socat TCP-LISTEN:80,fork,reuseaddr PIPE > /dev/null 2>&1 & sleep 0.3',
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 3128`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 192.168.1.50 80'],
    ask: { from: 'api', to: 'laptop', port: 80 },
    code: 'port-not-listening',
    says: /a rule of NAT leads such packets to `node1` itself/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
    undo: {
      laptop: 'pkill socat',
      node1: `iptables -t nat -D PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 3128
        iptables -t nat -S PREROUTING | grep -- '-j RETURN' | sed 's/^-A/iptables -t nat -D/' | sh`,
    },
  },
  {
    name: 'localhost of the host, where no docker-proxy runs and loopback addresses are kept in',
    make: {
      node1: `mkdir -p /etc/docker; echo '{"userland-proxy": false}' > /etc/docker/daemon.json; systemctl restart docker
        docker run -d --name web -p 8080:80 nginx
        sysctl -qw net.ipv4.conf.docker0.route_localnet=0`,
    },
    symptom: ['node1', curl('http://127.0.0.1:8080')],
    ask: { from: 'node1', to: '127.0.0.1', port: 8080 },
    code: 'loopback-kept-in',
    cure: { on: 'node1' },
    undo: { node1: 'rm -f /etc/docker/daemon.json; systemctl restart docker' },
  },
  {
    name: "a container and the port that it publishes itself, where no docker-proxy runs and its bridge's port has no hairpin mode",
    make: {
      node1: `mkdir -p /etc/docker; echo '{"userland-proxy": false}' > /etc/docker/daemon.json; systemctl restart docker
        docker run -d --name web -p 8080:80 nginx
        bridge link set dev ${vethOf('web')} hairpin off`,
    },
    symptom: ['node1', `docker exec web ${curl('http://192.168.1.11:8080')}`],
    ask: { from: 'web', to: 'node1', port: 8080 },
    code: 'bridge-port',
    says: /hairpin mode is off/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
    undo: { node1: 'rm -f /etc/docker/daemon.json; systemctl restart docker' },
  },
  {
    name: 'a rule in a container that leads all it asks to a proxy beside it, which does not run',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app nginx; docker run -d --name api --network app netshoot sleep infinity
        ${inside('api')} iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'port-not-listening',
    says: /a rule of NAT leads such packets/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
  },
  {
    name: "a program at all addresses that answers a datagram from the bridge's",
    source: 'moby/moby#15127',
    make: {
      node1: `docker run -d --name stats --network host netshoot socat UDP4-RECVFROM:5151,fork SYSTEM:'read x; echo pong'
        docker run -d --name app netshoot sleep infinity; sleep 1`,
    },
    symptom: ['node1', `docker exec app sh -c 'echo ping | nc -u -w 1 192.168.1.11 5151 | grep pong'`],
    ask: { from: 'app', to: '192.168.1.11', port: 5151, protocol: 'udp' },
    code: 'untranslated-answer',
    says: /nothing was translated/,
    diagnosis: { beyond: unsaid },
  },
]
