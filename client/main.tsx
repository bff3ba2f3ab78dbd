import './style/theme.css'
import './style/base.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { App, loadPages } from './app.js'
import { loadTerminals } from './lab/load-terminals.js'
import { loadMap } from './network/map/load-map.js'
import { keepFocus } from './shell/keep-focus.js'
import { route } from './shell/route.js'
import { mapOpen } from './state/settings.js'

effect(() => {
  loadPages()
  // Beside the page, not behind it: the first prompt is what one waits for.
  if (route.value.page === 'lab') void loadTerminals().then(() => (mapOpen.peek() ? loadMap() : undefined))
  if (route.value.page === 'map') void loadMap()
})
keepFocus()
render(<App />, document.getElementById('app')!)
