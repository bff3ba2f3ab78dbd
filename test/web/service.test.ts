import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unitOf } from '../../server/commands/service.js'

describe('the unit of systemd', () => {
  it('begins the server with its options, whatever is in them', () => {
    const unit = unitOf(['--port', '80', '--state', 'some where', '--tls-cert=c.pem', '--public-name', 'a$b%c"d'])
    const [line = ''] = /^ExecStart=.*$/m.exec(unit) ?? []
    expect(line).toContain(`main.js serve --port 80 --state "${process.cwd()}/some where"`)
    expect(line).toContain(`--tls-cert=${process.cwd()}/c.pem`)
    expect(line).toContain('--public-name "a$$b%%c\\"d"')
    expect(() => unitOf(['x\nExecStartPre=/bin/evil'])).toThrow(/no unit can have/)
    // Every user of the machine reads a unit.
    for (const words of [
      ['--database', 'postgres://a:b@c/d'],
      ['--port', '80', '--database=postgres://a:b@c/d?x=1'],
    ]) {
      expect(() => unitOf(words)).toThrow('has a password')
    }
    expect(unitOf(['--database', 'postgres://a@c/d'])).toContain('postgres://a@c/d')
  })

  it.runIf(existsSync('/usr/bin/systemd-analyze'))('is one that systemd understands', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'unit-')), 'vethlab.service')
    writeFileSync(file, unitOf(['--port', '8080']).replace(/ExecStart=\S+/, 'ExecStart=/bin/true'))
    // It also tells of other units of the machine, and of man pages that are not there.
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    expect(said).not.toContain('vethlab.service')
  })
})
