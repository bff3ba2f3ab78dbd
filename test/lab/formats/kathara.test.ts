import { expect, it } from 'vitest'
import { readForeign } from '../../../server/lab/formats/formats.js'
import { drafted, images, made, said } from './package.js'

it('makes hosts of devices and LANs of collision domains', async () => {
  const draft = await drafted({
    'lab.conf': [
      'LAB_DESCRIPTION="ARP over a router"',
      'LAB_AUTHOR="Somebody"',
      '# comment',
      'pc1[0]=A',
      'pc1[image]="kathara/base"',
      'R_1[0]="A/00:00:00:00:00:01"',
      'R_1[1]="B"',
      'R_1[sysctl]="net.ipv4.ip_forward=1"',
      'R_1[bridged]=true',
      'pc2[0]="B"',
      'pc2[image]="kathara/frr"',
      'nonsense',
    ].join('\r\n'),
    'pc1.startup': 'ip address add 10.0.0.1/24 dev eth0\n',
    'R_1.startup': 'ip address add 10.0.0.254/24 dev eth0\nsystemctl start frr\n',
    'shared.startup': 'echo shared',
    'pc2/etc/motd': 'hello',
    'pc2.shutdown': 'echo bye',
  })
  expect(draft.rack.hosts).toEqual({ pc1: 'plain', 'r-1': 'plain', pc2: 'plain' })
  expect(Object.entries(draft.rack.lans!).map(([name, { at }]) => [name, Object.keys(at!)])).toEqual([
    ['a', ['pc1', 'r-1']],
    ['b', ['r-1', 'pc2']],
  ])
  expect(draft.rack.lans!.b!.at!['r-1']).toMatchObject({ interface: 'eth1' })
  expect(draft.setup['r-1']).toMatch(
    /ip addr flush dev eth0[\s\S]*ip_forward=1[\s\S]*address 00:00:00:00:00:01[\s\S]*ip_forward=1[\s\S]*echo shared[\s\S]*10\.0\.0\.254/,
  )
  expect(draft.files).toMatchObject([{ host: 'pc2', target: '/etc/motd' }])
  const lines = said(draft)
  for (const line of [
    'suspicious lab.conf:12 means nothing: nonsense',
    'internet lab.conf:9 R_1 has an interface to the internet; the rack has none',
    'differs lab.conf:0 R_1 is called r-1 here',
    'lost pc2.shutdown:0 runs at the end: hosts are thrown away here',
  ])
    expect(lines).toContain(line)
  expect(lines).toContainEqual(expect.stringContaining('pc2 is kathara/frr'))
  expect(lines).toContainEqual(expect.stringContaining('R_1.startup:2 starts frr'))
})

it.each([
  ['lab.ext', { 'lab.conf': 'a[0]=A', 'lab.ext': 'A eth1' }, /lab\.ext: joins the lab/],
  ['nine devices', { 'lab.conf': Array.from({ length: 9 }, (_, n) => `p${n}[0]=A`).join('\n') }, /has 9 hosts/],
  ['no device', { 'lab.conf': '# none' }, /names no device/],
])('%s is refused with the reason', async (_name, files, message) => {
  const refused = readForeign(made(files as Record<string, string>), { images })
  await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(message) })
})
