import { bridgeOf, curl, type Incident, inside, ofHost, unsaid, vethOf } from './incident.js'

const noRules = 'iptables -P FORWARD ACCEPT; iptables -F; iptables -t nat -F; iptables -X; iptables -t nat -X'
/** Has Docker keep its rules where iptables-legacy does, as distributions did for a time; and back. */
const toLegacy = `systemctl stop docker; ${noRules}; update-alternatives --set iptables /usr/sbin/iptables-legacy; systemctl start docker`
const fromLegacy = `systemctl stop docker; ${noRules}; iptables-nft -F; update-alternatives --set iptables /usr/sbin/iptables-nft; systemctl start docker; iptables -P FORWARD DROP`

/** Rules of netfilter, in the host and in containers. */
export const firewalls: readonly Incident[] = [
  {
    name: 'a limit of connections that is reached',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name web --network app --ip 172.30.0.20 nginx
        ${inside('web')} iptables -A INPUT -p tcp --syn --dport 80 -m connlimit --connlimit-above 2 -j DROP
        docker run -d --name api --network app netshoot sh -c 'for i in 1 2; do socat TCP:172.30.0.20:80 EXEC:"sleep 1000" & done; sleep 1000'
        sleep 1`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 172.30.0.20 80'],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'connection-limit',
    says: /no more than 2 connections/,
    diagnosis: { of: 'web' },
    cure: { on: 'node1', of: 1 },
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
    shut: ['node1', 'docker exec probe nc -z -w 1 192.168.1.11 3306'],
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
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'rule-drop',
    diagnosis: { also: ['no-masquerade'] },
    says: /none of Docker's own chains/,
    cure: { on: 'node1' },
  },
  {
    name: 'a table of netdev at the ingress of a link',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 8081:80 nginx
        nft add table netdev shield
        nft add chain netdev shield in '{ type filter hook ingress device eth0 priority 0; policy accept; }'
        nft add rule netdev shield in ip protocol tcp tcp dport 8080-8090 drop`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /netdev shield/,
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:8081')],
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
    name: 'a rule inside of the container that is asked',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app nginx; docker run -d --name api --network app netshoot sleep infinity
        docker run -d --name beside --network container:web netshoot socat TCP-LISTEN:81,fork,reuseaddr PIPE
        ${inside('web')} iptables -A INPUT -p tcp --dport 80:90 -j REJECT --reject-with icmp-admin-prohibited`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'rule-drop',
    diagnosis: { of: 'web' },
    says: /on `node1\/web`/,
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec api nc -z -w 1 web 81'],
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
    name: 'a policy of INPUT',
    make: { node2: 'docker run -d --name own --network host nginx; iptables -P INPUT DROP' },
    symptom: ['laptop', curl('http://192.168.1.12')],
    ask: { from: 'laptop', to: 'node2', port: 80 },
    code: 'input-policy',
    diagnosis: { of: 'node2/own' },
    cure: { on: 'node2' },
    undo: { node2: 'iptables -P INPUT ACCEPT; iptables -F INPUT; docker rm -f own' },
  },
  {
    name: 'a policy of INPUT that the answers meet',
    make: {
      laptop: 'setsid socat TCP-LISTEN:80,fork,reuseaddr PIPE </dev/null >/dev/null 2>&1 & sleep 0.5',
      node1: 'iptables -P INPUT DROP',
    },
    symptom: ['node1', 'nc -z -w 1 192.168.1.50 80'],
    ask: { from: 'node1', to: 'laptop', port: 80 },
    code: 'input-policy',
    diagnosis: { beyond: ofHost },
    says: /answer/,
    cure: { on: 'node1' },
    undo: { node1: 'iptables -P INPUT ACCEPT; iptables -F INPUT', laptop: 'pkill -x socat' },
  },
  {
    name: 'a rule of OUTPUT',
    make: {
      laptop: 'setsid socat TCP-LISTEN:80,fork,reuseaddr PIPE </dev/null >/dev/null 2>&1 & sleep 0.5',
      node1: 'iptables -A OUTPUT -d 192.168.1.50 -p tcp -j DROP',
    },
    symptom: ['node1', 'nc -z -w 1 192.168.1.50 80'],
    ask: { from: 'node1', to: 'laptop', port: 80 },
    code: 'rule-drop',
    diagnosis: { beyond: ofHost },
    says: /OUTPUT/,
    cure: { on: 'node1' },
    shut: ['node1', 'nc -z -w 1 192.168.1.50 81'],
    undo: { node1: 'iptables -F OUTPUT', laptop: 'pkill -x socat' },
  },
  {
    name: 'a rule of DOCKER-USER that resets connections',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables -I DOCKER-USER -p tcp --dport 80 -j REJECT --reject-with tcp-reset`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'docker-user-drop',
    says: /rejects/,
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN' },
  },
  {
    name: 'a rule in a container that resets connections',
    make: {
      node1: `docker network create app
        docker run -d --name web --network app nginx; docker run -d --name api --network app netshoot sleep infinity
        docker run -d --name beside --network container:web netshoot socat TCP-LISTEN:81,fork,reuseaddr PIPE
        ${inside('web')} iptables -A INPUT -p tcp --dport 80:90 -j REJECT --reject-with tcp-reset`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'rule-drop',
    diagnosis: { of: 'web' },
    says: /rejects/,
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec api nc -z -w 1 web 81'],
  },
  {
    name: 'a rule of mangle, before any translation',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 8081:80 nginx
        iptables -t mangle -A PREROUTING -i eth0 -p tcp --dport 8080:8090 -j DROP`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /mangle/,
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:8081')],
    undo: { node1: 'iptables -t mangle -F PREROUTING' },
  },
  {
    name: 'a rule of raw',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 8081:80 nginx
        iptables -t raw -A PREROUTING -i eth0 -p tcp --dport 8080:8090 -j DROP`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /raw/,
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:8081')],
    undo: { node1: 'iptables -t raw -F PREROUTING' },
  },
  {
    name: 'a table of the family bridge',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name other --network app nginx; docker run -d --name api --network app netshoot sleep infinity
        nft add table bridge guard; nft add chain bridge guard pass '{ type filter hook forward priority 0; policy accept; }'
        nft add rule bridge guard pass tcp dport 80 drop`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'rule-drop',
    diagnosis: { of: 'web' },
    says: /bridge/,
    cure: { on: 'node1' },
    shut: ['node1', `docker exec api ${curl('http://other')}`],
    undo: { node1: 'nft delete table bridge guard' },
  },
  {
    name: 'no communication between the containers of a network',
    make: {
      node1: `docker network create -o com.docker.network.bridge.enable_icc=false quiet
        docker run -d --name q1 --network quiet busybox sleep infinity; docker run -d --name q2 --network quiet busybox sleep infinity`,
    },
    symptom: ['node1', 'docker exec q1 ping -c 1 -W 1 q2'],
    ask: { from: 'q1', to: 'q2' },
    code: 'icc-off',
  },
  {
    name: 'translation of sources is gone',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity
        iptables -t nat -D POSTROUTING -s 172.30.0.0/24 ! -o ${bridgeOf('app')} -j MASQUERADE`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-masquerade',
    cure: { on: 'node1' },
  },
  {
    name: 'a rule of IPv6 alone',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 --ipv6 --subnet fd00:30::/64 app
        docker run -d --name web --network app --ip6 fd00:30::20 nginx
        docker run -d --name api --network app --ip6 fd00:30::10 netshoot sleep infinity
        docker run -d --name beside --network container:web netshoot socat TCP6-LISTEN:81,fork,reuseaddr PIPE; sleep 2
        ${inside('web')} ip6tables -A INPUT -p tcp --dport 80:90 -j DROP`,
    },
    symptom: ['node1', `docker exec api ${curl("'http://[fd00:30::20]'")}`],
    ask: { from: 'api', to: 'fd00:30::20', port: 80 },
    code: 'rule-drop',
    diagnosis: { of: 'web' },
    says: /ip6 filter.*node1\/web/,
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec api nc -z -w 1 fd00:30::20 81'],
  },
  {
    name: 'a limit of connections at once',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx
        iptables -I DOCKER-USER -p tcp --syn -m conntrack --ctorigdstport 8080 -m connlimit --connlimit-above 0 -j REJECT`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'docker-user-drop',
    says: /rejects/,
    undo: { node1: 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN' },
  },
  {
    name: 'an Engine that is told to leave the rules alone',
    make: {
      node1: `mkdir -p /etc/docker; echo '{"iptables": false}' > /etc/docker/daemon.json; systemctl restart docker
        iptables -t nat -F; iptables -F; iptables -X; iptables -P FORWARD ACCEPT
        docker network create --subnet 172.30.0.0/24 app; docker run -d --name api --network app netshoot sleep infinity`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-masquerade',
    undo: { node1: 'iptables -P FORWARD DROP; rm -f /etc/docker/daemon.json; systemctl restart docker' },
  },
  {
    name: "a table of the administrator's own that lets nothing by",
    source: 'pitkley/dfw#135',
    make: {
      node1: `docker network create app; docker run -d --name api --network app netshoot sleep infinity
        nft add table inet fw; nft add chain inet fw onward '{ type filter hook forward priority 0; policy drop; }'
        nft add rule inet fw onward ct state established,related accept`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'rule-drop',
    says: /each table decides for itself/,
    netdiag: { beyond: 'it tells that nobody outside answers, and reads the policies of the tables of iptables alone' },
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.12'],
    undo: { node1: 'nft delete table inet fw' },
  },
  {
    name: 'a container of a VPN that lets nothing out, and another one in its namespace',
    source: 'passteque/gluetun#273',
    make: {
      node1: `docker network create app; docker run -d --name vpn --network app netshoot sleep infinity
        docker run -d --name api --network container:vpn netshoot sleep infinity
        ${inside('vpn')} iptables -P OUTPUT DROP; ${inside('vpn')} iptables -A OUTPUT -o lo -j ACCEPT`,
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'rule-drop',
    says: /`OUTPUT` on `node1\/vpn`/,
    netdiag: { beyond: 'it asks by the networks that a container has of its own, and this one has those of another' },
    cure: { on: 'node1' },
    shut: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.12'],
  },
  {
    name: 'a list of addresses in a table of its own',
    make: {
      node1: `docker network create app; docker run -d --name web --network app -p 8080:80 nginx
        docker run -d --name other --network app -p 9090:80 nginx
        nft add table ip bouncer; nft add set ip bouncer listed '{ type ipv4_addr; }'
        nft add element ip bouncer listed '{ 192.168.1.50, 10.9.9.9 }'
        nft add chain ip bouncer onward '{ type filter hook forward priority -10; policy accept; }'
        nft add rule ip bouncer onward ip saddr @listed drop`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /bouncer/,
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'nft delete table ip bouncer' },
  },
  {
    name: 'a rule that drops whoever comes too often',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables -I DOCKER-USER -i eth0 -p tcp --syn -m recent --name often --set
        iptables -I DOCKER-USER 2 -i eth0 -p tcp --syn -m recent --name often --update --seconds 600 --hitcount 3 -j DROP`,
      laptop: `for one in 1 2 3; do ${curl('http://192.168.1.11:8080')} || true; done`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'docker-user-drop',
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN' },
  },
  {
    name: 'a rule of the family bridge that drops ARP',
    make: {
      node1: `docker network create app; docker run -d --name web --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        nft add table bridge shield; nft add chain bridge shield onward '{ type filter hook forward priority 0; policy accept; }'
        nft add rule bridge shield onward ether type arp drop`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'neighbour-blocked',
    evidence: /bridge shield/,
    netdiag: { beyond: 'it reads rules of IP, and not those of ARP' },
    cure: { on: 'node1' },
    undo: { node1: 'nft delete table bridge shield' },
  },
  {
    name: 'a rule of iptables-legacy, which iptables and nft do not list',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables-legacy -I FORWARD -i eth0 -p tcp --dport 80 -s 192.168.1.50 -j DROP`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /iptables-legacy filter/,
    netdiag: { beyond: 'it asks iptables, which does not list these rules' },
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'iptables-legacy -F FORWARD' },
  },
  {
    name: 'Docker keeps its rules with iptables-legacy, and a firewall of nft drops what they accept',
    source: 'moby/libnetwork#2331',
    make: {
      node1: `${toLegacy}
        docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables-nft -I FORWARD -i eth0 -p tcp --dport 80 -j DROP`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    netdiag: { beyond: 'it asks iptables, which does not list these rules' },
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: fromLegacy },
  },
  {
    name: 'Docker keeps its rules with iptables-legacy, and a port of a bridge is disabled',
    make: {
      node1: `${toLegacy}
        docker run -d --name web -p 8080:80 nginx
        bridge link set dev ${vethOf('web')} state 0`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'bridge-port',
    diagnosis: { of: 'web' },
    cure: { on: 'node1' },
    undo: { node1: fromLegacy },
  },
  {
    name: "a rule of the host's own packets to an address that nobody has",
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx
        iptables -t nat -I OUTPUT -d 192.168.1.11/32 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80`,
    },
    symptom: ['node1', curl('http://192.168.1.11:8080')],
    ask: { from: 'node1', to: '192.168.1.11', port: 8080 },
    code: 'no-such-address',
    says: /a rule of NAT leads it there/,
    diagnosis: { beyond: ofHost },
    cure: { on: 'node1' },
  },
  {
    name: 'a rule of nft that leads a published port to one where nobody listens',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx
        nft add table ip mine; nft add chain ip mine before '{ type nat hook prerouting priority -110; }'
        nft add rule ip mine before iifname eth0 tcp dport 8080 redirect to :3128`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'port-not-listening',
    says: /a rule of NAT leads such packets/,
    diagnosis: { of: 'web' },
    netdiag: { beyond: 'it comes from its host, and not by the link that the rule is for' },
    cure: { on: 'node1' },
    undo: { node1: 'nft delete table ip mine' },
  },
  {
    name: 'a rule of nft that leads a published port to another machine',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx
        nft add table ip mine; nft add chain ip mine before '{ type nat hook prerouting priority -110; }'
        nft add rule ip mine before iifname eth0 tcp dport 8080 dnat to 192.168.1.12:81`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    says: /a rule of NAT leads the packet to `192.168.1.12`/,
    diagnosis: { of: 'web' },
    netdiag: { beyond: 'it comes from its host, and not by the link that the rule is for' },
    undo: { node1: 'nft delete table ip mine' },
  },
  {
    name: "a rule of a container's own for what its root sends",
    make: {
      node1: `docker network create app
        docker run -d --name web --network app nginx; docker run -d --name other --network app nginx
        docker run -d --name api --network app netshoot sleep infinity
        ${inside('api')} iptables -A OUTPUT -m owner --uid-owner 0 -p tcp --dport 80 -j REJECT`,
    },
    symptom: ['node1', `docker exec api ${curl('http://web')}`],
    ask: { from: 'api', to: 'web', port: 80 },
    code: 'rule-drop',
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
    shut: ['node1', `docker exec api ${curl('http://other')}`],
  },
  {
    name: "a rule that lets packets by before Docker's rule translates their source",
    make: {
      node1: 'docker run -d --name api netshoot sleep infinity; iptables -t nat -I POSTROUTING -j ACCEPT',
    },
    symptom: ['node1', 'docker exec api ping -c 1 -W 1 192.168.1.50'],
    ask: { from: 'api', to: 'laptop' },
    code: 'no-masquerade',
    says: /another rule lets packets/,
    diagnosis: { also: ['hidden-by-subnet'] },
    netdiag: { beyond: 'it looks whether a rule masquerades, and not at what comes before it' },
    cure: { on: 'node1' },
    undo: { node1: 'iptables -t nat -D POSTROUTING 1; iptables -t nat -D POSTROUTING 1' },
  },
  {
    name: 'a rule of mangle, behind the choice of the way',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables -t mangle -A POSTROUTING -o docker0 -p tcp --dport 80 -j DROP`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'rule-drop',
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'iptables -t mangle -F POSTROUTING' },
  },
  {
    name: 'a rule that hands all to an intrusion prevention system that has ended',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx; docker run -d --name other -p 9090:80 nginx
        iptables -I DOCKER-USER -i eth0 -j NFQUEUE --queue-num 0`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'docker-user-drop',
    says: /`NFQUEUE`/,
    netdiag: { beyond: 'it looks which rules drop, and not which hand packets to programs' },
    cure: { on: 'node1' },
    shut: ['laptop', curl('http://192.168.1.11:9090')],
    undo: { node1: 'iptables -D DOCKER-USER -i eth0 -j NFQUEUE --queue-num 0' },
  },
  {
    name: "two machines on a bridge of one's own, whose frames meet FORWARD",
    source: 'docker/docs#7370',
    make: {
      node1: `ip link add br-lab type bridge; ip link set br-lab up
        for n in 1 2; do
          docker run -d --name vm$n --network none nginx; pid=$(docker inspect -f '{{.State.Pid}}' vm$n)
          ip link add tap$n type veth peer name in$n; ip link set tap$n master br-lab up; ip link set in$n netns $pid
          nsenter -t $pid -n ip address add 10.99.0.$n/24 dev in$n; nsenter -t $pid -n ip link set in$n up
        done`,
    },
    symptom: ['node1', `${inside('vm1')} ${curl('http://10.99.0.2')}`],
    ask: { from: 'vm1', to: '10.99.0.2', port: 80 },
    code: 'rule-drop',
    says: /from one port of `br-lab` to another/,
    evidence: /bridge-nf-call-iptables = 1/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'node1' },
    undo: {
      node1: `iptables -S FORWARD | grep '10.99.0' | sed 's/^-A/iptables -D/' | sh
        ip link del br-lab`,
    },
  },
]
