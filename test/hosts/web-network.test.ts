import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { NetworkMap, NetworkView, SessionView, TimelineEntry } from '../../server/protocol/protocol.js'
import { Page, processes, Serve, until } from './web-house.js'

let serve: Serve
let page: Page
let view: SessionView

beforeAll(async () => {
  serve = await Serve.start(['--close-racks'])
  page = await Page.open(serve)
  view = await page.lab('default-bridge')
})
afterAll(async () => {
  page?.close()
  await serve?.end('SIGINT')
})

/** What a window is told of the network. */
class Follower {
  map: NetworkMap | undefined
  readonly entries = new Map<number, TimelineEntry>()

  private constructor(readonly page: Page) {
    page.socket.on('network.map', (_, map) => {
      this.map = map
    })
    page.socket.on('network.timeline', (_, entry) => this.entries.set(entry.id, entry))
  }

  static async follow(page: Page, session: string): Promise<Follower> {
    const follower = new Follower(page)
    const { map, timeline } = await page.value<NetworkView>('network.follow', { session })
    follower.map ??= map
    for (const entry of timeline) if (!follower.entries.has(entry.id)) follower.entries.set(entry.id, entry)
    return follower
  }

  says(): string {
    return [...this.entries.values()]
      .flatMap(({ command, changes }) => changes.map(({ text }) => `${command?.text}: ${text.en}`))
      .join('\n')
  }
}

it('tells every window that follows of what changes, and of the command that did it', async () => {
  const { id: session } = view
  const one = await Follower.follow(page, session)
  const other = await Page.open(serve)
  await other.value('session.join', { lab: 'default-bridge', open: false })
  const two = await Follower.follow(other, session)
  await until(() => one.entries.size > 0)
  const terminal = view.terminals[0]!.id
  await page.attach(session, terminal)
  await page.type(terminal, 'docker network create my_net\r')
  const told = /^docker network create my_net: .*`my_net`/m
  for (const follower of [one, two]) {
    await until(
      () => told.test(follower.says()),
      60_000,
      () => follower.says(),
    )
  }
  expect(two.map!.elements.map(({ id }) => id)).toEqual(one.map!.elements.map(({ id }) => id))
  expect(one.map!.elements.some(({ label }) => label.includes('my_net'))).toBe(true)
  const first = await page.value<NetworkMap>('network.at', { session, entry: [...one.entries.keys()][0]! })
  expect(first.elements.some(({ label }) => label.includes('my_net'))).toBe(false)
  expect(await page.ask('network.at', { session, entry: 4711 })).toMatchObject({
    ok: false,
    trouble: { code: 'map.not-found', what: { zh: expect.any(String) } },
  })
  // Who looks at another lab, or is gone, is told no more.
  await other.value('session.join', { lab: 'user-bridge', open: false })
  const silent = two.entries.size
  await sleep(4_000)
  await page.type(terminal, 'docker network rm my_net\r')
  await until(
    () => /^docker network rm my_net: .*`my_net`/m.test(one.says()),
    60_000,
    () => one.says(),
  )
  expect(two.entries.size).toBe(silent)
  other.close()
})

it('ends what watches the network, and a trace, when the browser goes away', async () => {
  const { id: session } = view
  const watching = () => helpers('watch-namespaces.pl')
  const tracing = () => helpers('observe-packet.pl')
  await until(() => watching().length > 0)
  const other = await Page.open(serve)
  const asked = other.ask('trace.run', { session, from: 'laptop', to: '192.168.1.99' }).catch(() => undefined)
  await until(() => tracing().length > 0)
  other.close()
  await until(() => tracing().length === 0, 5_000)
  await asked
  const traced = page.ask('trace.run', { session, from: 'laptop', to: '192.168.1.99' })
  await sleep(200)
  await page.value('trace.cancel', { session })
  expect(await traced).toMatchObject({ ok: false, trouble: { code: 'trace.cancelled' } })
  page.close()
  await until(() => watching().length === 0, 10_000)
})

/** Programs that rackd of this server runs, by a word of theirs. */
function helpers(word: string): number[] {
  const all = processes()
  const parts = all.filter(({ parent }) => parent === serve.child.pid).map(({ pid }) => pid)
  return all.filter(({ parent, command }) => parts.includes(parent) && command.includes(word)).map(({ pid }) => pid)
}
