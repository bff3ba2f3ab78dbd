import { batch, effect, untracked } from '@preact/signals'
import type { NetworkView, TimelineEntry } from '../../server/protocol/protocol.js'
import { socket } from '../state/connection.js'
import { askQuietly, joins, view } from '../state/session.js'
import { glow, highlighted, latest, past, picked, selected, timeline, wanted } from './network-state.js'

/** How long until a server that could not answer is asked again, in milliseconds. */
const retryMs = 2000

/**
 * A timeline with an entry that came: new ones at the end, newer forms in the place of older ones. Entries may come twice, and late.
 * Pure.
 */
export function withEntry(entries: readonly TimelineEntry[], entry: TimelineEntry): TimelineEntry[] {
  const others = entries.filter((one) => one.id !== entry.id)
  return [...others, entry].toSorted((a, b) => a.id - b.id)
}

/** Ids of what an entry tells that its older form did not tell yet. Pure. */
export function newlyTold(entry: TimelineEntry, before: TimelineEntry | undefined): Set<string> {
  const told = new Set(before?.changes.map((change) => change.text.en))
  return new Set(entry.changes.filter((change) => !told.has(change.text.en)).flatMap((change) => change.about))
}

/** Follows the network of the session that is shown: now, after each reconnection, and when its hosts are new. @returns what ends it */
export function followNetwork(): () => void {
  let ended = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let followed: string | undefined

  const begin = async (session: string) => {
    clearTimeout(retry)
    const answered = await askQuietly('network.follow', {})
    if (ended || view.peek()?.id !== session) return
    if (answered.ok) take(answered.value)
    else retry = setTimeout(() => void begin(session), retryMs)
  }
  const take = (network: NetworkView) => {
    batch(() => {
      latest.value = network.map
      timeline.value = network.timeline
    })
  }
  const onMap: Parameters<typeof socket.on<'network.map'>>[1] = (session, map) => {
    if (session !== view.peek()?.id) return
    latest.value = map
  }
  const onEntry: Parameters<typeof socket.on<'network.timeline'>>[1] = (session, entry) => {
    if (session !== view.peek()?.id) return
    const before = timeline.peek().find((one) => one.id === entry.id)
    timeline.value = withEntry(timeline.peek(), entry)
    const told = newlyTold(entry, before)
    if (told.size > 0 && past.peek() === undefined) glow(told)
  }
  socket.on('network.map', onMap)
  socket.on('network.timeline', onEntry)

  const stop = effect(() => {
    const session = view.value?.id
    const open = view.value?.phase.name === 'open'
    const key = session === undefined ? undefined : `${session} ${joins.value} ${open}`
    if (key === followed) return
    untracked(() => {
      if (session !== followed?.split(' ')[0]) forget()
      followed = key
      if (session !== undefined) void begin(session)
    })
  })
  return () => {
    ended = true
    stop()
    clearTimeout(retry)
    socket.off('network.map', onMap)
    socket.off('network.timeline', onEntry)
    forget()
  }
}

function forget(): void {
  batch(() => {
    latest.value = undefined
    timeline.value = []
    past.value = undefined
    selected.value = undefined
    wanted.value = undefined
    highlighted.value = new Map()
    picked.value = {}
  })
}
