import { curl, type Incident, inside, unsaid } from './incident.js'

/** Names that lead nowhere, or to another one. */
export const names: readonly Incident[] = [
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
      "for i in 1 2 3 4 5 6 7 8 9 10; do docker exec app sh -c 'nc -z -w 1 $(dig +short db | head -1) 6379'; done",
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
    name: 'an alias whose only container has ended',
    make: {
      node1: `docker network create app
        docker run -d --name back --network app --network-alias svc nginx; docker stop -t 0 back
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', `docker exec api ${curl('http://svc')}`],
    ask: { from: 'api', to: 'svc', port: 80 },
    code: 'not-running',
    diagnosis: { of: 'back' },
    cure: { on: 'node1' },
  },
  {
    name: 'a name on the default bridge',
    make: {
      node1: 'docker run -d --name one busybox sleep infinity; docker run -d --name two busybox sleep infinity',
    },
    symptom: ['node1', 'docker exec one ping -c 1 -W 1 two'],
    ask: { from: 'one', to: 'two' },
    code: 'name-on-default-bridge',
    cure: { on: 'node1' },
  },
  {
    name: 'a name of a container on another network',
    make: {
      node1: `docker network create app; docker network create other
        docker run -d --name api --network app netshoot sleep infinity; docker run -d --name db --network other redis`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 db 6379'],
    ask: { from: 'api', to: 'db', port: 6379 },
    code: 'no-common-network',
    cure: { on: 'node1' },
  },
  {
    name: 'a name that nobody has',
    make: { node1: 'docker network create app; docker run -d --name api --network app netshoot sleep infinity' },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 shop'],
    ask: { from: 'api', to: 'shop' },
    code: 'unknown-name',
    diagnosis: { beyond: unsaid },
  },
  {
    name: 'a DNS server that is none, for names of the world',
    make: {
      node1: `docker network create app
        docker run -d --name api --network app --dns 192.168.1.50 netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 intranet.example.com'],
    ask: { from: 'api', to: 'intranet.example.com' },
    code: 'unknown-name',
    says: /192\.168\.1\.50/,
  },
  {
    name: 'an address of the internet, from a rack that has none',
    make: { node1: 'docker network create app; docker run -d --name api --network app netshoot sleep infinity' },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 8.8.8.8'],
    ask: { from: 'api', to: '8.8.8.8' },
    code: 'offline',
    evidence: /default via 192\.168\.1\.1 /,
  },
  {
    name: 'a name of the internet, from a rack that has none',
    make: { node1: 'docker network create app; docker run -d --name api --network app netshoot sleep infinity' },
    symptom: ['node1', `docker exec api ${curl('http://deb.debian.org')}`],
    ask: { from: 'api', to: 'deb.debian.org', port: 80 },
    code: 'offline',
    evidence: /192\.168\.1\.1/,
  },
  {
    name: 'a container that was made and never started',
    make: {
      node1: `docker network create app; docker create --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'not-running',
    diagnosis: { of: 'web' },
    cure: { on: 'node1' },
  },
  {
    name: 'a container that ends as soon as it starts',
    make: {
      node1: `docker network create app; docker run -d --restart always --name web --network app busybox false
        docker run -d --name api --network app netshoot sleep infinity
        for n in $(seq 100); do [ "$(docker inspect -f '{{.RestartCount}}' web)" -ge 3 ] && break; sleep 0.1; done`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'not-running',
    diagnosis: { of: 'web' },
  },
  {
    name: 'a line in the hosts file that is out of date',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name db --network app redis
        docker run -d --name api --network app --add-host db:172.30.0.99 netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 db 6379'],
    ask: { from: 'api', to: 'db', port: 6379 },
    code: 'hosts-entry',
    says: /172\.30\.0\.99/,
  },
  {
    name: 'a container whose own rules were flushed, and with them the way to its DNS server',
    source: 'moby/libnetwork#1938',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('api')} iptables -t nat -F`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'unknown-name',
    says: /somebody has flushed them/,
    cure: { on: 'node1' },
  },
  {
    name: 'the name that Docker Desktop has for its host, on Linux',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        docker run -d --name web -p 8080:80 nginx`,
    },
    symptom: ['node1', `docker exec api ${curl('http://host.docker.internal:8080')}`],
    ask: { from: 'api', to: 'host.docker.internal', port: 8080 },
    code: 'unknown-name',
    says: /Docker Desktop makes/,
    diagnosis: { beyond: unsaid },
    cure: {
      on: 'node1',
      of: -1,
      afterwards: `docker rm -f api
        docker run -d --name api --network app --add-host host.docker.internal:host-gateway netshoot sleep infinity`,
    },
  },
  {
    name: 'a resolv.conf that somebody wrote into a container',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app nginx; docker run -d --name api --network app netshoot sleep infinity
        docker exec api sh -c 'echo nameserver 127.0.0.1 > /etc/resolv.conf'`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'unknown-name',
    says: /does not ask the embedded DNS server/,
    cure: { on: 'node1' },
  },
  {
    name: 'a name that the container itself does not have',
    make: {
      node1: `docker network create app; docker run -d --name shop-db-1 --network app redis
        docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 db 6379'],
    ask: { from: 'api', to: 'db', port: 6379 },
    code: 'unknown-name',
    diagnosis: { beyond: unsaid },
  },
]
