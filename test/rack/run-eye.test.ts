import { expect, it } from 'vitest'
import { runEye } from '../../server/rack/run-eye.js'

const itself = `${process.pid}\n`

it('tells of a success, and gives an eye its input', async () => {
  const result = await runEye('measure-namespaces', [''], { stdin: itself })
  expect(result).toMatchObject({ exitCode: 0, signal: null, timedOut: false, failed: false, truncated: false })
  expect(result.stdout).toMatch(/^\d+ \d+ \d+ \d+ (whole|beyond)$/m)
})

it('tells how one failed, and what it said last', async () => {
  const result = await runEye('run-in-network', ['/nowhere', '/nowhere', 'true'], {})
  expect(result).toMatchObject({ signal: null, timedOut: false, failed: true, truncated: false, stdout: '' })
  expect(result.exitCode).toBeGreaterThan(0)
  expect(result.stderr).toMatch(/No such file/)
})

it('ends one that takes too long, and one that says too much', async () => {
  const late = await runEye('measure-namespaces', [''], { stdin: itself, timeoutMs: 1 })
  expect(late).toMatchObject({ exitCode: null, timedOut: true, failed: true })
  const large = await runEye('measure-namespaces', [''], { stdin: itself, maxOutputBytes: 3 })
  expect(large).toMatchObject({ exitCode: null, truncated: true, failed: true })
  expect(large.stdout).toHaveLength(3)
})
