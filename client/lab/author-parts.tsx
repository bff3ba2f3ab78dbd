import { useEffect } from 'preact/hooks'
import { loadPage } from '../state/lab.js'
import { preview } from '../state/preview.js'
import { tryAgain, unjoined } from '../state/session.js'
import { author, loadAuthor } from './load-author.js'

/** Where this is a preview: the lab's findings, and a page that follows its files. Learners have none of it. */
export function AuthorBar({ id }: { id: string }) {
  const reading = preview.value?.reading
  const broken = preview.value?.broken
  useEffect(() => {
    if (reading === undefined) return
    void loadAuthor()
    if (broken) return
    void loadPage(id)
    // It had no session as long as nothing of it could be used.
    if (unjoined.peek() !== undefined) tryAgain()
  }, [reading, broken])
  const parts = author.value
  return parts === undefined || reading === undefined ? null : <parts.AuthorBar />
}

/** Under a step. */
export function AuthorStep({ id }: { id: string }) {
  const parts = author.value
  return parts === undefined || preview.value === undefined ? null : <parts.AuthorStep id={id} />
}
