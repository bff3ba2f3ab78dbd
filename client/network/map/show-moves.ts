import type { Layout } from './layout.js'
import type { Route } from './route-ties.js'

interface Drawn {
  layout: Layout
  routes: ReadonlyMap<string, Route>
}

/** How long things take to their new place, in milliseconds. */
const moveMs = 350
/** More would stutter. */
const mostMoves = 150

/** Lets one follow with the eye what stands elsewhere now: it moves there, and ties that go another way come out of nothing. */
export function showMoves(drawing: SVGGElement, before: Drawn, after: Drawn): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
  const moves: (() => void)[] = []
  for (const shape of drawing.querySelectorAll<SVGElement>(':scope > [data-id], :scope > [data-frame]')) {
    const id = shape.dataset.id ?? shape.dataset.frame!
    const timing = { duration: moveMs, easing: 'ease-in-out' }
    const [from, to] = [before.layout.boxes.get(id), after.layout.boxes.get(id)]
    if (from !== undefined && to !== undefined && (from.x !== to.x || from.y !== to.y)) {
      const shift = `translate(${from.x - to.x}px, ${from.y - to.y}px)`
      moves.push(() => shape.animate([{ transform: shift }, { transform: 'none' }], timing))
    }
    const [way, now] = [before.routes.get(id), after.routes.get(id)]
    if (way !== undefined && now !== undefined && way.path !== now.path) {
      moves.push(() => shape.animate([{ opacity: 0 }, { opacity: 1 }], timing))
    }
  }
  if (moves.length <= mostMoves) for (const move of moves) move()
}
