import { useMemo, useState } from 'preact/hooks'
import { encode } from 'uqr'
import type { ClassView } from '../../server/protocol/classes.js'
import { Dialog } from '../shell/dialog.js'
import { dayAndTime, now } from '../shell/time.js'
import { joinAddress } from '../state/address.js'
import { language } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** How learners come in: the code, and the same for a projector. */
export function JoinPanel({ view }: { view: ClassView }) {
  const t = strings.value
  const [isLarge, setLarge] = useState(false)
  const setCode = async (on: boolean) => changed(await ask('class.code', { class: view.id, on }))
  const { code } = view
  if (view.endedAt !== undefined) return null
  return (
    <section class="join" aria-label={t.joinAt}>
      {code === undefined ? (
        <p>{t.noCode}</p>
      ) : (
        <dl>
          <dt>{t.joinAt}</dt>
          <dd>
            <code>{joinAddress()}</code>
          </dd>
          <dt>{t.code}</dt>
          <dd>
            <code class="code">{code}</code>
          </dd>
        </dl>
      )}
      {code !== undefined && view.codeEndsAt !== undefined && (
        <p>
          {Date.parse(view.codeEndsAt) > now.value
            ? t.codeUntil(dayAndTime(view.codeEndsAt, language.value))
            : t.codeOver}
        </p>
      )}
      <div class="actions">
        {code !== undefined && (
          <button type="button" onClick={() => setLarge(true)}>
            {t.project}
          </button>
        )}
        {view.mayLead && (
          <button type="button" onClick={() => void setCode(true)}>
            {code === undefined ? t.letJoin : t.newCode}
          </button>
        )}
        {view.mayLead && code !== undefined && (
          <button type="button" onClick={() => void setCode(false)}>
            {t.stopJoining}
          </button>
        )}
      </div>
      {isLarge && code !== undefined && (
        <Dialog title={view.title} onClose={() => setLarge(false)}>
          <div class="projected">
            <p>
              {t.joinAt} <code>{joinAddress()}</code>
            </p>
            <p class="code">{code}</p>
            <QrCode text={joinAddress(code)} />
          </div>
        </Dialog>
      )}
    </section>
  )
}

/** Dark on light whatever the theme is: that is what cameras read. */
function QrCode({ text }: { text: string }) {
  const { size, path } = useMemo(() => {
    const { data, size } = encode(text, { ecc: 'M', border: 2 })
    const cells = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    return { size, path: cells.join('') }
  }, [text])
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={`QR: ${text}`} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}
