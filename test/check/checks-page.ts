import { parse } from 'yaml'
import { z } from 'zod'
import { commonFields, families } from '../../server/check/checks.js'
import { ValueSpec } from '../../server/check/values.js'

/** docs/checks.md, written from the schemas of the families, so that it can't tell what they do not hold. */

interface JsonSchema {
  type?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  default?: unknown
  additionalProperties?: JsonSchema
}

const about: Record<string, [what: string, example: string]> = {
  network: [
    'A Docker network as the Engine knows it, and that the kernel has the bridge for it.',
    'network: {name: shop, driver: bridge, subnet: 10.20.0.0/24, containers: [web, db]}',
  ],
  container: [
    'A container: that it is there and runs, and how it stands in the network. Where Engine and kernel disagree, the kernel counts.',
    'container: {name: web, image: nginx, networks: [shop], only: yes, address: {shop: 10.20.0.10}}',
  ],
  interfaces: ['Which links a network namespace has, by their names.', 'interfaces: {of: sealed, only: [lo]}'],
  address: ['An address on a link, as the kernel has it.', 'address: {of: web, link: eth0, in: 10.20.0.0/24}'],
  route: [
    'A route of the kernel, or more specific ones that together do the same. `default` is the one of IPv4, unless `via` is an IPv6 address.',
    'route: {of: laptop, to: 10.20.0.0/24, via: 192.168.1.11}',
  ],
  link: [
    'A link in a network namespace, with what it is and what it hangs on.',
    'link: {of: node1, kind: veth, peer: web, master: shop}',
  ],
  rule: [
    'A rule of netfilter. It matches when every field that is given agrees; addresses compare as networks. A rule behind one that ends the chain for every packet has no effect, and fails with `rule.shadowed`. It asks for a form: where only the effect counts, ask `firewall` or `reach`.',
    'rule: {chain: DOCKER-USER, source: 192.168.1.50, protocol: tcp, port: 80, target: DROP}',
  ],
  firewall: [
    'What the filters of a host make of a packet that begins something new, by whatever rules they do it: worked out from the rules, without sending one. Use it in place of `rule` where the effect is what counts.',
    'firewall: {host: node2, from: laptop, protocol: udp, port: 4789, expect: no}',
  ],
  port: [
    "A port of a container that its host publishes: what the Engine says, and the kernel's DNAT rule that makes it true, with no other before it that leads elsewhere what comes from a LAN.",
    'port: {container: web, port: 80, published: 8080, address: 127.0.0.1}',
  ],
  reach: [
    'Whether somebody reaches somebody: a real packet or connection, from the namespace of the one who asks. `expect: no` passes only with a proof that there is something to reach: `control.from` must reach it, or without `control` the target must answer itself, at its own address or on its loopback. Without that proof it fails with `reach.control`. Who stands in the namespace of the target proves nothing of others (`reach.together`), and who has the address of the target itself asks only itself (`reach.itself`). Nor counts an answer where a rule or a route of the one who asks leads to somebody else with that address (`reach.elsewhere`). What a cure opened besides is what `only` looks for, and what it stopped, `still`: both are asked once the check itself has passed.',
    'reach: {from: auditor, to: db, port: 6379, expect: no, control: {from: app}}',
  ],
  resolve: [
    'What a name resolves to where somebody stands: its hosts file, then its nameservers with its search domains.',
    'resolve: {from: app, name: db, to: db}',
  ],
  swarm: ['Whether a host is in a swarm, and as what.', 'swarm: {host: node2, role: worker}'],
  node: ["A node of a swarm, as the swarm's managers see it.", 'node: {name: node2, availability: drain}'],
  service: [
    "A service of a swarm, as the swarm's managers see it.",
    'service: {name: api, replicas: 2, running: 2, endpoint: vip, nodes: [node1, node2]}',
  ],
  vxlan: [
    'The VXLAN links of an overlay network, which the Engine keeps in namespaces of its own on each host.',
    'vxlan: {network: app_net, hosts: [node1, node2], peers: yes}',
  ],
  macvlan: [
    "A macvlan link in a container: a MAC address of its own on the host's LAN.",
    'macvlan: {container: printer, parent: eth0}',
  ],
  answer: [
    'What the learner found out and typed. It needs one of `value` and `equals`. What tools print around a value does not count: case, blanks, full-width signs, quotes, punctuation, units, the `@if8` of a link, the port or URL of an address, or the rest of its line. Addresses, networks and MAC addresses are compared by what they mean. A length of an address may be given, but must be that of its network; the length of a network must be given. Two different values where one is asked are no answer. A wrong answer is told by what it is: by an entry of `instead`, which has one of `value` and `equals` as well, else by whose address, MAC address or link it is at the moment, where that is known.',
    'answer: {id: gateway, ask: {en: What is the gateway of web?, zh: web 的网关是什么？}, value: {container: web, fact: gateway}}',
  ],
  choice: [
    'A question with answers to choose from, one or `several`, and with what is wrong about each that is not right. The answer goes by the ids of the options; which are right is known to the server alone. It can be guessed, so that a step needs something beside it that only the work makes true, or says with `reads` why not.',
    'choice: {id: why, ask: {en: Why is it silent?, zh: 为什么没有应答？}, options: [{text: {en: Nothing listens there, zh: 那里没有程序在监听}, why: {en: then it would be refused, zh: 那样会被拒绝}}, {text: {en: A rule drops it, zh: 有规则丢弃了它}, right: yes}]}',
  ],
  number: [
    'A number that the learner found out, such as one that was measured. It needs one of `is` and `value`, and may be off by `within`. It is read as people and tools write it: `1.5 ms`, `1500 µs`, `1,500 B`.',
    'number: {id: rtt, ask: {en: How long does a packet take to web and back?, zh: 数据包往返 web 要多久？}, is: 40, within: 20%, unit: ms, known: The delay is set by the page itself.}',
  ],
  pattern: [
    'An answer that may be written in many ways, of which a regular expression says which are right. It is matched by RE2, in a time that grows with the length of the answer and no faster.',
    'pattern: {id: version, ask: {en: Which TLS versions are offered?, zh: 提供哪些 TLS 版本？}, matches: "(tls ?v?)?1\\\\.[23]", why: {en: "a version is written like 1.2", zh: "版本号形如 1.2"}, known: It stands in the log that the page shows.}',
  ],
  prediction: [
    'A table of who reaches whom, and by what, that the learner fills in and the server then measures. Rows are those who ask, columns whom they ask and how; nobody is asked about themselves. Nothing is measured before every cell is filled in, so that nothing of the answer is known before. Then each cell is asked as `reach` asks it: an answer is a yes, and silence a no only where the target answers itself, else it fails with `prediction.unproved`. It passes when all of it was measured as predicted, at one moment; a cell that was not is told with what was measured and, where the network shows it, why. In a submission and in `answer=ID` blocks the answer is a row a line, or behind a semicolon, and a word a column: `web: yes no -`.',
    'prediction: {id: tiers, ask: {en: Who reaches whom?, zh: 谁能访问谁？}, from: [laptop, web, api], to: [{to: api, port: 8000}, {to: db, port: 6379}, {to: db}, {to: db, by: name, port: 6379}]}',
  ],
  all: [
    'A list of checks that all have to pass; the first that fails tells why.',
    'all: [{node: {name: node1}}, {node: {name: node2}}]',
  ],
  any: [
    'A list of checks of which one is enough.',
    'any: [{container: {name: web, mode: host}}, {port: {container: web, port: 80}}]',
  ],
  not: [
    'A check that has to fail, and not because a container it names does not run. `reach` and `resolve` are refused here: their own `expect: no` proves more.',
    'not: {container: {name: web, mode: host}}',
  ],
  script: [
    'The lab\'s own program, for what no family can say. It runs outside the rack, in the lab\'s folder, for at most 10 s and in 256 MiB, as a user that nothing belongs to: without a network, and seeing of the machine no process and no file but programs, libraries and the lab\'s folder, all read-only, which every user of the machine must be able to read. It gets the state as JSON and prints one object: `{"outcome": "pass", "observed": {"en", "zh"}}`, or `"fail"` with `reason`, `expected`, `observed` and `why`, or `"error"` with `reason` and `why`. Anything else is an error.',
    'script: {run: parity.mjs}',
  ],
  command: [
    'What a shell script says that runs in a host of the rack, as root, for at most 10 s. The learner is root there as well and can make it say anything, so that its verdict proves nothing: it is for practice, and for labs that were [imported](import.md). Where the network itself can be asked, ask it.',
    'command: {on: node1, run: verify.sh}',
  ],
}

