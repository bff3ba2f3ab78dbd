import { describe, expect, it } from 'vitest'
import { isWord, type Kind, kindOfWord, readAs } from '../../server/check/typed.js'

/** Each line is one that a tool prints, or that people write. */
const same: Record<Exclude<Kind, 'word'>, [value: string, typed: string[]][]> = {
  address: [
    [
      '172.17.0.2',
      [
        ' 172.17.0.2 ',
        '172.17.0.2.',
        '172.17.0.2,',
        '172.17.0.2:',
        '172.17.0.2。',
        '"172.17.0.2"',
        '“172.17.0.2”',
        '`172.17.0.2`',
        '172.17.0.2/16',
        '172.17.0.2:80',
        '172.17.0.2:80->80/tcp',
        'http://172.17.0.2',
        'http://172.17.0.2:8080/index.html',
        'tcp://172.17.0.2:2375',
        '１７２．１７．０．２',
        '172.17.0.2\u200b',
        '地址是172.17.0.2。',
        'web has 172.17.0.2',
        'inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0',
        '    inet 172.17.0.2/16 scope global eth0\n       valid_lft forever preferred_lft forever',
        'eth0@if7         UP             172.17.0.2/16',
        'inet addr:172.17.0.2  Bcast:172.17.255.255  Mask:255.255.0.0',
        'inet 172.17.0.2  netmask 255.255.0.0  broadcast 172.17.255.255',
        '"IPAddress": "172.17.0.2",',
        '"IPv4Address": "172.17.0.2/16",',
        '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
        'DNAT tcp -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:8080 to:172.17.0.2:80',
        '172.17.0.2 - - [01/Jan/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 615 "-" "curl/8.14.1"',
        'default via 172.17.0.2 dev eth0',
        'IP 172.17.0.2.43210',
        '172.17.0.2.mysql',
      ],
    ],
    [
      'fd00::2',
      ['FD00:0:0::2', 'fd00::2/64', '[fd00::2]:80', 'http://[fd00::2]:80/', 'inet6 fd00::2/64 scope global nodad'],
    ],
  ],
  network: [
    [
      '172.20.0.0/16',
      [
        '172.20.0.0/16',
        '"Subnet": "172.20.0.0/16",',
        '172.20.0.0/16 dev br-1a2b proto kernel scope link src 172.20.0.1',
      ],
    ],
  ],
  mac: [
    [
      '02:42:c0:a8:00:02',
      [
        '02:42:C0:A8:00:02',
        '02-42-c0-a8-00-02',
        '0242.c0a8.0002',
        '0242c0a80002',
        '2:42:c0:a8:0:2',
        'link/ether 02:42:c0:a8:00:02',
        'link/ether 02:42:c0:a8:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0',
        '"MacAddress": "02:42:c0:a8:00:02",',
        '192.168.1.200 dev eth0 lladdr 02:42:c0:a8:00:02 REACHABLE',
        'eth0  Link encap:Ethernet  HWaddr 02:42:C0:A8:00:02',
        'mac：02:42:c0:a8:00:02。',
      ],
    ],
  ],
  link: [
    [
      'veth1f2e3d4',
      [
        'veth1f2e3d4',
        'veth1f2e3d4@if8',
        '9: veth1f2e3d4@if8:',
        '9: veth1f2e3d4@if8: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master docker0 state UP mode DEFAULT group default',
        '9: veth1f2e3d4@if8: <BROADCAST,UP> mtu 1500 master docker0\n    link/ether 5a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0',
        'veth1f2e3d4@if8  UP             5a:00:00:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP>',
        '９：veth1f2e3d4@if8：',
        '"veth1f2e3d4".',
        'the link veth1f2e3d4',
        '网卡 veth1f2e3d4',
      ],
    ],
    [
      'br-1a2b3c4d5e6f',
      [
        'br-1a2b3c4d5e6f:',
        'br‐1a2b3c4d5e6f',
        'bridge br-1a2b3c4d5e6f',
        'br-1a2b3c4d5e6f\t8000.0242ac110001\tno\t\tveth1',
      ],
    ],
    ['docker0', ['"com.docker.network.bridge.name": "docker0",']],
  ],
  number: [
    ['4', ['4', '４', '4行', '4 行', '4 lines', '4.', '04', '/root/orders/orders.csv:4', '4 orders.csv']],
    [
      '1450',
      [
        '1450 bytes',
        '1450 字节',
        '1450字节。',
        '1,450 bytes',
        'mtu 1450',
        'MTU: 1450',
        '9: eth0@if10: <BROADCAST,UP> mtu 1450 qdisc noqueue state UP',
      ],
    ],
    [
      '4097',
      ['４０９７', 'VXLAN, flags [I] (0x08), vni 4097', '"com.docker.network.driver.overlay.vxlanid_list": "4097"'],
    ],
  ],
}

