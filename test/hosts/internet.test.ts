import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { testState as state } from './state.js'

/** Two namespaces of the test's own: one is "the machine", the other all that lies beyond it. */
const machine = `vl-test-machine-${process.pid}`
const internet = `vl-test-internet-${process.pid}`
let scratch: string
let servers: ChildProcess

const ip = (...args: string[]) => execFileSync('ip', args)

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vethlab-internet-'))
  await writeFile(join(scratch, 'resolv.conf'), 'nameserver 203.0.113.10\n')
  for (const name of [machine, internet]) {
    ip('netns', 'add', name)
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  ip('-n', machine, 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'down0', 'netns', internet)
  ip('-n', machine, 'address', 'add', '203.0.113.1/24', 'dev', 'up0')
  ip('-n', machine, 'link', 'set', 'up0', 'up')
  ip('-n', machine, 'route', 'add', 'default', 'via', '203.0.113.10')
  for (const address of ['203.0.113.10/24', '10.77.0.5/32'])
    ip('-n', internet, 'address', 'add', address, 'dev', 'down0')
  ip('-n', internet, 'link', 'set', 'down0', 'up')
  servers = spawn(
    'nsenter',
    [`--net=/run/netns/${internet}`, process.execPath, fromPackage('test/hosts/simulated-internet.mjs')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(servers.stdout!, 'data')
})
afterAll(async () => {
  servers?.kill('SIGKILL')
  for (const name of [machine, internet]) ip('netns', 'delete', name)
  await rm(scratch, { recursive: true, force: true })
})

it('gives a rack that asks for it the internet, and neither the machine, its surroundings nor another rack', async () => {
  const inMachine = [
    `--net=/run/netns/${machine}`,
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"',
  ]
  const program = [process.execPath, fromPackage('test/hosts/machine-with-internet.mjs'), state.root]
  const { stdout } = await promisify(execFile)(
    'nsenter',
    [...inMachine, 'sh', join(scratch, 'resolv.conf'), ...program],
    {
      timeout: 100_000,
    },
  )
  expect(JSON.parse(stdout)).toEqual({
    public: 'internet',
    byName: 'internet',
    publicFromAirGapped: '',
    privateFromMachine: 'internet',
    private: '',
    machineFromMachine: 'machine',
    machine: '',
    machineTransit: '',
    machineLoopback: '',
    otherRack: '',
    otherRackAlone: 'other',
    forwardingBefore: '0',
    forwardingWhile: '1',
    forwardingAfter: '0',
    linksAfter: ['lo', 'up0'],
    rulesAfter: '',
  })
})
