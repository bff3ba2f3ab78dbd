import { labPath } from '../../state/address.js'
import './map-page.css'
import { useEffect } from 'preact/hooks'
import { BackIcon } from '../../shell/icons.js'
import { LanguageSwitch, ThemeSwitch } from '../../shell/preferences.js'
import { useArrival, useTitle } from '../../shell/title.js'
import { TroubleNote } from '../../shell/trouble.js'
import { loadPage, page } from '../../state/lab.js'
import { inLanguage, language } from '../../state/language.js'
import { enter, trouble, unjoined, view } from '../../state/session.js'
import { followNetwork } from '../follow-network.js'
import { sidePane } from '../network-state.js'
import { strings } from '../strings.js'
import { MapPlace } from './map-place.js'

/** The network of a lab that is open elsewhere, alone on a page: for a second screen. It opens nothing. */
export function MapPage({ id }: { id: string }) {
  const t = strings.value
  const heading = useArrival<HTMLHeadingElement>()
  const shown = page.value
  const title = t.mapOf(shown?.ok === true ? inLanguage(shown.value.lab.title) : id)
  useTitle(title)
  useEffect(() => {
    const leave = enter(id, true)
    const unfollow = followNetwork()
    sidePane.value = matchMedia('(width >= 1000px)').matches ? 'timeline' : undefined
    return () => {
      unfollow()
      leave()
      page.value = undefined
      sidePane.value = undefined
    }
  }, [id])
  useEffect(() => {
    const left = new AbortController()
    void loadPage(id, left.signal)
    return () => left.abort()
  }, [id, language.value])
  return (
    <div class="map-page">
      <header class="top">
        <a class="button quiet back" href={labPath(id)} title={t.toLab} aria-label={t.toLab}>
          <BackIcon />
        </a>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <LanguageSwitch />
        <ThemeSwitch />
      </header>
      <main id="content">
        {trouble.value !== undefined && <TroubleNote trouble={trouble.value} />}
        <Shown lab={id} />
      </main>
    </div>
  )
}

function Shown({ lab }: { lab: string }) {
  const t = strings.value
  const why = unjoined.value
  const session = view.value
  if (session === undefined) {
    if (why === 'none') return <p class="network-waiting muted">{t.notOpen}</p>
    if (why !== undefined) return <TroubleNote trouble={why} />
    return <p class="network-waiting muted">{t.loading}</p>
  }
  const { phase } = session
  if (phase.name === 'opening' || phase.name === 'waiting') return <p class="network-waiting muted">{t.opening}</p>
  if (phase.name === 'failed') return <TroubleNote trouble={phase.trouble} />
  if (phase.name === 'closed') return <p class="network-waiting muted">{t.closed}</p>
  return <MapPlace lab={lab} alone />
}
