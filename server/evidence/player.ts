import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { inScript, type PagePart, scriptSource } from './page-part.js'

const { resolve } = createRequire(import.meta.url)
const part = (name: string) => readFileSync(resolve(`asciinema-player/dist/bundle/${name}`), 'utf8')

const start = `AsciinemaPlayer.create(
  { data: JSON.parse(document.getElementById('cast').textContent) },
  document.getElementById('player'),
  { fit: 'width', idleTimeLimit: 2, poster: 'npt:0:1', terminalFontFamily: 'ui-monospace, monospace' },
)`

/** A player of a recording, within the page: nothing is fetched, and no script runs there but the player and what starts it. */
export function playerOf(cast: string): PagePart {
  const program = inScript(part('asciinema-player.min.js'))
  return {
    body: [
      '<div id="player" dir="ltr"></div>',
      `<script type="application/json" id="cast">${JSON.stringify(cast).replaceAll('<', '\\u003c')}</script>`,
      `<script>${program}</script>`,
      `<script>${start}</script>`,
    ],
    style: part('asciinema-player.css').replace('@charset "UTF-8";', ''),
    // The player's emulator of a terminal is WebAssembly.
    scriptSources: [...[program, start].map(scriptSource), "'wasm-unsafe-eval'"],
  }
}
