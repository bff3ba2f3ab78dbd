import { signal } from '@preact/signals'

/** As narrow.css has it. */
const narrow = matchMedia('(width < 800px)')

/** One half of a lab's page is seen at a time. */
export const isNarrow = signal(narrow.matches)
narrow.addEventListener('change', () => {
  isNarrow.value = narrow.matches
})
