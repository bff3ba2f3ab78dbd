import { expect, test } from 'vitest'
import { capacity } from '../../server/machine/capacity.js'
import { cgroupMode } from '../../server/machine/cgroup.js'
import {
  type DoctorReport,
  describeSettings,
  examine,
  freeBytesAt,
  hasAllIds,
  lackingCapabilities,
} from '../../server/machine/doctor.js'
import { renderReport } from '../../server/machine/doctor-report.js'
import { lowSettings } from '../../server/machine/shared-settings.js'

const golden = { version: 'trixie-1', builtAt: '2026-01-02T03:04:05.000Z', ageMs: 3 * 86_400_000 }

const report: DoctorReport = {
  ok: false,
  rows: [
    { area: 'root', name: 'user', status: 'ok', found: 'root' },
    {
      area: 'feature',
      name: 'ip_vs',
      status: 'warning',
      found: 'RTNETLINK answers: No such file or directory, and some more words to break',
      fails: 'Swarm service virtual IPs and the routing mesh do not answer; endpoint mode dnsrr works.',
      cure: 'Run modprobe ip_vs.',
    },
    { area: 'tool', name: 'runc', status: 'missing', found: 'no runc', fails: 'No host.', cure: 'Install it.' },
  ],
}

test('aligns the columns and puts what fails and helps under what is not ok', () => {
  expect(renderReport(report, { colour: false })).toBe(
    [
      'ok       root     user   root',
      'warning  feature  ip_vs  RTNETLINK answers: No such file or directory, and some more words to break',
      '    fails: Swarm service virtual IPs and the routing mesh do not answer; endpoint mode dnsrr works.',
      '    cure:  Run modprobe ip_vs.',
      'missing  tool     runc   no runc',
      '    fails: No host.',
      '    cure:  Install it.',
      '',
      'Labs cannot run on this machine yet: 1 missing, 1 warning.',
      '',
    ].join('\n'),
  )
})

test('keeps to the width and loses no word', () => {
  for (const width of [40, 60, 80]) {
    const lines = renderReport(report, { colour: false, width }).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain(
      'and the routing mesh do not answer; endpoint mode dnsrr works.',
    )
  }
})

test('colours only the status, and only when asked', () => {
  const coloured = renderReport(report, { colour: true, width: 60 })
  expect(coloured).toContain('\u001b[31mmissing\u001b[0m')
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderReport(report, { colour: false, width: 60 }))
})

test('hostile text neither steers the terminal nor breaks the table', () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\r\nok  all  good\u009b31m'
  const long = 'x'.repeat(5_000)
  const text = renderReport(
    {
      ok: true,
      rows: [
        { area: 'kernel', name: hostile + long, status: 'warning', found: hostile, fails: hostile, cure: long },
        { area: 'kernel', name: 'release', status: 'ok', found: '6.1' },
      ],
    },
    { colour: false, width: 72 },
  )
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  expect(text.split('\n').filter((line) => line.startsWith('ok'))).toHaveLength(1)
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72)
})

test('examines this machine into plain data, each row with advice unless it is ok', async () => {
  const found = await examine({ golden, store: { path: '/var/lib/vethlab-made-up/state' } })
  expect(JSON.parse(JSON.stringify(found))).toEqual(found)
  expect(found.ok).toBe(found.rows.every(({ status }) => status !== 'missing'))
  expect(new Set(found.rows.map(({ area }) => area))).toEqual(
    new Set(['root', 'cgroup', 'kernel', 'feature', 'tool', 'memory', 'disk', 'golden']),
  )
  for (const { name, status, found: seen, fails, cure } of found.rows) {
    expect(seen, name).not.toBe('')
    if (status !== 'ok')
      expect([fails, cure], name).toEqual([expect.stringMatching(/.+\.$/), expect.stringMatching(/.+/)])
  }
  const racks = found.rows.find(({ name }) => name === 'racks')
  expect(racks?.found).toBe(`${capacity().racks} at the same time by default: ${capacity().why}`)
  expect(found.rows.find(({ area }) => area === 'golden')).toEqual({
    area: 'golden',
    name: 'golden system',
    status: 'ok',
    found: 'trixie-1, built 3 days ago (2026-01-02T03:04:05.000Z)',
  })
})

