import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { PageMore } from '../report/html.js'

const { resolve } = createRequire(import.meta.url)
const part = (name: string) => readFileSync(resolve(`asciinema-player/dist/bundle/${name}`), 'utf8')

const start = `AsciinemaPlayer.create(
  { data: JSON.parse(document.getElementById('cast').textContent) },
  document.getElementById('player'),
  { fit: 'width', idleTimeLimit: 2, poster: 'npt:0:1', terminalFontFamily: 'ui-monospace, monospace' },
)`

/** A player of a recording, within the page: nothing is fetched, and no script runs there but the player and what starts it. */
export function playerOf(cast: string): { body: string[]; more: Required<Pick<PageMore, 'style' | 'scriptSources'>> } {
  const program = inScript(part('asciinema-player.min.js'))
  // The player's emulator of a terminal is WebAssembly.
  const scriptSources = [...[program, start].map(sourceOf), "'wasm-unsafe-eval'"].join(' ')
  return {
    body: [
      '<div id="player" dir="ltr"></div>',
      `<script type="application/json" id="cast">${JSON.stringify(cast).replaceAll('<', '\\u003c')}</script>`,
      `<script>${program}</script>`,
      `<script>${start}</script>`,
    ],
    more: { style: part('asciinema-player.css').replace('@charset "UTF-8";', ''), scriptSources },
  }
}

/** What may stand between the tags of a script. */
function inScript(program: string): string {
  return program.replaceAll('</script', '<\\/script')
}

function sourceOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`
}
