import { Agent, request } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import { House } from './house.js'

/** Bytes that something still refers to. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What is only weakly held goes with the second.
  for (let n = 0; n < 3; n++) collect()
  return process.memoryUsage().heapUsed
}

it('thousands of requests that are refused, each with a cookie and a path of its own, leave nothing behind', {
  timeout: 60_000,
}, async () => {
  const house = await House.start()
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })
  onTestFinished(async () => {
    agent.destroy()
    await house.stop()
  })
  const refused = (n: number) =>
    new Promise<number>((resolve, reject) => {
      const headers = { cookie: `vethlab-session=${n}-${'a'.repeat(43)}` }
      const asking = request({ host: '127.0.0.1', port: house.port, path: `/labs/none-${n}`, headers, agent })
      asking.once('response', (answer) => answer.resume().once('end', () => resolve(answer.statusCode!)))
      asking.once('error', reject).end()
    })
  const many = async (from: number, count: number) => {
    for (let n = from; n < from + count; n += 100) {
      const codes = await Promise.all(Array.from({ length: 100 }, (_, at) => refused(n + at)))
      for (const code of codes) expect([401, 429]).toContain(code)
    }
  }
  // What is made once is made by then.
  await many(0, 1_000)
  const before = heldBytes()
  await many(1_000, 6_000)
  // A table with an entry for each, and its key, would be more.
  expect(heldBytes() - before).toBeLessThan(1024 ** 2)
})