test('advises on tables of the whole machine that are too small for so many racks, and says what to set', () => {
  const low = lowSettings(192, ({ path }) => (path === 'kernel/pid_max' ? 131_072 : 1_000_000))
  expect(describeSettings(64, low)).toEqual([
    {
      area: 'kernel',
      name: 'kernel.pid_max',
      status: 'warning',
      found: '131072, for all hosts together',
      fails: 'No process begins once all numbers are taken.',
      cure: 'For 64 racks: sysctl -w kernel.pid_max=405504, and the same below /etc/sysctl.d to keep it.',
    },
  ])
  // What the kernel does not have needs no advice, and what rackd makes large enough itself neither.
  expect(lowSettings(192, () => undefined)).toEqual([])
  expect(
    describeSettings(
      16,
      lowSettings(48, ({ raisedTo = 1_000_000 }) => raisedTo),
    ),
  ).toEqual([{ area: 'kernel', name: 'tables of all', status: 'ok', found: 'large enough for 16 racks' }])
})

test('advises cgroup v2 where v1 is, and labs run all the same', async () => {
  const { rows } = await examine({ golden, store: { path: '/' } })
  expect(rows.find(({ name }) => name === 'v2')?.status).toBe(cgroupMode() === 'v1' ? 'warning' : undefined)
})

test('a full disk stops setup, and later only the next setup', async () => {
  const store = { path: '/nowhere', freeBytes: 1024 ** 3 }
  const disk = async (input: Parameters<typeof examine>[0]) =>
    (await examine(input)).rows.find(({ area }) => area === 'disk')
  expect(await disk({ store })).toMatchObject({ status: 'missing', found: '1.0 GiB free at /nowhere' })
  expect(await disk({ store, golden })).toMatchObject({ status: 'warning' })
})

test('without a golden system labs cannot run', async () => {
  const { ok, rows } = await examine({ store: { path: '/' } })
  expect(ok).toBe(false)
  expect(rows.find(({ area }) => area === 'golden')).toMatchObject({ status: 'missing', found: 'not built' })
})

test('names images that labs need and nobody added, with the command that adds them', async () => {
  const row = async (images: Parameters<typeof examine>[0]['images']) =>
    (await examine({ golden, store: { path: '/' }, ...(images ? { images } : {}) })).rows.find(
      ({ name }) => name === 'images',
    )
  expect(await row(undefined)).toBeUndefined()
  expect(await row({ added: 2, missing: [] })).toMatchObject({ status: 'ok', found: '2 added' })
  const missing = [
    { lab: 'a', image: 'shop:1' },
    { lab: 'b', image: 'shop:1' },
  ]
  expect(await row({ added: 0, missing })).toEqual({
    area: 'golden',
    name: 'images',
    status: 'warning',
    found: '0 added, without shop:1',
    fails: "Labs can't be opened: a, b.",
    cure: 'Run vethlab images add shop:1, or add an archive of it.',
  })
})

test('measures the disk of a directory that is not there yet', async () => {
  expect(await freeBytesAt('/proc/no/such/directory')).toBe(0)
  expect(await freeBytesAt('/no/such/directory')).toBeGreaterThan(0)
})

test('reads capabilities by their bits', () => {
  expect(lackingCapabilities('Name:\tx\nCapEff:\t000001ffffffffff\n')).toEqual([])
  // Docker's default set.
  expect(lackingCapabilities('CapEff:\t00000000a80425fb\n')).toEqual([
    'CAP_NET_ADMIN',
    'CAP_SYS_PTRACE',
    'CAP_SYS_ADMIN',
  ])
  expect(lackingCapabilities('')).toHaveLength(13)
})

test('tells the machine’s own ids from mapped ones', () => {
  expect(hasAllIds('         0          0 4294967295\n')).toBe(true)
  expect(hasAllIds('         0     100000      65536\n')).toBe(false)
  expect(hasAllIds('')).toBe(false)
})
