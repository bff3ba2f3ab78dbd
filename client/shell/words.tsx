import { codePieces } from '../../server/wording/inline-code.js'
import type { Text } from '../../server/wording/text.js'
import { inLanguage, language } from '../state/language.js'

/**
 * A sentence of the server's: what stands in backticks is code. A finding begins as sentences do; what an author wrote may begin
 * with the name of a container.
 */
export function Words({ text, finding = false }: { text: Text; finding?: boolean }) {
  return <Coded text={inLanguage(text)} capital={finding && language.value === 'en'} />
}

/** A sentence in which what stands in backticks is code. */
export function Coded({ text, capital = false }: { text: string; capital?: boolean }) {
  return (
    <>
      {text.split('`').map((part, at) => {
        if (at % 2 === 1) return <Code key={at} text={part} />
        return at === 0 && capital ? part.charAt(0).toUpperCase() + part.slice(1) : part
      })}
    </>
  )
}

function Code({ text }: { text: string }) {
  return (
    <code>
      {codePieces(text).map((piece, at) =>
        piece.whole ? (
          <span key={at} class="whole">
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </code>
  )
}
