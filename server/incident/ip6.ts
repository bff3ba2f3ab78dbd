import { type Incident, inside, unsaid } from './incident.js'

/** IPv6 alone, where IPv4 goes on as it should: `api` on a network with both families asks the laptop. */

const network = 'docker network create --subnet 172.30.0.0/24 --ipv6 --subnet fd00:30::/64 app'
const api = `${network}; docker run -d --name api --network app --ip6 fd00:30::10 netshoot sleep infinity`
const onLan = 'ip -6 address add fd00:1::11/64 dev eth0 nodad'
const laptop = 'ip -6 address add fd00:1::50/64 dev eth0 nodad'
const back = 'ip -6 route add fd00:30::/64 via fd00:1::11'
const offLan = 'ip -6 address flush dev eth0 scope global'
const offLaptop = `${offLan}; ip -6 route flush root fd00:30::/64`

const common = {
  symptom: ['node1', 'docker exec api ping -6 -c 1 -W 1 fd00:1::50'],
  ask: { from: 'api', to: 'fd00:1::50' },
  diagnosis: { beyond: unsaid },
} as const

export const ip6: readonly Incident[] = [
  {
    ...common,
    name: 'IPv6: a rule of FORWARD',
    make: { node1: `${api}; ${onLan}; ip6tables -I FORWARD -s fd00:30::10 -j DROP`, laptop: `${laptop}; ${back}` },
    code: 'rule-drop',
    says: /chain `FORWARD`/,
    evidence: /fd00:30::10/,
    cure: { on: 'node1' },
    undo: { node1: `ip6tables -F FORWARD; ${offLan}`, laptop: offLaptop },
  },
  {
    ...common,
    name: 'IPv6: a container without a default route',
    make: { node1: `${api}; ${onLan}; ${inside('api')} ip -6 route del default`, laptop: `${laptop}; ${back}` },
    code: 'no-route',
    says: /no route to `fd00:1::50`: its routes lead to `fd00:30::\/64`/,
    undo: { node1: offLan, laptop: offLaptop },
  },
  {
    name: 'IPv6: switched off in the container that asks',
    make: {
      node1: `${api}; docker run -d --name web --network app --ip6 fd00:30::20 nginx
        ${inside('api')} sysctl -w net.ipv6.conf.all.disable_ipv6=1`,
    },
    symptom: ['node1', 'docker exec api ping -6 -c 1 -W 1 fd00:30::20'],
    ask: { from: 'api', to: 'fd00:30::20' },
    code: 'ipv6-off',
    says: /`node1\/api`.*switched off.*nor an IPv6 route/,
    cure: { on: 'node1' },
  },
  {
    ...common,
    name: 'IPv6: a container whose network is without',
    make: {
      node1: `docker network create plain; docker run -d --name api --network plain netshoot sleep infinity; ${onLan}`,
      laptop,
    },
    code: 'no-route',
    says: /its networks \(`plain`\) were made without IPv6/,
    undo: { node1: offLan, laptop: offLaptop },
  },
  {
    ...common,
    name: 'IPv6: forwarding is off',
    make: { node1: `${api}; ${onLan}; sysctl -w net.ipv6.conf.all.forwarding=0`, laptop: `${laptop}; ${back}` },
    code: 'forwarding-off',
    says: /net\.ipv6\.conf\.all\.forwarding/,
    cure: { on: 'node1' },
    undo: { node1: `sysctl -w net.ipv6.conf.all.forwarding=1; ${offLan}`, laptop: offLaptop },
  },
  {
    ...common,
    name: 'IPv6: a blackhole route',
    make: { node1: `${api}; ${onLan}; ip -6 route add blackhole fd00:1::50/128`, laptop: `${laptop}; ${back}` },
    code: 'no-route',
    says: /blackhole fd00:1::50/,
    cure: { on: 'node1' },
    undo: { node1: `${offLan}; ip -6 route del blackhole fd00:1::50/128`, laptop: offLaptop },
  },
  {
    ...common,
    name: 'IPv6: a routing rule that prohibits',
    make: {
      node1: `${api}; ${onLan}; ${inside('api')} ip -6 rule add to fd00:1::50 prohibit`,
      laptop: `${laptop}; ${back}`,
    },
    code: 'no-route',
    says: /routing rule of .*prohibit/,
    undo: { node1: offLan, laptop: offLaptop },
  },
  {
    ...common,
    name: 'IPv6: no translation of sources',
    make: { node1: `${api}; ${onLan}`, laptop },
    code: 'no-masquerade',
    says: /fd00:30::10/,
    cure: { on: 'node1' },
    undo: { node1: `ip6tables -t nat -F POSTROUTING; ${offLan}`, laptop: offLaptop },
  },
  {
    ...common,
    name: 'IPv6: an address that was put aside, since another machine had it',
    make: {
      node1: `${api}; ${onLan}; docker exec -d api true`,
      node2: 'ip -6 address add fd00:1::50/64 dev eth0 nodad',
      laptop: `sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=1; ip -6 address add fd00:1::50/64 dev eth0
        for i in 1 2 3 4 5 6 7 8 9 10; do ip -6 address show dev eth0 | grep -q dadfailed && break; sleep 0.5; done
        ip -6 address add fd00:1::60/64 dev eth0 nodad; ${back}`,
      'node2 again': 'ip -6 address del fd00:1::50/64 dev eth0',
    },
    code: 'no-such-address',
    says: /duplicate address detection/,
    evidence: /dadfailed/,
    diagnosis: { beyond: unsaid },
    cure: { on: 'laptop' },
    undo: { node1: offLan, laptop: offLaptop },
  },
]
