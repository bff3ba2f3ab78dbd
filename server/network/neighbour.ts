import type { Neighbour } from './state.js'

/** Whether the kernel asked for that neighbour's MAC address and nobody has answered so far (ip-neighbour(8)). */
export function isUnanswered({ state }: Pick<Neighbour, 'state'>): boolean {
  return /\b(FAILED|INCOMPLETE)\b/.test(state)
}
