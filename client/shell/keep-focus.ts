/**
 * Keeps the focus in its neighbourhood. Where the element that has it is taken away, hidden or switched off, a browser gives the
 * focus to the body: a keyboard then begins at the top of the page, and a screen reader loses its place.
 */

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]'

interface Place {
  element: HTMLElement
  /** From the nearest on: what it was in, and which of the things that can be focused there it was. */
  around: { ancestor: HTMLElement; index: number }[]
}

let last: Place | undefined
let asked = 0

/** From now on, for the life of the page. */
export function keepFocus(): void {
  document.addEventListener('focusin', ({ target }) => {
    last = target instanceof HTMLElement && target !== document.body ? placeOf(target) : undefined
  })
  // Only a click on what takes no focus lets go of it on purpose.
  document.addEventListener('pointerdown', () => {
    last = undefined
  })
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['disabled', 'hidden', 'class', 'open'],
  })
}

/** Once all that belongs to a change is done: a dialog that closes gives the focus back by itself. */
function look(): void {
  if (last === undefined || asked !== 0) return
  asked = requestAnimationFrame(() => {
    asked = 0
    const focused = document.activeElement
    if (last === undefined || (focused !== null && focused !== document.body && focused !== document.documentElement)) {
      return
    }
    if (!isThere(last.element)) nearest(last)?.focus({ preventScroll: true })
  })
}

function placeOf(element: HTMLElement): Place {
  const around: Place['around'] = []
  for (let one = element.parentElement; one !== null && one !== document.body; one = one.parentElement) {
    around.push({ ancestor: one, index: [...one.querySelectorAll(focusable)].indexOf(element) })
  }
  return { element, around }
}

/** What stands now where it was; else what was before it. */
function nearest({ around }: Place): HTMLElement | undefined {
  for (const { ancestor, index } of around) {
    if (!isThere(ancestor)) continue
    const left = [...ancestor.querySelectorAll<HTMLElement>(focusable)]
    const next = left.slice(Math.max(0, index)).find(isThere) ?? left.findLast(isThere)
    if (next !== undefined) return next
  }
  return undefined
}

function isThere(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled') && element.checkVisibility({ visibilityProperty: true })
}
