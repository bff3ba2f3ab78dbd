import { curl, type Incident, inside } from './incident.js'

/** What programs say over a connection that comes about, and whom they connect to themselves. */

/** nginx in `front` passes all on to `http://api:80`; the name is looked up when it starts. */
const front = `docker run -d --name front --network app --ip 172.30.0.5 -p 8080:80 nginx sh -c 'echo "server { listen 80; location / { proxy_pass http://api:80; proxy_connect_timeout 30s; } }" > /etc/nginx/conf.d/default.conf; exec nginx -g "daemon off;"'
  for i in 1 2 3 4 5 6 7 8 9; do curl -fsS -o /dev/null -m 1 http://127.0.0.1:8080 && break; sleep 0.3; done`

const network = 'docker network create --subnet 172.30.0.0/24 app'
const http = { speaks: { as: 'http' } } as const
const asker = 'docker run -d --name api --network app netshoot sleep infinity; sleep 0.7'

export const programs: readonly Incident[] = [
  {
    name: 'a proxy that keeps the address that its upstream had, which is now of another container',
    source: 'medic/cht-core#8205',
    make: {
      node1: `${network}; docker run -d --name api --network app nginx
        ${front}
        docker stop -t 0 api; docker run -d --name squatter --network app redis; docker start api; sleep 0.5`,
    },
    symptom: ['laptop', 'curl -fsS -o /dev/null -m 1 http://192.168.1.11:8080'],
    ask: { from: 'laptop', to: 'node1', port: 8080, ...http },
    code: 'kept-address',
    says: /`node1\/squatter`.*`api`/,
    evidence: /proxy_pass http:\/\/api:80/,
    diagnosis: { of: 'front' },
    cure: { on: 'node1' },
  },
  {
    name: 'a proxy that keeps an address that nobody has any more',
    source: 'langgenius/dify#40448',
    make: {
      node1: `${network}; docker run -d --name api --network app --ip 172.30.0.20 nginx
        ${front}
        docker network disconnect app api; docker network connect --ip 172.30.0.21 app api`,
    },
    symptom: ['laptop', 'curl -fsS -o /dev/null -m 1 http://192.168.1.11:8080'],
    ask: { from: 'laptop', to: 'node1', port: 8080, ...http },
    code: 'kept-address',
    says: /nobody has.*`api`/,
    diagnosis: { of: 'front' },
    cure: { on: 'node1' },
  },
  {
    name: 'a proxy whose requests come to the wrong container, which answers',
    make: {
      node1: `${network}; docker run -d --name api --network app --ip 172.30.0.20 nginx sh -c 'echo API > /usr/share/nginx/html/index.html; exec nginx -g "daemon off;"'
        ${front}
        docker network disconnect app api; docker run -d --name other --network app --ip 172.30.0.20 nginx
        docker network connect --ip 172.30.0.21 app api; sleep 0.5`,
    },
    symptom: ['laptop', 'curl -sS -m 1 http://192.168.1.11:8080 | grep -q API'],
    ask: { from: 'laptop', to: 'node1', port: 8080, ...http },
    code: 'kept-address',
    says: /`node1\/other`/,
    diagnosis: { of: 'front' },
    cure: { on: 'node1' },
  },
  {
    name: 'a proxy whose upstream runs, and does not listen',
    make: {
      node1: `${network}; docker run -d --name api --network app --ip 172.30.0.20 netshoot sleep infinity
        ${front}`,
    },
    symptom: ['laptop', 'curl -fsS -o /dev/null -m 1 http://192.168.1.11:8080'],
    ask: { from: 'laptop', to: 'node1', port: 8080, ...http },
    code: 'port-not-listening',
    says: /node1\/api/,
    diagnosis: { of: 'front', beyond: 'it does not know whom a proxy passes requests on to' },
    cure: {
      on: 'node1',
      of: -1,
      afterwards: 'docker exec -d api socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:"echo HTTP/1.0 200 ok; echo"',
    },
  },
  {
    name: 'a proxy whose upstream is behind a rule',
    make: {
      node1: `${network}; docker run -d --name api --network app --ip 172.30.0.20 nginx
        ${front}
        ${inside('api')} iptables -A INPUT -p tcp --dport 80 -j DROP`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080, ...http },
    code: 'rule-drop',
    evidence: /node1\/api: .*-j DROP/,
    diagnosis: { of: 'api' },
    cure: { on: 'node1' },
  },
  {
    name: 'a program that takes connections and never answers',
    make: {
      node1: `${network}; docker run -d --name mute --network app --ip 172.30.0.20 netshoot socat TCP-LISTEN:80,fork,reuseaddr EXEC:'sleep 1000'
        ${asker}`,
    },
    symptom: ['node1', `docker exec api ${curl('http://mute')}`],
    ask: { from: 'api', to: 'mute', port: 80, ...http },
    code: 'no-reply',
  },
  {
    name: 'a router that drops what is INVALID, and sees one direction alone',
    make: {
      node1: `${network}; docker run -d --name web --network app --ip 172.30.0.20 nginx
        iptables -I DOCKER-USER -d 172.30.0.20 -j ACCEPT`,
      node2: `sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 net.ipv4.ip_forward=1
        ip route add 172.30.0.0/24 via 192.168.1.11; iptables -I DOCKER-USER -d 172.30.0.20 -j ACCEPT
        iptables -I FORWARD -m conntrack --ctstate INVALID -j DROP`,
      laptop: 'ip route add 172.30.0.20 via 192.168.1.12',
    },
    symptom: ['laptop', curl('http://172.30.0.20')],
    ask: { from: 'laptop', to: 'node1/web', port: 80, ...http },
    code: 'one-way-tracking',
    says: /`node2` sees only one direction/,
    evidence: /ctstate INVALID -j DROP/,
    diagnosis: { of: 'web' },
    cure: { on: 'node2' },
    undo: {
      laptop: 'ip route del 172.30.0.20',
      node2:
        'iptables -F FORWARD; systemctl restart docker; ip route del 172.30.0.0/24; iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN; sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.eth0.send_redirects=1',
      node1: 'iptables -D DOCKER-USER -d 172.30.0.20 -j ACCEPT',
    },
  },
  {
    name: 'HTTP asked of a port of TLS',
    make: {
      node1: `${network}; docker run -d --name web --network app --ip 172.30.0.20 netshoot sh -c 'openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/k -out /tmp/c -subj /CN=web -days 9; exec openssl s_server -accept 443 -key /tmp/k -cert /tmp/c -www'
        ${asker}
        for i in 1 2 3 4 5 6 7 8 9; do docker exec api nc -z web 443 && break; sleep 0.3; done`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web:443')}`],
    ask: { from: 'api', to: 'web', port: 443, ...http },
    code: 'wrong-protocol',
    says: /TLS/,
  },
  {
    name: 'TLS asked of a port of HTTP',
    make: { node1: `${network}; docker run -d --name web --network app nginx; ${asker}` },
    symptom: ['node1', `docker exec api ${curl('-k https://web:80')}`],
    ask: { from: 'api', to: 'web', port: 80, speaks: { as: 'tls' } },
    code: 'wrong-protocol',
    says: /HTTP/,
  },
  {
    name: 'HTTP asked of a port of Redis',
    make: { node1: `docker run -d --name cache -p 8080:6379 redis; sleep 0.7` },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080, ...http },
    code: 'wrong-protocol',
  },
  {
    name: 'HTTP asked of a port of SSH',
    make: {
      node1: `${network}; docker run -d --name box --network app netshoot socat TCP-LISTEN:22,fork,reuseaddr SYSTEM:'echo SSH-2.0-OpenSSH_9.2; sleep 5'
        ${asker}`,
    },
    symptom: ['node1', `docker exec api ${curl('http://box:22')}`],
    ask: { from: 'api', to: 'box', port: 22, ...http },
    code: 'wrong-protocol',
    says: /SSH/,
  },
]
