/** Which rooms a room may import from: just these, and each of them is used. A room is a folder, or a file that stands alone. */
export type Arrows = Readonly<Record<string, readonly string[]>>

/**
 * The rooms of the house, from the ground up: each stands above all that it imports. A test compares the table with the
 * imports in the code: what is missing here, what nobody uses, and every circle fails.
 */
export const arrows = {
  'server/package-root.ts': [],
  'server/wording': [],
  'server/error': ['server/wording'],
  'server/network': ['server/wording'],
  'server/report': ['server/wording'],
  'server/kernel': ['server/error'],
  'server/map': ['server/wording', 'server/network'],
  'server/place': ['server/wording', 'server/error', 'server/network'],
  'server/rpc': ['server/wording', 'server/error'],
  'server/store': ['server/wording', 'server/error'],
  'server/cause': ['server/wording', 'server/network', 'server/place'],
  'server/change': ['server/wording', 'server/network', 'server/map'],
  'server/machine': ['server/package-root.ts', 'server/wording', 'server/error', 'server/kernel'],
  'server/terminal': ['server/wording', 'server/error', 'server/kernel', 'server/rpc'],
  'server/check': ['server/wording', 'server/error', 'server/network', 'server/place', 'server/cause'],
  'server/proof': ['server/error', 'server/machine'],
  'server/racks': ['server/package-root.ts', 'server/error', 'server/network', 'server/place', 'server/terminal'],
  'server/trace': ['server/wording', 'server/network', 'server/map', 'server/place', 'server/cause'],
  'server/diagnosis': ['server/wording', 'server/network', 'server/place', 'server/cause', 'server/trace'],
  'server/rack': [
    'server/package-root.ts',
    'server/wording',
    'server/error',
    'server/network',
    'server/kernel',
    'server/place',
    'server/machine',
    'server/terminal',
    'server/racks',
  ],
  'server/session/inquiry': [
    'server/check',
    'server/diagnosis',
    'server/error',
    'server/network',
    'server/place',
    'server/trace',
    'server/wording',
  ],
  'server/node': [
    'server/package-root.ts',
    'server/wording',
    'server/error',
    'server/network',
    'server/place',
    'server/rpc',
    'server/terminal',
    'server/racks',
    'server/rack',
  ],
  'server/protocol': [
    'server/wording',
    'server/error',
    'server/map',
    'server/cause',
    'server/terminal',
    'server/trace',
    'server/diagnosis',
  ],
  'server/lab': ['server/wording', 'server/error', 'server/machine', 'server/check', 'server/racks', 'server/protocol'],
  'server/labrack': [
    'server/wording',
    'server/error',
    'server/network',
    'server/place',
    'server/check',
    'server/racks',
    'server/lab',
  ],
  'server/session/terminals': [
    'server/wording',
    'server/error',
    'server/network',
    'server/terminal',
    'server/racks',
    'server/protocol',
    'server/lab',
  ],
  'server/session/life': [
    'server/error',
    'server/network',
    'server/store',
    'server/racks',
    'server/protocol',
    'server/lab',
    'server/labrack',
    'server/session/terminals',
  ],
  'server/trial': [
    'server/wording',
    'server/error',
    'server/report',
    'server/check',
    'server/racks',
    'server/lab',
    'server/labrack',
  ],
  'server/incident': [
    'server/error',
    'server/machine',
    'server/cause',
    'server/racks',
    'server/trace',
    'server/diagnosis',
  ],
  'server/bench': [
    'server/package-root.ts',
    'server/error',
    'server/map',
    'server/change',
    'server/machine',
    'server/terminal',
    'server/racks',
    'server/rack',
    'server/node',
    'server/protocol',
    'server/lab',
    'server/labrack',
    'server/trial',
    'server/incident',
  ],
  'server/session/feed': [
    'server/error',
    'server/network',
    'server/map',
    'server/store',
    'server/change',
    'server/protocol',
    'server/session/terminals',
    'server/session/life',
    'server/terminal',
  ],
  'server/session/work': [
    'server/wording',
    'server/error',
    'server/store',
    'server/check',
    'server/protocol',
    'server/lab',
    'server/labrack',
    'server/session/life',
  ],
  'server/session/author': [
    'server/error',
    'server/check',
    'server/protocol',
    'server/lab',
    'server/labrack',
    'server/session/life',
  ],
  'server/session': [
    'server/wording',
    'server/error',
    'server/store',
    'server/terminal',
    'server/racks',
    'server/trace',
    'server/diagnosis',
    'server/session/inquiry',
    'server/protocol',
    'server/lab',
    'server/labrack',
    'server/session/terminals',
    'server/session/life',
    'server/session/feed',
    'server/session/work',
    'server/session/author',
  ],
  'server/web': [
    'server/wording',
    'server/error',
    'server/store',
    'server/machine',
    'server/terminal',
    'server/racks',
    'server/node',
    'server/protocol',
    'server/lab',
    'server/session',
  ],
  'server/commands': [
    'server/package-root.ts',
    'server/wording',
    'server/error',
    'server/report',
    'server/kernel',
    'server/place',
    'server/machine',
    'server/terminal',
    'server/proof',
    'server/racks',
    'server/trace',
    'server/diagnosis',
    'server/rack',
    'server/node',
    'server/lab',
    'server/trial',
    'server/bench',
    'server/web',
  ],
  'server/main.ts': ['server/package-root.ts', 'server/wording', 'server/error', 'server/commands'],
  'client/state': ['server/wording', 'server/protocol'],
  'client/network': ['server/protocol', 'client/state'],
  'client/shell': ['server/wording', 'server/protocol', 'client/state'],
  'client/network/inquiry': ['server/wording', 'server/protocol', 'client/state', 'client/network', 'client/shell'],
  'client/network/timeline': ['server/protocol', 'client/state', 'client/network', 'client/shell'],
  'client/terminal': ['server/protocol', 'client/state', 'client/shell'],
  'client/network/map': [
    'server/wording',
    'server/protocol',
    'client/state',
    'client/network',
    'client/shell',
    'client/network/inquiry',
    'client/network/timeline',
    'client/terminal',
  ],
  'client/author': ['server/protocol', 'client/state', 'client/shell'],
  'client/lab': [
    'server/protocol',
    'client/state',
    'client/network',
    'client/shell',
    'client/network/inquiry',
    'client/network/timeline',
    'client/terminal',
    'client/network/map',
    'client/author',
  ],
  'client/catalogue': ['server/wording', 'server/protocol', 'client/state', 'client/shell', 'client/lab'],
  'client/app.tsx': ['client/state', 'client/shell', 'client/network/map', 'client/lab', 'client/catalogue'],
  'client/main.tsx': ['client/state', 'client/shell', 'client/network/map', 'client/lab', 'client/app.tsx'],
} satisfies Arrows

export const rooms: readonly string[] = Object.keys(arrows)

/**
 * The arrows as a Mermaid picture. An arrow that follows from others is left out: where A imports B and C, and B imports C,
 * A -> B and B -> C are drawn.
 */
export function pictureOf(all: Arrows): string {
  const reach = new Map<string, Set<string>>()
  const below = (room: string): Set<string> => {
    const known = reach.get(room)
    if (known) return known
    const found = new Set((all[room] ?? []).flatMap((to) => [to, ...below(to)]))
    reach.set(room, found)
    return found
  }
  const lines = Object.entries(all).flatMap(([room, targets]) =>
    targets
      .filter((to) => !targets.some((other) => other !== to && below(other).has(to)))
      .map((to) => `  ${nodeOf(room)} --> ${nodeOf(to)}`),
  )
  return ['```mermaid', 'flowchart TB', ...lines, '```', ''].join('\n')
}

/** An id that Mermaid takes, and the name that is shown: `server_rack["rack"]`. */
function nodeOf(room: string): string {
  return `${room.replaceAll(/[^a-z]/g, '_')}["${room.replace(/^server\//, '')}"]`
}
