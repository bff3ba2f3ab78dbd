import { restartOf, restartText } from '../cause/restart.js'
import { writeSocket } from '../cause/words.js'
import { isLoopback, sameAddress } from '../network/addresses.js'
import type { ListeningSocket } from '../network/state.js'
import { endpointsOf, type LivePlace } from '../place/place.js'
import { bare, code, codes } from '../wording/wording.js'
import { type Draft, note, ok, problem } from './draft.js'

/** Open ports, without those of the Engine's embedded DNS server. */
export function listening(place: LivePlace): ListeningSocket[] {
  return place.namespace.sockets.filter(({ address }) => address !== '127.0.0.11')
}

/** What its programs listen on, and who can't get there. */
export function listenersOf(place: LivePlace): Draft[] {
  const sockets = listening(place)
  const evidence = sockets.map(writeSocket)
  if (sockets.length === 0) {
    return [
      note({
        en: 'no program in it listens on a port; that is right for a client, and wrong for a server',
        zh: '里面没有程序监听端口；客户端可以这样，服务端就不对了',
      }),
    ]
  }
  const open = sockets.filter(({ address }) => !isLoopback(address))
  const closed = sockets.filter(
    ({ protocol, port, address }) =>
      isLoopback(address) && !open.some((one) => one.protocol === protocol && one.port === port),
  )
  const shown = (list: ListeningSocket[]) => codes([...new Set(list.map((one) => `${one.protocol} ${one.port}`))])
  const found: Draft[] = []
  if (open.length > 0) {
    const list = shown(open)
    found.push(ok({ en: `programs in it listen on ${list.en}`, zh: `里面的程序监听：${list.zh}` }, evidence))
  }
  if (closed.length > 0) {
    const list = shown(closed)
    const fact = {
      en: `${list.en} ${closed.length > 1 ? 'are' : 'is'} open only on its loopback`,
      zh: `${list.zh} 只在回环地址上监听`,
    }
    const why = {
      en: 'each network namespace has a loopback of its own, so nobody else can connect there',
      zh: '每个网络命名空间的回环接口都是独立的，别处连不上',
    }
    const tries = [
      {
        en: 'Let the program listen on `0.0.0.0` (in its settings, often called bind or listen), and restart it',
        zh: '让程序监听 `0.0.0.0`（配置项通常叫 bind 或 listen），然后重启它',
      },
    ]
    const asked = closed.some(({ port }) => place.container?.ports.some(({ containerPort }) => containerPort === port))
    // A second port for its own use is no fault; the only one is.
    found.push(
      open.length === 0 || asked
        ? problem(fact, { why, cause: 'listening-on-loopback', evidence, tries })
        : note(fact, { why, evidence: closed.map(writeSocket) }),
    )
  }
  return [...found, ...oneFamilyOnly(place, open), ...oneNetworkOnly(place, open), ...fullQueues(place, open)]
}

/** A port that is open by one family of addresses alone, though the container has the other. */
function oneFamilyOnly(place: LivePlace, open: ListeningSocket[]): Draft[] {
  const has = (family: 4 | 6) =>
    place.namespace.links.some(({ kind, addresses }) =>
      kind === 'loopback' ? false : addresses.some((one) => one.scope === 'global' && one.family === family),
    )
  const takes = (family: 4 | 6, { address }: ListeningSocket) =>
    address === '*' || family === (/:.*:/.test(address) && !/^::ffff:/i.test(address) ? 6 : 4)
  return doorsOf(open).flatMap(({ what, sockets }): Draft[] => {
    const [four, six] = [4, 6].map((family) => sockets.some((socket) => takes(family as 4 | 6, socket)))
    const lacking = has(4) && !four ? 4 : has(6) && !six ? 6 : undefined
    if (lacking === undefined) return []
    const other = lacking === 4 ? 6 : 4
    const fact = {
      en: `${code(what)} is open only by IPv${other}`,
      zh: `${code(what)} 只通过 IPv${other} 监听`,
    }
    const more = {
      cause: 'port-not-listening' as const,
      evidence: sockets.map(writeSocket),
      tries: [
        lacking === 4
          ? {
              en: 'Let the program listen on `0.0.0.0`, or on `::` for both families (without `IPV6_V6ONLY`)',
              zh: '让程序监听 `0.0.0.0`，或者监听 `::` 并同时接受两种地址（不设置 `IPV6_V6ONLY`）',
            }
          : {
              en: 'Let the program listen on `::` as well',
              zh: '让程序也监听 `::`',
            },
      ],
    }
    // Who has no address of the family that is open, is not reached at all; else it may be meant so.
    return has(other)
      ? [
          note(fact, {
            ...more,
            why: { en: `nobody connects to it by IPv${lacking}`, zh: `用 IPv${lacking} 连不上` },
          }),
        ]
      : [
          problem(fact, {
            ...more,
            why: {
              en: `the container has only IPv${lacking} addresses, so nobody else can connect`,
              zh: `而这个容器只有 IPv${lacking} 地址，所以别人都连不上`,
            },
          }),
        ]
  })
}

/** Of several networks one alone may be meant: those on the others do not connect. */
function oneNetworkOnly(place: LivePlace, open: ListeningSocket[]): Draft[] {
  const legs = endpointsOf(place)
  if (legs.length < 2) return []
  return doorsOf(open).flatMap(({ what, sockets }): Draft[] => {
    const leg = legs.find(({ address, address6 }) =>
      sockets.every((socket) => [address, address6].some((own) => sameAddress(own, socket.address))),
    )
    if (!leg) return []
    const [at, on] = [code(sockets[0]!.address), code(leg.network)]
    return [
      note(
        {
          en: `${code(what)} is open only at ${at}, its address on ${on}: from its other networks nobody connects`,
          zh: `${code(what)} 只监听它在 ${on} 上的地址 ${at}：从其他网络连不上`,
        },
        { cause: 'port-not-listening', evidence: sockets.map(writeSocket) },
      ),
    ]
  })
}

/** Programs that do not accept what has come (listen(2), backlog). */
function fullQueues(place: LivePlace, open: ListeningSocket[]): Draft[] {
  return open.flatMap((socket): Draft[] => {
    if (!socket.full) return []
    const { waiting, most } = socket.full
    const again = restartText(restartOf(place.host, place.container!.name))
    return [
      problem(
        {
          en: `the program at ${code(`${socket.protocol} ${socket.port}`)} does not accept connections`,
          zh: `${code(`${socket.protocol} ${socket.port}`)} 上的程序没有接受连接`,
        },
        {
          why: {
            en: `${waiting} wait, and it asked for ${most} at most, so the kernel drops further ones`,
            zh: `有 ${waiting} 个连接在等待，而它最多只要 ${most} 个，之后的都被内核丢弃`,
          },
          cause: 'full-queue',
          evidence: [writeSocket(socket)],
          tries: [
            {
              en: `See what the program does: \`docker logs ${bare(place.container!.name)}\`; to start it again: ${again.en}`,
              zh: `看程序在做什么：\`docker logs ${bare(place.container!.name)}\`；重新启动它：${again.zh}`,
            },
          ],
        },
      ),
    ]
  })
}

/** Ports, each with all sockets that take it. */
function doorsOf(open: ListeningSocket[]): { what: string; sockets: ListeningSocket[] }[] {
  const all = new Map<string, ListeningSocket[]>()
  for (const socket of open) {
    const what = `${socket.protocol} ${socket.port}`
    all.set(what, [...(all.get(what) ?? []), socket])
  }
  return [...all].map(([what, sockets]) => ({ what, sockets }))
}