describe.each(Object.entries(same) as [Kind, [string, string[]][]][])('%s', (kind, values) => {
  const label = { mtu: ['mtu'], vni: ['vni', 'vxlanid_list'] }
  it.each(values.flatMap(([value, typed]) => typed.map((text) => [text, value])))('%s is %s', (text, value) => {
    expect(readAs(kind, text, [...label.mtu, ...label.vni]).map((one) => one.value)).toEqual([value])
  })
})

it.each([
  ['address', '172.17.0.2 or 172.17.0.3', 2],
  ['address', '172.17.0.2/172.17.0.3', 0],
  ['address', '172.17.0.2、172.17.0.3', 2],
  ['address', '192.168.1.11.43210 > 192.168.1.100.3306: Flags [S]', 2],
  ['address', '1172.17.0.2', 0],
  ['address', '172.17.0.256', 0],
  ['address', '172.17.0', 0],
  ['mac', '02:42:ac:11:00:02 02:42:ac:11:00:03', 2],
  ['mac', '02:42:ac:11:00', 0],
  ['mac', '02:42:ac:11:00:02:03', 0],
  ['link', 'veth1, veth2', 2],
  ['link', 'veth1和veth2', 2],
  ['link', '9: veth1@if8: <UP> mtu 1500 11: veth2@if10: <UP> mtu 1500', 2],
  ['number', '4 or 5', 2],
  ['number', 'not 4', 0],
  ['number', '-4', 0],
  ['number', '4.5', 0],
] as const)('%s: "%s" holds %i', (kind, text, count) => {
  expect(readAs(kind, text)).toHaveLength(count)
})

it('an address keeps the length that it was given with', () => {
  expect(readAs('address', '172.17.0.2/24')).toEqual([{ value: '172.17.0.2', prefix: 24 }])
  expect(readAs('address', 'inet 172.17.0.2  netmask 255.255.0.0')).toEqual([{ value: '172.17.0.2', prefix: 16 }])
})

it.each([
  ['docker-isolation-stage-2', 'DOCKER-ISOLATION-STAGE-2'],
  ['chain docker-isolation-stage-2', 'DOCKER-ISOLATION-STAGE-2'],
  ['DOCKER-ISOLATION-STAGE-2 链', 'DOCKER-ISOLATION-STAGE-2'],
  ['Chain DOCKER-ISOLATION-STAGE-2 (2 references)', 'DOCKER-ISOLATION-STAGE-2'],
  ['-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP', 'DOCKER-ISOLATION-STAGE-2'],
  ['docker－proxy', 'docker-proxy'],
  ['“docker-proxy”。', 'docker-proxy'],
  ['/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080', 'docker-proxy'],
  ['812/nginx', 'nginx'],
  ['nginx: master process nginx -g daemon off;', 'nginx'],
  ['LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=812,fd=5),("nginx",pid=811,fd=5))', 'nginx'],
  ['the network audit', 'audit'],
  ['audit 网络', 'audit'],
  ['0f1e2d3c4b5a   audit     bridge    local', 'audit'],
  ['sendto: Network is unreachable.', 'sendto: Network is unreachable'],
])('"%s" means %s', (typed, right) => {
  expect(isWord(typed, right)).toBe(true)
})

it.each([
  ['-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2', 'DOCKER-ISOLATION-STAGE-2'],
  ['docker-isolation-stage-1 docker-isolation-stage-2', 'DOCKER-ISOLATION-STAGE-2'],
  ['not audit', 'audit'],
  ['shop or audit', 'audit'],
  ['', 'audit'],
])('"%s" does not mean %s', (typed, right) => {
  expect(isWord(typed, right)).toBe(false)
})

it('knows the kind of what an author wrote', () => {
  expect(['192.168.1.11', 'fd00::1', '10.0.0.0/8', '4', '02:42:ac:11:00:02', 'lo', '零'].map(kindOfWord)).toEqual([
    'address',
    'address',
    'network',
    'number',
    'mac',
    'word',
    'word',
  ])
})
