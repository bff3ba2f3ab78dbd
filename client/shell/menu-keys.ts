/** Which item of a menu a key leads to, as in https://www.w3.org/WAI/ARIA/apg/patterns/menubar/; undefined for other keys. Pure. */
export function itemForKey(key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined
  if (key === 'ArrowDown') return (at + 1) % count
  if (key === 'ArrowUp') return (Math.max(at, 0) - 1 + count) % count
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return undefined
}

/**
 * Which item letters lead to that were typed shortly after each other: the next one that begins so. One letter, also several
 * times, goes from each that begins with it to the next. Pure.
 */
export function itemForLetters(letters: string, at: number, names: readonly string[]): number | undefined {
  const typed = letters.toLowerCase()
  const same = [...typed].every((letter) => letter === typed[0])
  const wanted = same ? typed.slice(0, 1) : typed
  const from = same ? at + 1 : Math.max(at, 0)
  for (let n = 0; n < names.length; n++) {
    const index = (from + n) % names.length
    if (names[index]!.trim().toLowerCase().startsWith(wanted)) return index
  }
  return undefined
}
