/** Puts a text into the clipboard, within a key press or click. */
export function copyText(text: string): void {
  // The older way needs no secure origin: the page may be served to a local network without TLS.
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  addEventListener('copy', give, { capture: true })
  let copied = false
  try {
    copied = document.execCommand('copy')
  } finally {
    removeEventListener('copy', give, { capture: true })
  }
  if (!copied) void navigator.clipboard?.writeText(text).catch(() => {})
}
