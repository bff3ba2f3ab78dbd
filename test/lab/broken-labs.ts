import { guideFiles } from './guide.js'

/** What is changed in the files of the guide's lab: by replacement, wholly, or away with it. */
export type Changes = Record<string, ((text: string) => string) | string | Uint8Array | undefined>

const replace = (from: string, to: string) => (text: string) => {
  if (!text.includes(from)) throw new Error(`there is no ${from}`)
  return text.replace(from, to)
}
const lab = (from: string, to: string): Changes => ({ 'lab.yaml': replace(from, to) })
const first = '- network: {name: vault, internal: yes}'
/** The first check of the lab is another one; mistakes that name it would only say so as well. */
const check = (written: string): Changes => ({ ...lab(first, `- ${written}`), 'mistakes/not-internal.md': undefined })
const noDocker = {
  'lab.yaml': (text: string) => text.replace('node1: docker', 'node1: plain'),
}

/** A lab that is wrong in one way each. */
export const brokenLabs: Record<string, Changes> = {
  'points with three decimals': lab('points: 2', 'points: 0.125'),
  'points below zero': lab('points: 2', 'points: -1'),
  'points beyond the limit': lab('points: 2', 'points: 1000'),
  'points as a word': lab('points: 2', 'points: two'),
  'a title in one language': lab('title: {en: A network without a way out, zh: 没有出口的网络}', 'title: A network'),
  'a title without Chinese': lab(', zh: 没有出口的网络', ''),
  'an empty title': lab('zh: 没有出口的网络', 'zh: ""'),
  'no title': lab('title: {en: A network without a way out, zh: 没有出口的网络}\n', ''),
  'a misspelt key': lab('summary:', 'sumary:'),
  'a topic that is none': lab('topic: bridge', 'topic: bridges'),
  'a level that is none': lab('level: beginner', 'level: simple'),
  'minutes of zero': lab('minutes: 10', 'minutes: 0'),
  'an order that is a list': lab('order: 25', 'order: [25]'),
  'requires as text': lab('minutes: 10', 'minutes: 10\nrequires: vxlan'),
  'a feature that is none': lab('minutes: 10', 'minutes: 10\nrequires: [vxlam]'),
  'no rack': lab(
    'rack:\n  hosts: {node1: docker, laptop: plain}\n  lans: {lan: {subnet: 192.168.1.0/24, at: {node1: .11, laptop: .50}}}\n',
    '',
  ),
  'an empty rack': lab(
    'rack:\n  hosts: {node1: docker, laptop: plain}\n  lans: {lan: {subnet: 192.168.1.0/24, at: {node1: .11, laptop: .50}}}\n',
    'rack:\n',
  ),
  'a kind of host that is none': lab('node1: docker', 'node1: dockr'),
  'a name of a host in capitals': lab('laptop: plain', 'Laptop: plain'),
  'a LAN that overlaps docker0': lab('192.168.1.0/24', '172.17.0.0/24'),
  'a subnet with host bits': lab('192.168.1.0/24', '192.168.1.7/24'),
  'an address outside of the LAN': lab('laptop: .50', 'laptop: 10.0.0.1'),
  'an address twice': lab('laptop: .50', 'laptop: .11'),
  'an unknown host on the LAN': lab('laptop: .50', 'labtop: .50'),
  'memory without a unit': lab('node1: docker', 'node1: {kind: docker, memory: 512}'),
  'a parameter of no kind': lab('steps:', 'parameters: {port: {practice: 8080}}\nsteps:'),
  'a parameter without its practice': lab('steps:', 'parameters: {port: {port: {from: 8000, to: 8999}}}\nsteps:'),
  'a parameter that is named nowhere': lab(
    'steps:',
    'parameters: {port: {port: {from: 8000, to: 8999}, practice: 8080}}\nsteps:',
  ),
  'a parameter for which nothing is left': lab(
    'steps:',
    'parameters: {port: {port: {from: 6379, to: 6380}, practice: 6380}}\nsteps:',
  ),
  'a name that is no parameter': {
    ...lab('steps:', 'parameters: {vault: {name: [safe, chest], practice: vault}}\nsteps:'),
    'en.md': (text) => text.replace('{#create}', '{#create}\n\nIt is called {{valt}}, or {{vault}}.'),
  },
  'checks that are others for another seed': {
    'lab.yaml': (text) =>
      text.replace(/- network: \{name: vault, internal: yes\}\n.*hint:\n.*\n.*\n/, '- "{{what.check}}"\n').replace(
        'steps:',
        `parameters:
  what:
    oneOf:
      - check: {network: {name: vault, internal: yes}, hint: {en: Look., zh: 看看。}}
      - check: {container: {name: vault}, hint: {en: Look., zh: 看看。}}
steps:`,
      ),
  },
  'an id in capitals': lab('id: create', 'id: Create'),
  'a check that is text': check('network'),
  'a check of an unknown kind': check('netwrok: {name: vault}'),
  'a check of two kinds': check('network: {name: vault}\n        container: {name: db}'),
  'a check without its name': check('network: {internal: yes}'),
  'a yes that is none': check('network: {name: vault, internal: maybe}'),
  'an unknown key of a check': check('network: {name: vault, intern: yes}'),
  'a port beyond the last': check('reach: {from: web, to: db, port: 70000}'),
  'a port as text': check('reach: {from: web, to: db, port: http}'),
  'a state that is none': check('container: {name: db, state: runing}'),
  'a list that is none': check('container: {name: db, networks: vault}'),
  'within an hour': check('network: {name: vault}\n        within: 3600'),
  'a hint in one language': lab(
    '- container: {name: db, networks: [vault], only: yes}\n        hint: {en: "`db` may stand on `vault` alone.", zh: "`db` 只能接入 `vault` 这一个网络。"}',
    '- container: {name: db, networks: [vault], only: yes}\n        hint: Look.',
  ),
  'a route of IPv6 over an IPv4 address': check('route: {of: laptop, to: "fd00:1::/64", via: 192.168.1.11}'),
  'an IPv6 address in an IPv4 network': check('address: {of: laptop, address: "fd00:1::2", in: 10.0.0.0/8}'),
  'a family for an address': check('reach: {from: db, to: 192.168.1.50, family: ipv6}'),
  'a type that is not that of the address': check('resolve: {from: db, name: web, type: A, to: "fd00::2"}'),
  'a value of an unknown kind': check(
    'answer: {id: q, ask: {en: What?, zh: 什么？}, value: {container: db, fact: adress}}',
  ),
  'a name of a value in capitals': lab('steps:', 'values: {Token: {swarm: node1, fact: workerToken}}\nsteps:'),
  'YAML that does not end': lab('topic: bridge', 'topic: [bridge'),
  'a text with a colon': lab('title: {en: A network without a way out, zh: 没有出口的网络}', 'title: a: b'),
  'a key twice': lab('level: beginner', 'level: beginner\nlevel: advanced'),
  'a tab': lab('  - id: connect', '\t- id: connect'),
  'a quote that is not closed': lab('minutes: 10', 'minutes: "10'),
  'an image that is none': check('container: {name: db, image: redsi}'),
  'a host that is none': check('reach: {from: nod1/db, to: laptop, expect: no}'),
  'a name that is nearly that of a host': check('reach: {from: labtop, to: db, expect: no}'),
  'a container of a plain host': check('reach: {from: laptop/db, to: web}'),
  'a rack without Docker': noDocker,
  'Docker on a plain host': { 'solution/create.md': '```bash run laptop\ndocker ps\n```\n' },
  'an image that is none in the setup': { 'setup.sh': 'true\ndocker run -d --name web ngnix\n' },
  'an image that comes with vethlab and is asked for': lab('minutes: 10', 'minutes: 10\nimages: [nginx]'),
  'an image whose name is none': lab('minutes: 10', 'minutes: 10\nimages: [Shop/Web, a b]'),
  'a mistake of no check': { 'mistakes/not-internal.md': replace('check: 1', 'check: 9') },
  'a mistake of a misspelt check': {
    ...lab('- reach: {from: web', '- id: by-name\n        reach: {from: web'),
    'mistakes/web-left-outside.md': replace('check: 2', 'check: by-nam'),
  },
  'a mistake that also fails nowhere': {
    'mistakes/db-on-two-networks.md': replace('also: {3: ', 'also: {7: '),
  },
  'a reason that is none': { 'mistakes/not-internal.md': replace('network.internal', 'internal') },
  'a reason of another family': { 'mistakes/not-internal.md': replace('network.internal', 'network.intern') },
  'a folder with a misspelt name': { 'mistake/one.md': 'x\n' },
  'a page that is not UTF-8': { 'zh.md': Uint8Array.from([0x23, 0x20, 0xe9, 0x0a]) },
  'a page that is missing': { 'zh.md': undefined },
  'a word behind run that means nothing': { 'en.md': replace('```bash run', '```bash run as root') },
}

/** All files of a broken lab. */
export function brokenFiles(changes: Changes): Record<string, string | Uint8Array> {
  const files: Record<string, string | Uint8Array | undefined> = guideFiles()
  for (const [name, change] of Object.entries(changes)) {
    files[name] = typeof change === 'function' ? change(String(files[name])) : change
  }
  return Object.fromEntries(Object.entries(files).flatMap(([name, file]) => (file === undefined ? [] : [[name, file]])))
}
