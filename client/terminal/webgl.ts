import type { Terminal } from '@xterm/xterm'

/**
 * Draws with the graphics card where there is a real one; the emulator's own way, with elements, stays for all else, and comes
 * back when the card is lost. @returns what ends it
 */
export function loadWebgl(terminal: Terminal): () => void {
  let ended = false
  if (hasGraphicsCard()) {
    import('@xterm/addon-webgl').then(
      ({ WebglAddon }) => {
        if (ended) return
        try {
          const addon = new WebglAddon()
          addon.onContextLoss(() => addon.dispose())
          terminal.loadAddon(addon)
        } catch {
          // It is drawn with elements.
        }
      },
      () => {},
    )
  }
  return () => {
    ended = true
  }
}

let graphicsCard: boolean | undefined

function hasGraphicsCard(): boolean {
  if (graphicsCard === undefined) {
    const context = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true })
    const names = context?.getExtension('WEBGL_debug_renderer_info')
    const name = names && context?.getParameter(names.UNMASKED_RENDERER_WEBGL)
    // A card that is only simulated is slower than elements; not all browsers take that for a caveat.
    graphicsCard = context !== null && !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(String(name))
    context?.getExtension('WEBGL_lose_context')?.loseContext()
  }
  return graphicsCard
}
