import { confirmed } from './dialogs.js'
import { strings } from './strings.js'
import { webAddress } from './web-address.js'

/** Opens an address that a program has put on the screen, if the learner agrees. */
export async function openLink(text: string): Promise<void> {
  const address = webAddress(text)
  if (address === undefined) return
  const { openLink: title, openLinkWhy: why, openIt } = strings.peek()
  if (await confirmed({ title, text: why, quote: address, yes: openIt }))
    window.open(address, '_blank', 'noopener,noreferrer')
}