export const examples = Object.fromEntries(
  Object.entries(about).map(([key, [, example]]) => [key, parse(example) as unknown]),
)

export function checksPage(): string {
  const sections = families.map(({ key, schema, reasons }) => {
    const [what, example] = about[key]!
    const fields = table(json(schema))
    return [
      `## ${key}`,
      wrapped(what),
      ...(fields ? [fields] : []),
      `\`\`\`yaml\n- ${example}\n\`\`\``,
      wrapped(
        reasons.length > 0
          ? `Fails with: ${reasons.map((reason) => `\`${reason}\``).join(', ')}.`
          : 'Its reasons are its own.',
      ),
    ].join('\n\n')
  })
  return `${[
    '# Checks',
    'The reference of what a step in `lab.yaml` can ask for. An entry of `checks` has one key that names its family, and beside it:',
    table(json(commonFields)),
    'A check **passes**, **fails** with a reason, or is an **error**: it could not be made, which says nothing of the learner. All checks of a step are made on one picture of the network, and again with a new one until they pass or their `within` is over; the step is done when all pass at the same time.',
    '`REF` is `host/container`, a container on the first docker host, or a host, whose names win. The tasks of a swarm service, whose names end in chance, are found as `service.1` or `service`. `HOST` is the name of a host. Where a Docker network stands for its bridge or its subnet, its name is enough: nobody can know `br-1f2e3d4c5b6a` beforehand. Names and options are compared exactly, addresses and networks by what they mean. `expect: no` turns presence round.',
    `Families: ${families.map(({ key }) => `[${key}](#${key})`).join(', ')}.`,
    ...sections,
    '## Values',
    "What a page can show as `{{name}}`, and what `answer.value` compares with. A value of `chance` is another one in each rack, drawn as the `chance` of `lab.yaml` says: what a setup hides behind it can't be known without a look. One of these:",
    ...(json(ValueSpec).anyOf ?? []).map(table),
    '## Errors',
    'Whatever the family, a check is an error when an Engine does not answer (`engine.silent`) or is not the one that vethlab started (`engine.unverified`), when a host is not in the rack (`reference.no-host`) or has no Engine (`engine.none`), when the state could not be read completely (`state.incomplete`) or a question not be asked (`probe.failed`), when it took too long (`check.timeout`), and for what only it knows: `answer.unknowable` (nothing there to compare with), `reach.no-control` (a literal address that nobody in this lab is known to have), `script.missing`, `script.failed`, `script.timeout`, `script.output`, `script.memory`.',
  ]
    .map(wrapped)
    .join('\n\n')}\n`
}

/** Prose in lines of at most 120 characters; tables and what is wrapped already stay. */
function wrapped(text: string): string {
  if (text.includes('\n')) return text
  return text.replace(/(?![^\n]{1,120}$)([^\n]{1,120})\s/g, '$1\n')
}

function json(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

function table({ properties = {}, required = [] }: JsonSchema): string {
  const rows = Object.entries(properties).map(([field, schema]) => {
    const name = `\`${field}\`${required.includes(field) ? '' : ' (optional)'}`
    return `| ${name} | ${kindOf(schema).replaceAll('|', '\\|')} | ${(schema.description ?? '').replaceAll('|', '\\|')} |`
  })
  return rows.length === 0 ? '' : ['| field | kind | meaning |', '|---|---|---|', ...rows].join('\n')
}

function kindOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.anyOf) {
    const kinds = [...new Set(schema.anyOf.map(kindOf))]
    return kinds.includes('`yes`, `no`') ? '`yes`, `no`' : kinds.join(' or ')
  }
  if (schema.type === 'array') return `list of ${kindOf(schema.items ?? {})}`
  if (schema.type === 'object') {
    if (schema.properties)
      return `map of ${Object.keys(schema.properties)
        .map((key) => `\`${key}\``)
        .join(', ')}`
    return `map to ${kindOf(schema.additionalProperties ?? {})}`
  }
  const kinds: Record<string, string> = {
    integer: 'number',
    number: 'number',
    string: 'text',
    boolean: 'true or false',
  }
  return kinds[schema.type ?? ''] ?? 'any'
}
