import type { Place } from '../map/places.js'
import type { ListeningSocket } from '../network/state.js'
import { listed, same, text } from '../wording/phrase.js'
import { code } from '../wording/wording.js'
import { at, type ChangeList, type HostPair, split } from './change-list.js'
import { isServing } from './compare-containers.js'

/** Programs that began or ceased to listen, in namespaces that were there before. */
export function compareSockets(changes: ChangeList, pair: HostPair): void {
  const { told } = pair
  for (const now of changes.after.on(pair.after)) {
    const old = changes.before.places.find(pair.name, now.namespace.id)
    if (!old || told.namespaces.has(now.namespace.id) || !isRead(old) || !isRead(now)) continue
    if (now.namespace.owner.kind === 'engine') continue
    const isWorth = (socket: ListeningSocket) =>
      isServing(socket) &&
      !(now.kind === 'host' && (told.ports.has(`${socket.protocol} ${socket.port}`) || isEngines(socket, told)))
    const { added, removed } = split(ports(old).filter(isWorth), ports(now).filter(isWorth), write)
    const where = at(now)
    const who = now.kind === 'host' ? code(now.host.name) : `${code(now.label)}`
    const on = now.kind === 'host' ? text('', '') : text(` on ${code(now.host.name)}`, `（${code(now.host.name)}）`)
    if (added.length > 0) {
      const list = listed(added.map((socket) => same(code(write(socket)))))
      changes.add(
        'added',
        'socket',
        text(`${who}${on.en} now listens on ${list.en}`, `${who}${on.zh} 开始监听 ${list.zh}`),
        [now.element],
      )
    }
    if (removed.length > 0) {
      const list = listed(removed.map((socket) => same(code(write(socket)))))
      const words = text(`Nothing ${where.en} listens on ${list.en} any more`, `${where.zh}不再监听 ${list.zh}`)
      changes.add('removed', 'socket', words, [now.element])
    }
  }
}

const isRead = ({ namespace }: Place) => !namespace.faults.some((fault) => fault.startsWith('sockets'))

/** containerd's own, on a port of chance. */
const isEngines = ({ address, port }: ListeningSocket, told: HostPair['told']) =>
  told.engine && address === '127.0.0.1' && port >= 32_768

/** A program on both families, or on each address alone, is one where it is on all. */
function ports({ namespace: { sockets } }: Place): ListeningSocket[] {
  return sockets.map((socket) =>
    ['0.0.0.0', '::', '*'].includes(socket.address) ? { ...socket, address: '*' } : socket,
  )
}

function write({ protocol, address, port }: ListeningSocket): string {
  return address === '*'
    ? `${protocol} ${port}`
    : `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`
}
