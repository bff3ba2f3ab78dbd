import './style/theme.css'
import './style/base.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { App, loadPages } from './app.js'
import { loadMap } from './network/map/load-map.js'
import { keepFocus } from './shell/keep-focus.js'
import { route } from './shell/route.js'

effect(() => {
  loadPages()
  if (route.value.page === 'map') void loadMap()
})
keepFocus()
render(<App />, document.getElementById('app')!)
