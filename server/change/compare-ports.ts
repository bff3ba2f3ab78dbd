import { type HostPort, hostPorts } from '../map/draw-ports.js'
import { publishesId } from '../map/ids.js'
import { isAny } from '../network/addresses.js'
import { text } from '../wording/phrase.js'
import { code } from '../wording/wording.js'
import { type ChangeList, type HostPair, split } from './change-list.js'

/** Ports of the host that lead to containers; those of services are told with the service. */
export function comparePorts(changes: ChangeList, pair: HostPair): void {
  const { told } = pair
  if (told.engine) return
  const { added, removed, kept } = split(
    hostPorts(changes.before, pair.before),
    hostPorts(changes.after, pair.after),
    ({ id }) => id,
  )
  for (const { protocol, port } of [...added, ...removed]) told.ports.add(`${protocol} ${port}`)
  for (const port of added) if (port.by === 'engine') changes.add('added', 'port', addedWords(port), aboutPort(port))
  for (const port of removed) {
    if (port.by !== 'engine') continue
    const [number, host] = [code(`${port.port}/${port.protocol}`), code(pair.name)]
    const words = text(
      `Port ${number} of ${host} no longer leads to ${code(port.targetName)}${port.rules.length > 0 ? '; its DNAT rule is gone' : ''}`,
      `${host} 的端口 ${number} 不再通向 ${code(port.targetName)}${port.rules.length > 0 ? '，对应的 DNAT 规则已删除' : ''}`,
    )
    changes.add('removed', 'port', words, aboutPort(port))
  }
  for (const [old, now] of kept) {
    if (old.target === now.target && old.targetPort === now.targetPort) continue
    told.ports.add(`${now.protocol} ${now.port}`)
    const [number, host] = [code(`${now.port}/${now.protocol}`), code(pair.name)]
    const words = text(
      `Port ${number} of ${host} leads to port ${now.targetPort} of ${code(now.targetName)} now, no longer to ${code(old.targetName)}`,
      `${host} 的端口 ${number} 现在通向 ${code(now.targetName)} 的端口 ${now.targetPort}，不再通向 ${code(old.targetName)}`,
    )
    changes.add('changed', 'port', words, aboutPort(now))
  }
}

function addedWords({ host, port, protocol, address, targetName, targetPort, rules, listens }: HostPort) {
  const number = `${port}/${protocol}`
  const own = code(isAny(address) ? number : `${address}:${number}`)
  const [where, whom, rule] = [code(host.name), code(targetName), rules[0]]
  const how = rule
    ? text(`: a DNAT rule to ${code(rule.to ?? '')}`, `：一条 DNAT 规则指向 ${code(rule.to ?? '')}`)
    : listens
      ? text(", by Docker's proxy alone", '，仅由 Docker 的代理转发')
      : text(', but no DNAT rule makes it so', '，但没有对应的 DNAT 规则')
  return text(
    `Port ${own} of ${where} now leads to port ${targetPort} of ${whom}${how.en}`,
    `${where} 的端口 ${own} 现在通向 ${whom} 的端口 ${targetPort}${how.zh}`,
  )
}

function aboutPort({ id, target }: HostPort): (string | undefined)[] {
  return [id, target, target === undefined ? undefined : publishesId(id, target)]
}
