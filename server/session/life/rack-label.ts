/** By its label a rack is found whose opening nobody lived to record. */
export function rackLabel(lab: string, session: string): string {
  return `${lab} · session ${session}`
}

/** The session that a rack was opened for; undefined for all other racks. */
export function sessionOfLabel(label: string): string | undefined {
  return /^[^ ]+ · session ([0-9a-f]{32})$/.exec(label)?.[1]
}
