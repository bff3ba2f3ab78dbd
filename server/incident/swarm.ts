import { curl, type Incident, tunnelOf } from './incident.js'

/** Overlays of two hosts. */
export const swarm: readonly Incident[] = [
  {
    name: 'nodes that may not gossip',
    rack: 'swarm',
    make: {
      node1: 'for p in tcp udp; do iptables -I INPUT -p $p --dport 7946 -j DROP; done',
      node2: 'docker run -d --name m3 --network mesh nginx',
    },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 m3 80'],
    ask: { from: 'm1', to: 'm3', port: 80 },
    code: 'gossip-blocked',
    cure: { on: 'node1' },
    undo: { node1: 'iptables -F INPUT', node2: 'docker rm -f m3' },
  },
  {
    name: 'the port of VXLAN is shut',
    rack: 'swarm',
    make: { node2: 'iptables -I INPUT -p udp --dport 4789 -j DROP' },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 10.10.0.20 80'],
    ask: { from: 'm1', to: 'm2', port: 80 },
    code: 'vxlan-blocked',
    cure: { on: 'node2' },
    undo: { node2: 'iptables -F INPUT' },
  },
  {
    name: 'the end of the tunnel is down',
    rack: 'swarm',
    make: { node2: `${tunnelOf('mesh')} ip link set vxlan0 down` },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 10.10.0.20 80'],
    ask: { from: 'm1', to: 'm2', port: 80 },
    code: 'link-cut',
    netdiag: {
      beyond: 'an Engine lists the containers of its own host alone, so that nobody across the tunnel is asked',
    },
    says: /vxlan0/,
    cure: { on: 'node2' },
    undo: { node2: `${tunnelOf('mesh')} ip link set vxlan0 up` },
  },
  {
    name: 'an underlay that is narrower than the overlay thinks',
    source: 'moby/libnetwork#1021',
    rack: 'swarm',
    make: { node2: 'ip link set eth0 mtu 1450', node1: 'ethtool -K eth0 tso off gso off' },
    symptom: ['node1', 'docker exec m1 ping -c 1 -W 1 -M do -s 1422 10.10.0.20'],
    ask: { from: 'm1', to: 'm2' },
    code: 'mtu-too-large',
    says: /node2.*1450/,
    undo: { node2: 'ip link set eth0 mtu 1500', node1: 'ethtool -K eth0 tso on gso on' },
  },
  {
    name: 'a service that is scaled to nothing',
    rack: 'swarm',
    make: {
      node1:
        'docker service create -d --name shop --network mesh --endpoint-mode dnsrr nginx; docker service scale -d shop=0; sleep 3',
    },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 shop 80'],
    ask: { from: 'm1', to: 'shop', port: 80 },
    code: 'no-task',
    cure: { on: 'node1' },
    undo: { node1: 'docker service rm shop' },
  },
  {
    name: 'the virtual address of a service, on a kernel without IPVS',
    rack: 'swarm',
    lacks: 'ip_vs',
    make: { node1: 'docker service create -d --name shop --network mesh nginx; sleep 4' },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 shop 80'],
    ask: { from: 'm1', to: 'shop', port: 80 },
    code: 'no-ipvs',
    says: /virtual address of the service `shop`/,
    cure: { on: 'node1', of: 1 },
    undo: { node1: 'docker service rm shop' },
  },
  {
    name: 'a port of the routing mesh, on a kernel without IPVS',
    rack: 'swarm',
    lacks: 'ip_vs',
    make: {
      node1:
        'docker service create -d --name shop --network mesh --constraint node.hostname==node1 --publish 8088:80 nginx; sleep 4',
    },
    symptom: ['laptop', curl('http://192.168.1.11:8088')],
    ask: { from: 'laptop', to: 'node1', port: 8088 },
    code: 'no-ipvs',
    says: /port 8088 .* routing mesh/,
    cure: { on: 'node1' },
    undo: { node1: 'docker service rm shop' },
  },
  {
    name: 'an encrypted overlay, on a kernel that cannot encrypt',
    rack: 'swarm',
    lacks: 'esp',
    make: {
      node1: `docker network create -d overlay --opt encrypted --attachable --subnet 10.20.0.0/24 safe
        docker run -d --name s1 --network safe --ip 10.20.0.10 netshoot sleep infinity`,
      node2:
        'for i in 1 2 3 4 5 6 7 8 9; do docker run -d --name s2 --network safe --ip 10.20.0.20 nginx && exit; docker rm -f s2; sleep 0.5; done; exit 1',
    },
    symptom: ['node1', 'docker exec s1 nc -z -w 1 10.20.0.20 80'],
    ask: { from: 's1', to: 'node2/s2', port: 80 },
    code: 'no-esp',
    evidence: /ip xfrm state: none/,
    undo: { node2: 'docker rm -f s2', node1: 'docker rm -f s1; docker network rm safe' },
  },
  {
    name: 'a service whose only node is drained',
    rack: 'swarm',
    make: {
      node1: `docker service create -d --name shop --network mesh --endpoint-mode dnsrr --constraint node.hostname==node2 nginx; sleep 4
        docker node update --availability drain node2; sleep 3`,
    },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 shop 80'],
    ask: { from: 'm1', to: 'shop', port: 80 },
    code: 'no-task',
    evidence: /node node2: availability drain/,
    cure: { on: 'node1', of: 1 },
    undo: { node1: 'docker service rm shop; docker node update --availability active node2' },
  },
  {
    name: 'a service whose tasks fit no node',
    rack: 'swarm',
    make: {
      node1:
        'docker service create -d --name shop --network mesh --constraint node.labels.room==none --publish 8088:80 nginx; sleep 2',
    },
    symptom: ['laptop', curl('http://192.168.1.11:8088')],
    ask: { from: 'laptop', to: 'node1', port: 8088 },
    code: 'no-task',
    undo: { node1: 'docker service rm shop' },
  },
  {
    name: 'a tunnel that comes from an address that nobody expects',
    source: 'moby/moby#53004',
    make: {
      node1: `ip addr add 192.168.1.111/24 dev eth0; docker swarm init --advertise-addr 192.168.1.111
        docker network create -d overlay --attachable ov`,
      node2: 'docker swarm join --advertise-addr 192.168.1.12 --token $TOKEN 192.168.1.111:2377',
      'node1 again': 'docker run -d --name m1 --network ov nginx',
      'node2 again':
        'for i in 1 2 3 4 5 6 7 8 9; do docker run -d --name m2 --network ov netshoot sleep infinity && exit; docker rm -f m2; sleep 0.5; done; exit 1',
    },
    symptom: ['node2', `docker exec m2 ${curl('http://m1')}`],
    ask: { from: 'm1', to: 'node2/m2' },
    code: 'tunnel-source',
    says: /192\.168\.1\.111/,
    cure: { on: 'node1' },
    undo: {
      node2: 'docker rm -f m2; docker swarm leave --force',
      node1: 'docker rm -f m1; docker swarm leave --force; ip addr del 192.168.1.111/24 dev eth0',
    },
  },
  {
    name: 'a node that has left',
    rack: 'swarm',
    make: { node2: 'docker swarm leave --force' },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 10.10.0.20 80'],
    ask: { from: 'm1', to: 'm2', port: 80 },
    code: 'node-gone',
    diagnosis: { beyond: 'who is on a network no more is not asked for there' },
  },
  {
    name: 'a forwarding entry of an overlay that leads to a machine where the container is not',
    source: 'moby/moby#35401',
    rack: 'swarm',
    make: {
      node1: `docker exec m1 nc -z -w 1 m2 80
        mac=$(docker exec m1 ip neigh show 10.10.0.20 | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}' | head -n 1)
        ${tunnelOf('mesh')} bridge fdb replace $mac dev vxlan0 dst 192.168.1.50 self permanent`,
    },
    symptom: ['node1', 'docker exec m1 nc -z -w 1 10.10.0.20 80'],
    ask: { from: 'm1', to: 'm2', port: 80 },
    code: 'tunnel-source',
    says: /behind `192\.168\.1\.50`, which is no address of `node2`/,
    cure: { on: 'node1' },
  },
]
