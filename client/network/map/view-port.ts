import type { Signal } from '@preact/signals'
import { type Box, leastLetter, letters } from './layout.js'

/** What of the drawing is seen, and how large: a point of it is at `x + k * its x` in the window. */
export interface ViewPort {
  x: number
  y: number
  k: number
}

export interface Size {
  width: number
  height: number
}

const least = 0.15
const most = 3
const margin = 8
/** A small network need not look like a poster. */
const mostFitting = 1.15

/** At it the smallest letters can still be read. */
const leastReadable = leastLetter / Math.min(...Object.values(letters))

const fittingScale = (content: Size, window: Size) =>
  Math.min(
    mostFitting,
    (window.width - 2 * margin) / Math.max(1, content.width),
    (window.height - 2 * margin) / Math.max(1, content.height),
  )

/** All of it, in the middle, however small. Pure. */
export function fitting(content: Size, window: Size): ViewPort {
  const k = Math.max(least, fittingScale(content, window))
  return { k, x: (window.width - k * content.width) / 2, y: (window.height - k * content.height) / 2 }
}

/**
 * All of it, in the middle, as long as it can be read then; else a part of it: as near as can be to what was seen before, at first
 * its beginning. Pure.
 */
export function readable(content: Size, window: Size, before?: ViewPort): ViewPort {
  const k = Math.max(leastReadable, fittingScale(content, window))
  const place = (length: number, room: number, was: number | undefined) => {
    if (length + 2 * margin <= room) return (room - length) / 2
    return was === undefined ? margin : Math.min(margin, Math.max(room - margin - length, was))
  }
  return {
    k,
    x: place(k * content.width, window.width, before?.x),
    y: place(k * content.height, window.height, before?.y),
  }
}

/** Whether nothing of it is seen. Pure. */
export function misses(view: ViewPort, content: Size, window: Size): boolean {
  return (
    view.x + view.k * content.width <= 0 ||
    view.y + view.k * content.height <= 0 ||
    view.x >= window.width ||
    view.y >= window.height
  )
}

/** Larger or smaller, with the point of the window where it is. Pure. */
export function zoomed(view: ViewPort, factor: number, at: { x: number; y: number }): ViewPort {
  const k = Math.max(least, Math.min(most, view.k * factor))
  const by = k / view.k
  return { k, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }
}

/** Moved no further than needed for the box to be seen. Pure. */
export function showing(view: ViewPort, box: Box, window: Size): ViewPort {
  const shift = (begin: number, end: number, room: number) => {
    if (begin < margin) return margin - begin
    return end > room - margin ? Math.max(margin - begin, room - margin - end) : 0
  }
  const left = view.x + view.k * box.x
  const top = view.y + view.k * box.y
  return {
    k: view.k,
    x: view.x + shift(left, left + view.k * box.width, window.width),
    y: view.y + shift(top, top + view.k * box.height, window.height),
  }
}

/** Whether all of it is seen. Pure. */
export function holds(view: ViewPort, content: Size, window: Size): boolean {
  return (
    view.x >= 0 &&
    view.y >= 0 &&
    view.x + view.k * content.width <= window.width &&
    view.y + view.k * content.height <= window.height
  )
}

/**
 * Wheel, drag and pinch on an element move and scale what is seen in it. @returns what ends that
 * @param onMoved the learner has chosen what to see: it is not fitted by itself any more
 */
export function moveBy(element: HTMLElement, view: Signal<ViewPort>, onMoved: () => void): () => void {
  const pointers = new Map<number, { x: number; y: number }>()
  let moved = false
  const at = (event: { clientX: number; clientY: number }) => {
    const { left, top } = element.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    // A pinch on a touch pad comes as a wheel with Ctrl, in smaller steps.
    view.value = zoomed(view.peek(), Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), at(event))
    onMoved()
  }
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest('button') !== null)) return
    pointers.set(event.pointerId, at(event))
    moved = false
  }
  const onMove = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId)
    if (before === undefined) return
    const now = at(event)
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    if (other === undefined) {
      // A click that trembles is a click still.
      if (!moved && Math.hypot(now.x - before.x, now.y - before.y) < 4) return
      if (!moved) element.setPointerCapture(event.pointerId)
      view.value = { ...view.peek(), x: view.peek().x + now.x - before.x, y: view.peek().y + now.y - before.y }
    } else {
      const was = Math.hypot(before.x - other.x, before.y - other.y)
      const is = Math.hypot(now.x - other.x, now.y - other.y)
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }
      if (was > 0) view.value = zoomed(view.peek(), is / was, middle)
    }
    moved = true
    pointers.set(event.pointerId, now)
    onMoved()
  }
  const onUp = (event: PointerEvent) => pointers.delete(event.pointerId)
  // The end of a drag chooses nothing.
  const onClick = (event: MouseEvent) => {
    if (!moved) return
    moved = false
    event.stopPropagation()
    event.preventDefault()
  }
  element.addEventListener('wheel', onWheel, { passive: false })
  element.addEventListener('pointerdown', onDown)
  element.addEventListener('pointermove', onMove)
  element.addEventListener('pointerup', onUp)
  element.addEventListener('pointercancel', onUp)
  element.addEventListener('click', onClick, { capture: true })
  return () => {
    element.removeEventListener('wheel', onWheel)
    element.removeEventListener('pointerdown', onDown)
    element.removeEventListener('pointermove', onMove)
    element.removeEventListener('pointerup', onUp)
    element.removeEventListener('pointercancel', onUp)
    element.removeEventListener('click', onClick, { capture: true })
  }
}
