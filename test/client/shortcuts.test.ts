// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keysOf, shortcut, shortcuts, worksWhileTyping } from '../../client/shell/shortcuts.js'

const label = { en: 'Something', zh: '某事' }
const key = (key: string, code: string, held: Partial<KeyboardEventInit> = {}) => ({
  key,
  code,
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  metaKey: false,
  ...held,
})

describe('keysOf', () => {
  it('goes by the place of a letter where Alt makes another character of it', () => {
    expect(keysOf(key('Ç', 'KeyC', { altKey: true, shiftKey: true }))).toBe('alt+shift+c')
  })

  it('goes by the character, wherever a keyboard has it', () => {
    expect(keysOf(key('?', 'Slash', { shiftKey: true }))).toBe('?')
    expect(keysOf(key('/', 'Digit7', { shiftKey: true }))).toBe('/')
  })

  it('tells modifiers apart', () => {
    expect(keysOf(key('k', 'KeyK', { ctrlKey: true }))).toBe('ctrl+k')
    expect(keysOf(key('K', 'KeyK', { shiftKey: true }))).toBe('shift+k')
  })
})

describe('worksWhileTyping', () => {
  it('is for keys that make no character', () => {
    expect(['alt+shift+c', 'ctrl+alt+x', '?', '/', 'ctrl+k', 'alt+c'].filter(worksWhileTyping)).toEqual([
      'alt+shift+c',
      'ctrl+alt+x',
    ])
  })
})

describe('shortcut', () => {
  let ran: string[]
  let ends: (() => void)[]
  const press = (target: EventTarget, init: KeyboardEventInit) => {
    const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init })
    target.dispatchEvent(event)
    return event
  }

  beforeEach(() => {
    ran = []
    ends = [
      shortcut({ keys: '/', label, run: () => ran.push('/') }),
      shortcut({ keys: 'alt+shift+c', label, run: () => ran.push('check') }),
    ]
    document.body.innerHTML = '<input><div class="xterm"><textarea></textarea></div><button>x</button>'
  })
  afterEach(() => {
    for (const end of ends) end()
  })

  it('runs, and keeps the key from everybody else', () => {
    expect(press(document.querySelector('button')!, { key: '/', code: 'Slash' }).defaultPrevented).toBe(true)
    expect(ran).toEqual(['/'])
  })

  it('leaves characters to whoever types', () => {
    for (const typing of document.querySelectorAll('input, textarea')) {
      expect(press(typing, { key: '/', code: 'Slash' }).defaultPrevented).toBe(false)
    }
    expect(ran).toEqual([])
  })

  it('works in a terminal with Alt and Shift', () => {
    press(document.querySelector('.xterm textarea')!, { key: 'C', code: 'KeyC', altKey: true, shiftKey: true })
    expect(ran).toEqual(['check'])
  })

  it('is gone once taken back', () => {
    for (const end of ends.splice(0)) end()
    press(document.body, { key: '/', code: 'Slash' })
    expect(ran).toEqual([])
    expect(shortcuts.value).toEqual([])
  })

  it('goes to the one that came last', () => {
    ends.push(shortcut({ keys: '/', label, run: () => ran.push('later') }))
    press(document.body, { key: '/', code: 'Slash' })
    expect(ran).toEqual(['later'])
  })
})
