import { bridgeOf, curl, type Incident, inside, ofHost, unsaid } from './incident.js'

/** Layer 3: routes, subnets, forwarding. */
export const routes: readonly Incident[] = [
  {
    name: 'a Docker subnet that hides a network of others',
    source: 'bitwarden/server#947',
    make: {
      laptop: 'ip addr add 172.28.5.20/32 dev lo',
      node1: `ip route replace default via 192.168.1.50
        docker run -d --name app netshoot sleep infinity
        docker network create --subnet 172.28.0.0/16 stack`,
    },
    symptom: ['node1', 'docker exec app ping -c 1 -W 1 172.28.5.20'],
    ask: { from: 'app', to: '172.28.5.20' },
    code: 'hidden-by-subnet',
    diagnosis: { beyond: unsaid },
    says: /`stack`.*`laptop` has it/,
    cure: { on: 'node1', instead: { '--subnet …': '--subnet 10.77.0.0/24' } },
    undo: { laptop: 'ip addr del 172.28.5.20/32 dev lo', node1: 'ip route replace default via 192.168.1.1' },
  },
  {
    name: 'a subnet within the LAN',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        docker network create --subnet 192.168.1.48/28 clash`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'hidden-by-subnet',
    cure: { on: 'node1', instead: { '--subnet …': '--subnet 10.77.0.0/24' } },
  },
  {
    name: 'the address of the bridge is gone',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app -p 8080:80 nginx
        ip addr del 172.30.0.1/24 dev ${bridgeOf('app')}`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'astray',
    diagnosis: { also: ['no-such-address'] },
    says: /sends what is for .* on by `eth0`/,
    cure: { on: 'node1' },
  },
  {
    name: 'a routing rule that prohibits',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity
        ip rule add from 172.30.0.0/24 to 192.168.1.0/24 prohibit priority 100`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
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
    diagnosis: { beyond: 'what others ask of an address that is not published is none of its questions' },
    says: /docker0/,
    cure: { on: 'node1' },
    undo: {
      node1:
        'sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.docker0.rp_filter=0; iptables -D DOCKER-USER -d 10.10.0.0/24 -j ACCEPT',
      laptop: 'ip route del 10.10.0.0/24',
    },
  },
  {
    name: 'a circle of routes',
    make: {
      node1: 'sysctl -w net.ipv4.ip_forward=1; ip route add 10.99.0.0/24 via 192.168.1.12; iptables -P FORWARD ACCEPT',
      node2: 'sysctl -w net.ipv4.ip_forward=1; ip route add 10.99.0.0/24 via 192.168.1.11; iptables -P FORWARD ACCEPT',
      laptop: 'ip route add 10.99.0.0/24 via 192.168.1.11',
    },
    symptom: ['laptop', 'ping -c 1 -W 1 10.99.0.5'],
    ask: { from: 'laptop', to: '10.99.0.5' },
    code: 'ttl-exceeded',
    diagnosis: { beyond: ofHost },
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
    name: 'a gateway that nobody is',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity
        ${inside('api')} ip route replace default via 172.30.0.99`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'wrong-gateway',
    cure: { on: 'node1' },
  },
  {
    name: 'no default route in the one that is asked',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app -p 8080:80 nginx
        ${inside('web')} ip route del default`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'no-route-back',
    diagnosis: { as: ['no-route'] },
    cure: { on: 'node1' },
  },
  {
    name: 'a mask that is too narrow',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.20 nginx
        docker run -d --name api --network app --ip 172.30.0.10 netshoot sleep infinity
        ${inside('web')} ip addr del 172.30.0.20/24 dev eth0; ${inside('web')} ip addr add 172.30.0.20/30 dev eth0`,
    },
    symptom: ['node1', `docker exec api ${curl('http://172.30.0.20')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'no-route-back',
  },
  {
    name: 'a route without a gateway to the network of another host',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.20 nginx
        iptables -I DOCKER-USER -d 172.30.0.0/24 -j ACCEPT`,
      laptop: 'ip route add 172.30.0.0/24 dev eth0',
    },
    symptom: ['laptop', curl('http://172.30.0.20')],
    ask: { from: 'laptop', to: '172.30.0.20', port: 80 },
    code: 'not-on-link',
    says: /its route says so.*`node1\/web` does/,
    cure: { on: 'laptop' },
    undo: {
      laptop: 'ip route flush 172.30.0.0/24',
      node1: 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN',
    },
  },
  {
    name: 'a Docker network that is cut out of the LAN, asked from the LAN',
    make: {
      node1: `docker network create --subnet 192.168.1.192/27 cut; docker run -d --name web --network cut --ip 192.168.1.200 nginx
        iptables -I DOCKER-USER -d 192.168.1.192/27 -j ACCEPT`,
    },
    symptom: ['laptop', curl('http://192.168.1.200')],
    ask: { from: 'laptop', to: '192.168.1.200', port: 80 },
    code: 'not-on-link',
    says: /its own address there is `192\.168\.1\.50\/24`.*`node1\/web` does/,
    cure: { on: 'laptop' },
    undo: {
      laptop: 'ip route flush 192.168.1.200/32',
      node1: 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN',
    },
  },
  {
    name: 'a mark that leads one port to a gateway that nobody is any more',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity
        iptables -t mangle -A PREROUTING -s 172.30.0.0/24 -p tcp --dport 6443 -j MARK --set-mark 0x1bb
        ip rule add fwmark 0x1bb lookup 100 priority 900; ip route add default via 192.168.1.60 table 100`,
      laptop: 'setsid socat TCP-LISTEN:6443,fork,reuseaddr PIPE </dev/null >/dev/null 2>&1 &',
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 192.168.1.50 6443'],
    ask: { from: 'api', to: 'laptop', port: 6443 },
    code: 'no-such-address',
    says: /`192\.168\.1\.60`.*routing rule/,
    evidence: /fwmark 0x1bb lookup 100/,
    diagnosis: { beyond: unsaid },
    netdiag: { beyond: 'it asks for no port of other machines' },
    undo: {
      node1: 'iptables -t mangle -F PREROUTING; ip rule del priority 900; ip route flush table 100',
      laptop: 'pkill socat',
    },
  },
  {
    name: 'of two rules that share a port out, one whose container is gone',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.11 nginx
        iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -m statistic --mode nth --every 1000 --packet 999 -j DNAT --to-destination 172.30.0.11:80
        iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.12:80
        iptables -I DOCKER-USER -i eth0 -d 172.30.0.0/24 -j ACCEPT`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'no-such-address',
    says: /`172\.30\.0\.12`.*a rule of NAT leads it there/,
    evidence: /-A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172\.30\.0\.12:80/,
    diagnosis: { beyond: 'it publishes no port: what rules of others lead to is none of its questions' },
    netdiag: { beyond: 'it publishes no port: what rules of others lead to is none of its questions' },
    undo: {
      node1: `iptables -t nat -D PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.12:80
        iptables -t nat -D PREROUTING -i eth0 -p tcp --dport 8080 -m statistic --mode nth --every 1000 --packet 999 -j DNAT --to-destination 172.30.0.11:80
        iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN`,
    },
  },
  {
    name: 'forwarding is off',
    make: { node1: 'docker run -d --name web -p 8080:80 nginx; sysctl -w net.ipv4.ip_forward=0' },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'forwarding-off',
    cure: { on: 'node1' },
    undo: { node1: 'sysctl -w net.ipv4.ip_forward=1' },
  },
  {
    name: 'forwarding is off at one link',
    make: { node1: 'docker run -d --name web -p 8080:80 nginx; sysctl -w net.ipv4.conf.eth0.forwarding=0' },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'forwarding-off',
    says: /eth0/,
    cure: { on: 'node1' },
    undo: { node1: 'sysctl -w net.ipv4.conf.eth0.forwarding=1' },
  },
  {
    name: 'a blackhole route',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        ip route add blackhole 192.168.1.50/32`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-route',
    says: /blackhole/,
    undo: { node1: 'ip route del blackhole 192.168.1.50/32' },
  },
  {
    name: 'an unreachable route in a container',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        ${inside('api')} ip route add unreachable 192.168.1.50/32`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-route',
    says: /unreachable/,
  },
  {
    name: 'an internal network and the LAN',
    make: {
      node1:
        'docker network create --internal inner; docker run -d --name shut --network inner netshoot sleep infinity',
    },
    symptom: ['node1', 'docker exec shut ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'shut', to: 'laptop' },
    code: 'internal-network',
  },
  {
    name: 'an address of a network that one is not on',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker network create --subnet 172.31.0.0/24 other
        docker run -d --name api --network app netshoot sleep infinity; docker run -d --name db --network other --ip 172.31.0.10 redis`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 db 6379'],
    ask: { from: 'api', to: '172.31.0.10', port: 6379 },
    code: 'isolated-bridges',
    cure: { on: 'node1' },
  },
  {
    name: 'a route to containers by the wrong host',
    make: {
      node1:
        'docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.20 nginx',
      laptop: 'ip route add 172.30.0.0/24 via 192.168.1.12',
    },
    symptom: ['laptop', curl('http://172.30.0.20')],
    ask: { from: 'laptop', to: '172.30.0.20', port: 80 },
    code: 'rule-drop',
    diagnosis: { beyond: unsaid },
    says: /neither `node2`/,
    undo: { laptop: 'ip route del 172.30.0.0/24' },
  },
  {
    name: 'a tunnel with a longer route than a network of Docker',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.20 -p 8080:80 nginx
        ip link add tun0 type bridge; ip link set tun0 up; ip route add 172.30.0.0/25 dev tun0`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'astray',
    says: /by `tun0`/,
    cure: { on: 'node1' },
    undo: { node1: 'ip link del tun0' },
  },
  {
    name: 'the same tunnel, and answers to a container',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app --ip 172.30.0.10 netshoot sleep infinity
        ip link add tun0 type bridge; ip link set tun0 up; ip route add 172.30.0.0/25 dev tun0`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'astray',
    says: /answer could not come back.*by `tun0`/,
    cure: { on: 'node1' },
    undo: { node1: 'ip link del tun0' },
  },
  {
    name: 'a routing rule of a VPN, whose table has the LAN',
    source: 'tailscale/tailscale#1164',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        ip link add ts0 type bridge; ip link set ts0 up; ip route add 192.168.1.0/24 dev ts0 table 52
        ip rule add priority 5270 lookup 52`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'astray',
    evidence: /lookup 52/,
    diagnosis: { beyond: 'it says that the fault is not in the container: its host reaches nobody either' },
    cure: { on: 'node1' },
    undo: { node1: 'ip rule del priority 5270; ip rule del priority 5269; ip link del ts0' },
  },
  {
    name: 'a container of a VPN whose answers go into the tunnel',
    source: 'passteque/gluetun#37',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        for each in 'link add tun0 type bridge' 'link set tun0 up' 'addr add 10.64.0.2/32 dev tun0' 'route replace default dev tun0'
        do ${inside('web')} ip $each; done`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'astray',
    says: /by `tun0`/,
    netdiag: { beyond: "it takes the container's own routes as they are: a tunnel of its own may be meant" },
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec web ping -c 1 -W 1 192.168.1.12'],
  },
  {
    name: 'a link that was taken down and up, and the default route that went with it',
    source: 'moby/moby#18081',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        ${inside('api')} ip link set eth0 down; ${inside('api')} ip link set eth0 up; sleep 1`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-route',
    cure: { on: 'node1' },
  },
  {
    name: 'a source address that a rule gives and nobody has',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity
        iptables -t nat -I POSTROUTING -s 172.30.0.0/24 -o eth0 -j SNAT --to-source 192.168.1.99`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-route-back',
    says: /192\.168\.1\.99.*nobody has that address/,
    netdiag: { beyond: 'it looks whether sources are translated, and not to which address' },
    cure: { on: 'node1' },
    undo: {
      node1: `iptables -t nat -D POSTROUTING -s 172.30.0.0/24 -o eth0 -j SNAT --to-source 192.168.1.99
        iptables -t nat -S POSTROUTING | grep -- '-o eth0 -j MASQUERADE' | sed 's/^-A/iptables -t nat -D/' | sh`,
    },
  },
  {
    name: 'a container that is a router and does not forward',
    make: {
      node1: `sysctl -w net.bridge.bridge-nf-call-iptables=0
        docker network create --subnet 172.30.0.0/24 app; docker network create --subnet 172.31.0.0/24 far
        docker run -d --name router --network app --ip 172.30.0.5 --sysctl net.ipv4.ip_forward=0 netshoot sleep infinity
        docker network connect --ip 172.31.0.5 far router
        docker run -d --name api --network app netshoot sleep infinity; docker run -d --name web --network far --ip 172.31.0.20 nginx
        ${inside('api')} ip route add 172.31.0.0/24 via 172.30.0.5; ${inside('web')} ip route add 172.30.0.0/24 via 172.31.0.5`,
    },
    symptom: ['node1', `docker exec api ${curl('http://172.31.0.20')}`],
    ask: { from: 'api', to: '172.31.0.20', port: 80 },
    code: 'forwarding-off',
    says: /`node1\/router`/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
    undo: { node1: 'sysctl -w net.bridge.bridge-nf-call-iptables=1' },
  },
  {
    name: "a host that has another's address on its own loopback",
    make: {
      laptop: 'setsid socat TCP-LISTEN:2222,fork,reuseaddr EXEC:date < /dev/null > /dev/null 2>&1 & sleep 0.5',
      node1: 'docker run -d --name api netshoot sleep infinity; ip address add 192.168.1.50/32 dev lo',
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 192.168.1.50 2222'],
    ask: { from: 'api', to: 'laptop', port: 2222 },
    code: 'duplicate-address',
    says: /takes for its own what is for `laptop`/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
    undo: { node1: 'ip address del 192.168.1.50/32 dev lo', laptop: 'pkill socat' },
  },
  {
    name: 'a route that leads into the loopback',
    make: {
      node1: `docker run -d --name api netshoot sleep infinity
        ${inside('api')} ip route add 192.168.1.50/32 dev lo`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-route',
    says: /into its own loopback/,
    netdiag: { beyond: 'it looks at the default route, and at none to a single address' },
    cure: { on: 'node1' },
  },
  {
    name: 'a container that answers no ping, and else is well',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('web')} sysctl -qw net.ipv4.icmp_echo_ignore_all=1`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 web'],
    ask: { from: 'api', to: 'web' },
    code: 'ping-ignored',
    cure: { on: 'node1', of: 1 },
  },
  {
    name: 'a port that another host leads here, asked from the same LAN',
    make: {
      node1: 'docker run -d --name web -p 8080:80 nginx',
      node2: `sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
        iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.11:8080; iptables -I FORWARD -i eth0 -o eth0 -j ACCEPT`,
    },
    symptom: ['laptop', curl('http://192.168.1.12:8080')],
    ask: { from: 'laptop', to: '192.168.1.12', port: 8080 },
    code: 'untranslated-answer',
    says: /past `node2`/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node2' },
    undo: {
      node2: `iptables -t nat -D PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.11:8080
        iptables -D FORWARD -i eth0 -o eth0 -j ACCEPT
        iptables -t nat -D POSTROUTING -s 192.168.1.50/32 -d 192.168.1.11/32 -p tcp -m tcp --dport 8080 -j MASQUERADE`,
    },
  },
  {
    name: 'a container that looks for others by broadcast',
    make: { node1: 'docker run -d --name api netshoot sleep infinity' },
    symptom: ['node1', 'docker exec api ping -b -c 1 -W 1 192.168.1.255'],
    ask: { from: 'api', to: '192.168.1.255', port: 9999, protocol: 'udp' },
    code: 'no-route',
    says: /broadcast address of a network of `node1`/,
    diagnosis: { beyond: unsaid },
  },
]
