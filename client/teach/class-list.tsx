import { useEffect, useId, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import type { CatalogueView } from '../../server/protocol/protocol.js'
import { go } from '../shell/route.js'
import { now, relative } from '../shell/time.js'
import { useArrival, useTitle } from '../shell/title.js'
import { TroubleNote } from '../shell/trouble.js'
import { classPath } from '../state/address.js'
import { language } from '../state/language.js'
import { load } from '../state/load.js'
import { LabPicker, type PickedLab } from './lab-picker.js'
import { strings } from './strings.js'
import { ask, classes, look, trouble } from './teach-state.js'

export function ClassList() {
  const t = strings.value
  const heading = useArrival<HTMLHeadingElement>()
  const [isNew, setNew] = useState(false)
  useTitle(t.classes)
  useEffect(() => look(), [])
  const all = classes.value
  return (
    <main id="content" tabIndex={-1}>
      <h1 ref={heading} tabIndex={-1}>
        {t.classes}
      </h1>
      <p class="intro">{t.intro}</p>
      {trouble.value !== undefined && <TroubleNote trouble={trouble.value} />}
      {isNew ? (
        <NewClass onCancel={() => setNew(false)} />
      ) : (
        <button type="button" class="primary" onClick={() => setNew(true)}>
          {t.newClass}
        </button>
      )}
      {all === undefined ? (
        <p role="status">{trouble.value === undefined && t.loading}</p>
      ) : all.length === 0 ? (
        <p class="muted">{t.none}</p>
      ) : (
        <ul class="class-list">
          {all.map((one) => (
            <li key={one.id}>
              <a href={classPath(one.id)}>
                <bdi>{one.title}</bdi>
              </a>
              <span class="muted">{[stateOf(one), t.seats(one.seats), t.labs(one.labs.length)].join(' · ')}</span>
            </li>
          ))}
        </ul>
      )}
    </main>
  )
}

/** Whether a class goes on, in words. */
export function stateOf({ isOpen, startsAt, endedAt }: ClassView): string {
  const t = strings.value
  if (isOpen) return t.open
  const begins = startsAt === undefined ? 0 : Date.parse(startsAt)
  return endedAt === undefined && begins > now.value ? t.begins(relative(begins - now.value, language.value)) : t.over
}

function NewClass({ onCancel }: { onCancel(): void }) {
  const t = strings.value
  const id = useId()
  const [title, setTitle] = useState('')
  const [labs, setLabs] = useState<PickedLab[]>([])
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    void load<CatalogueView>('/api/catalogue').then((answered) => {
      if (answered.ok) setLabs(answered.value.labs.map((lab) => ({ id: lab.id, title: lab.title, isIn: true })))
    })
  }, [])
  return (
    <form
      class="card"
      onSubmit={async (event) => {
        event.preventDefault()
        setBusy(true)
        const chosen = labs.filter(({ isIn }) => isIn).map((lab) => lab.id)
        const made = await ask('class.create', { title, labs: chosen })
        setBusy(false)
        if (made === undefined) return
        await ask('class.code', { class: made.id, on: true })
        go(classPath(made.id))
      }}
    >
      <h2>{t.newClass}</h2>
      <label for={id}>{t.title}</label>
      <input
        id={id}
        type="text"
        required
        maxLength={100}
        value={title}
        ref={(input) => {
          if (input !== null && title === '' && document.activeElement === document.body) input.focus()
        }}
        onInput={(event) => setTitle(event.currentTarget.value)}
      />
      <LabPicker labs={labs} onChange={setLabs} />
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          {t.create}
        </button>
        <button type="button" onClick={onCancel}>
          {t.cancel}
        </button>
      </div>
    </form>
  )
}
