import './style/theme.css'
import './style/base.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { App, loadPages } from './app.js'
import { loadTerminals } from './lab/load-terminals.js'
import { route } from './route.js'

effect(() => {
  loadPages()
  // Beside the page, not behind it: the first prompt is what one waits for.
  if (route.value.page === 'lab') void loadTerminals()
})
render(<App />, document.getElementById('app')!)
