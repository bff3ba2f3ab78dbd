import { expect, it } from 'vitest'
import { readForeign } from '../../../server/lab/formats/formats.js'
import { drafted, images, made, said } from './package.js'

it('makes hosts of Linux nodes, and LANs of links and bridges', async () => {
  const draft = await drafted({
    'small.clab.yml': `
name: small
topology:
  defaults: {kind: linux, image: "alpine:3"}
  groups:
    clients: {binds: ["daemons:/etc/daemons"]}
  nodes:
    n1:
      group: clients
      exec: ["ip addr add 10.0.0.1/24 dev eth1", "echo a > /tmp/x", "echo $$HOME"]
    n2: {mgmt-ipv4: 172.20.20.22, env: {A: "it's"}, ports: ["80:80"]}
    n3: {network-mode: none}
    br1: {kind: bridge}
  links:
    - endpoints: ["n1:eth1", "n2:eth1"]
      mtu: 9500
    - endpoints: ["n1:eth2", "br1:p1"]
    - endpoints: ["n3:eth1", "br1:p2"]
    - endpoints: ["n2:eth2", "host:x"]
    - type: veth
      endpoints:
        - {node: n2, interface: eth3, mac: "02:00:00:00:00:01", ipv4: 10.1.0.2/24}
        - {node: n3, interface: eth3}
`,
    daemons: 'zebra=yes',
  })
  expect(draft.rack.hosts).toEqual({ n1: 'plain', n2: 'plain', n3: 'plain' })
  const lans = Object.fromEntries(
    Object.entries(draft.rack.lans!).map(([name, { at, mtu }]) => [name, { at: Object.keys(at!), mtu }]),
  )
  expect(lans).toEqual({
    mgmt: { at: ['n1', 'n2'], mtu: undefined },
    'n1-n2': { at: ['n1', 'n2'], mtu: 9000 },
    br1: { at: ['n1', 'n3'], mtu: undefined },
    n2: { at: ['n2'], mtu: undefined },
    'n2-n3': { at: ['n2', 'n3'], mtu: undefined },
  })
  expect(draft.setup.n1).toContain("echo a '>' /tmp/x")
  expect(draft.setup.n2).toMatch(
    /172\.20\.20\.22\/24[\s\S]*address 02:00[\s\S]*10\.1\.0\.2\/24[\s\S]*export A='it'\\''s'/,
  )
  expect(draft.files).toMatchObject([{ host: 'n1', target: '/etc/daemons' }])
  const lines = said(draft)
  expect(lines).toContainEqual(expect.stringContaining('leads to the machine (host)'))
  expect(lines).toContainEqual(expect.stringContaining('MTU of 9500: 9000 here'))
})

it.each([
  ['a vendor', 'name: x\ntopology: {nodes: {a: {kind: nokia_srlinux}}}', /srlinux/],
  ['a template', '{{ range . }}\nname: x', /template of Go/],
  ['no YAML', 'name: [', /clab\.yml:1/],
  ['no name', 'topology: {nodes: {}}', /name/],
])('%s is refused with the reason', async (_name, text, message) => {
  const refused = readForeign(made({ 'x.clab.yml': text }), { images })
  await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(message) })
})
