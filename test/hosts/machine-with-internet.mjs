// Runs in a network namespace that plays the machine, and says as JSON what racks with internet reach from there.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { LocalRacks } from '../../dist/rack/local-racks.js'
import { StateDirectory } from '../../dist/rack/state-directory.js'

const [statePath] = process.argv.slice(2)

const machine = createServer((_, answer) => answer.end('machine')).listen(9000, '0.0.0.0')
const lan = { lan: { subnet: '192.168.1.0/24', at: { a: '.11' } } }
const racks = await LocalRacks.start(StateDirectory.at(statePath))
const forwarding = () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()
const before = forwarding()
try {
  const open = await racks.open({ hosts: { a: 'plain' }, lans: lan, internet: true })
  const other = await racks.open({ hosts: { a: 'plain' }, lans: lan, internet: true })
  const closed = await racks.open({ hosts: { a: 'plain' }, lans: lan })
  await racks.exec(other.id, 'a', ['sh', '-c', 'while :; do echo other | nc -l -p 9000 -N; done >/dev/null 2>&1 &'])
  const from = async (rack, url) => {
    const { stdout } = await racks.exec(rack.id, 'a', ['curl', '-s', '--max-time', '2', url])
    return stdout.trim()
  }
  // Not synchronously: the server that answers is this process.
  const here = async (url) => (await promisify(execFile)('curl', ['-s', '--max-time', '2', url])).stdout.trim()
  const result = {
    public: await from(open, 'http://203.0.113.10:8000'),
    byName: await from(open, 'http://web.example:8000'),
    publicFromAirGapped: await from(closed, 'http://203.0.113.10:8000'),
    privateFromMachine: await here('http://10.77.0.5:8000'),
    private: await from(open, 'http://10.77.0.5:8000'),
    machineFromMachine: await here('http://203.0.113.1:9000'),
    machine: await from(open, 'http://203.0.113.1:9000'),
    machineTransit: await from(open, 'http://198.18.0.1:9000'),
    machineLoopback: await from(open, 'http://127.0.0.1:9000'),
    otherRack: await from(open, 'http://198.18.0.6:9000'),
    otherRackAlone: (
      await racks.exec(other.id, 'a', ['curl', '-s', '--http0.9', '--max-time', '2', 'http://127.0.0.1:9000'])
    ).stdout.trim(),
    forwardingBefore: before,
    forwardingWhile: forwarding(),
  }
  for (const rack of [open, other, closed]) await racks.close(rack.id)
  result.forwardingAfter = forwarding()
  result.linksAfter = JSON.parse(execFileSync('ip', ['-json', 'link']).toString()).map((link) => link.ifname)
  result.rulesAfter = execFileSync('nft', ['list', 'ruleset']).toString()
  console.log(JSON.stringify(result))
} finally {
  await racks.closeAll()
  machine.close()
}
