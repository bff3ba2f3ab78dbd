/** How much is kept of what a verdict was found by: its JSON, in bytes. */
export const maxEvidenceBytes = 16 * 1024

/** How long texts may be, from whole to a glimpse; lists may have an eighth of that in entries. */
const lengths = [4096, 1024, 256, 64]
const maxDepth = 32

/**
 * Evidence as JSON text that is never longer than `maxEvidenceBytes`. What a learner named or printed may be in it, so
 * that it can have any size: long texts and lists are cut then, and end in "…".
 */
export function evidenceText(evidence: unknown): string {
  const whole = JSON.stringify(evidence) ?? 'null'
  if (fits(whole)) return whole
  for (const most of lengths) {
    const text = JSON.stringify(shortened(evidence, most))
    if (fits(text)) return text
  }
  // Three bytes a character at most, or six for half of a pair at the end.
  return JSON.stringify({ cut: whole.slice(0, 4096) })
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= maxEvidenceBytes
}

function shortened(value: unknown, most: number, depth = 0): unknown {
  if (typeof value === 'string') return value.length > most ? `${value.slice(0, most)}…` : value
  if (typeof value !== 'object' || value === null) return value
  if (depth > maxDepth) return '…'
  const entries = most / 8
  if (Array.isArray(value)) {
    const kept = value.slice(0, entries).map((item) => shortened(item, most, depth + 1))
    return value.length > entries ? [...kept, '…'] : kept
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, entries)
      .map(([key, item]) => [key.slice(0, most), shortened(item, most, depth + 1)]),
  )
}
