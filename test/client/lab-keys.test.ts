// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bindKeys } from '../../client/lab/lab-keys.js'

/** The parts of a lab's page that keys lead to: two steps with their Runs, the first of them open, and two terminals. */
const page = `
<main class="text"><div id="content" tabindex="-1"><div class="sections">
  <section class="section current" id="one">
    <h2 tabindex="-1" id="section-one">One</h2>
    <button class="run" id="one-1"></button><button class="run" id="one-2"></button>
    <div class="check"><div class="checks"><button id="hint"></button></div></div>
  </section>
  <section class="section" id="two">
    <h2 tabindex="-1" id="section-two">Two</h2>
    <button class="run" id="two-1"></button><button class="run" id="two-2"></button>
  </section>
</div></div></main>
<div class="machines">
  <div class="terminal-tabs"><button role="tab" aria-selected="true"></button><button role="tab" aria-selected="false"></button></div>
  <textarea class="xterm-helper-textarea" id="terminal"></textarea>
</div>`

let unbind: () => void
beforeEach(() => {
  document.body.innerHTML = page
  // jsdom draws nothing.
  Element.prototype.scrollIntoView = () => {}
  Element.prototype.checkVisibility = () => true
  unbind = bindKeys({ current: document.querySelector('#content') })
})
afterEach(() => unbind())

const press = (letter: string) =>
  document.activeElement!.dispatchEvent(
    new KeyboardEvent('keydown', {
      ...{ key: letter, code: `Key${letter.toUpperCase()}`, altKey: true, shiftKey: true },
      ...{ bubbles: true, cancelable: true },
    }),
  )
const focus = (id: string) => document.getElementById(id)!.focus()
const focused = () => document.activeElement?.id
const passes = (from: string, to: string) => {
  document.getElementById(from)!.classList.remove('current')
  document.getElementById(to)!.classList.add('current')
}
/** What a Run does: its terminal gets the focus. */
const run = () => {
  press('r')
  const reached = focused()
  focus('terminal')
  return reached
}

describe('Alt+Shift+R', () => {
  it('goes from one Run of a step to the next, also once the step has turned green', () => {
    expect(run()).toBe('one-1')
    passes('one', 'two')
    expect(run()).toBe('one-2')
    expect(run()).toBe('two-1')
  })

  it('begins with the section that one went to', () => {
    expect(run()).toBe('one-1')
    focus('section-two')
    expect(run()).toBe('two-1')
    expect(run()).toBe('two-2')
    // There is no more on the page: around to the first of this step.
    expect(run()).toBe('two-1')
    focus('section-one')
    expect(run()).toBe('one-1')
  })

  it('stays in the step whose hints are read', () => {
    focus('hint')
    expect(run()).toBe('one-1')
    focus('hint')
    expect(run()).toBe('one-2')
  })
})

describe('Alt+Shift+T', () => {
  it('goes to the terminal, and from there to the next one', () => {
    const [, other] = document.querySelectorAll<HTMLElement>('[role=tab]')
    let clicks = 0
    other!.addEventListener('click', () => clicks++)
    focus('one-1')
    press('t')
    expect([focused(), clicks]).toEqual(['terminal', 0])
    press('t')
    expect(clicks).toBe(1)
  })
})
