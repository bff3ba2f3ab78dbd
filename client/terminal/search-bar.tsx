import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { CrossIcon } from '../shell/icons.js'
import { strings } from './strings.js'
import type { TerminalScreen } from './terminal-screen.js'

/** Searches what a terminal shows and has shown. */
export function SearchBar({ screen }: { screen: TerminalScreen }) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [found, setFound] = useState({ resultIndex: -1, resultCount: 0 })
  // Before anything can be typed: what is found is told once.
  useLayoutEffect(() => {
    input.current?.focus()
    const listening = screen.search.onDidChangeResults(setFound)
    return () => listening.dispose()
  }, [screen])
  const words = strings.value
  const count =
    text === '' ? '' : found.resultCount === 0 ? words.noMatches : words.matches(found.resultIndex, found.resultCount)
  return (
    <search class="terminal-search">
      <input
        ref={input}
        type="text"
        value={text}
        aria-label={words.search}
        placeholder={words.search}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          const value = event.currentTarget.value
          setText(value)
          screen.findNext(value, true)
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return
          if (event.key === 'Escape') screen.endSearch()
          else if (event.key === 'Enter' && event.shiftKey) screen.findPrevious(text)
          else if (event.key === 'Enter') screen.findNext(text, false)
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
      <span class="count" role="status">
        {count}
      </span>
      <button
        type="button"
        class="step"
        title={words.previous}
        aria-label={words.previous}
        onClick={() => screen.findPrevious(text)}
      >
        ↑
      </button>
      <button
        type="button"
        class="step"
        title={words.next}
        aria-label={words.next}
        onClick={() => screen.findNext(text, false)}
      >
        ↓
      </button>
      <button
        type="button"
        class="step"
        title={words.closeSearch}
        aria-label={words.closeSearch}
        onClick={() => screen.endSearch()}
      >
        <CrossIcon />
      </button>
    </search>
  )
}
