import type { SessionView, TerminalView } from '../../server/protocol/protocol.js'

/** The terminals as their tabs come: by host, and within a host as they were opened. Pure. */
export function inOrder(view: Pick<SessionView, 'hosts' | 'terminals'>): TerminalView[] {
  const place = new Map(view.hosts.map(({ name }, index) => [name, index]))
  return view.terminals.toSorted((a, b) => (place.get(a.host) ?? 0) - (place.get(b.host) ?? 0) || a.number - b.number)
}

/** What a tab is called. Pure. */
export function labelOf({ host, number }: Pick<TerminalView, 'host' | 'number'>): string {
  return number === 1 ? host : `${host} ${number}`
}
