import type { Text } from '../server/text.js'
import { inLanguage } from './language.js'

/** A sentence of the server's: what stands in backticks is code, and it begins as sentences do. */
export function Words({ text }: { text: Text }) {
  return (
    <>
      {inLanguage(text)
        .split('`')
        .map((part, at) => {
          if (at % 2 === 1) return <code key={at}>{part}</code>
          return at === 0 ? part.charAt(0).toUpperCase() + part.slice(1) : part
        })}
    </>
  )
}
