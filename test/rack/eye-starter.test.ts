import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type StartedEye, startEye } from '../../server/rack/eye-starter.js'

/** One that can't do what it is told, and says so. */
function look(
  use: (eye: StartedEye) => void = () => {},
): Promise<{ said: string; complaints: string; fault?: string }> {
  const heard = { said: '', complaints: '' }
  return new Promise((resolve) => {
    const listener = {
      onOutput: (chunk: Buffer) => {
        heard.said += chunk.toString()
      },
      onComplaint: (chunk: Buffer) => {
        heard.complaints += chunk.toString()
      },
      onEnd: (fault?: string) => resolve({ ...heard, ...(fault === undefined ? {} : { fault }) }),
    }
    use(startEye('read-files', ['/nowhere at all', '100', 'etc/hosts'], { input: '1\n' }, listener))
  })
}

/** Numbers of the processes of this one that start eyes. */
function starters(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const isOurs = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ')[1] === `${process.pid}`
        return isOurs && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('start-eyes.pl')
      } catch {
        return false
      }
    })
    .map(Number)
}

it('starts eyes side by side, by one process, and tells all that each of them says', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => look()))
  for (const { said, complaints, fault } of all) {
    expect([said, fault]).toEqual(['', undefined])
    expect(complaints).toMatch(/^\/nowhere at all: No such file or directory$/m)
  }
  expect(starters()).toHaveLength(1)
})

it('ends one that has not begun, and says nothing of it later', async () => {
  const { said, complaints } = await look((eye) => eye.kill())
  expect([said, complaints]).toEqual(['', ''])
  expect((await look()).complaints).not.toBe('')
})

it('starts them by another process where the first has been ended', async () => {
  await look()
  const [first] = starters()
  process.kill(first!, 'SIGKILL')
  await expect.poll(async () => (await look()).complaints).toMatch(/No such file/)
  expect(starters()).not.toContain(first)
})
