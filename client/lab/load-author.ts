import { signal } from '@preact/signals'

interface Loaded {
  AuthorBar: typeof import('../author/author-bar.js').AuthorBar
  AuthorStep: typeof import('../author/author-step.js').AuthorStep
}

/** What the author of a lab sees in its preview: code that learners never load. */
export const author = signal<Loaded | undefined>(undefined)

let loading: Promise<void> | undefined

/** Loads it, once; one that could not be loaded is tried again by the next. */
export function loadAuthor(): Promise<void> {
  loading ??= Promise.all([import('../author/author-bar.js'), import('../author/author-step.js')]).then(
    ([{ AuthorBar }, { AuthorStep }]) => {
      author.value = { AuthorBar, AuthorStep }
    },
    () => {
      loading = undefined
    },
  )
  return loading
}
