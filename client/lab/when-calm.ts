/** How long something that can wait waits at most, in milliseconds. */
const mostMs = 2000

/** Runs something once the browser has nothing else to do. @returns what takes that back */
export function whenCalm(run: () => void): () => void {
  if (typeof requestIdleCallback === 'function') {
    const id = requestIdleCallback(run, { timeout: mostMs })
    return () => cancelIdleCallback(id)
  }
  // Browsers that don't tell: after what is waiting already.
  const id = setTimeout(run, 200)
  return () => clearTimeout(id)
}
