import { useEffect } from 'preact/hooks'
import { teachHome } from '../state/address.js'
import { stringsOf } from '../state/language.js'
import { loadMe, logOut, me } from '../state/me.js'

const strings = stringsOf({
  en: {
    teach: 'Classes',
    logOut: 'Log out',
    closed: 'The class is closed now: its labs open again when your teacher says so.',
  },
  zh: {
    teach: '课堂',
    logOut: '退出',
    closed: '课堂现在关闭，老师重新开放后才能继续实验。',
  },
})

/** Who is here, and where teachers go; nothing for a learner alone. */
export function Account({ inTeach = false }: { inTeach?: boolean }) {
  const t = strings.value
  useEffect(() => void loadMe(), [])
  const who = me.value
  if (who === undefined) return null
  return (
    <>
      {who.teaches && !inTeach && (
        <a class="button quiet" href={teachHome}>
          {t.teach}
        </a>
      )}
      {who.name !== undefined && (
        <>
          <span class="account">
            <bdi>{who.name}</bdi>
            {who.class !== undefined && (
              <>
                {' · '}
                <bdi>{who.class.title}</bdi>
              </>
            )}
          </span>
          <button type="button" class="quiet" onClick={() => void logOut()}>
            {t.logOut}
          </button>
        </>
      )}
    </>
  )
}

/** Why there are no labs, for a learner whose class does not go on now. */
export function ClosedNote() {
  return me.value?.class?.isOpen === false ? <p class="notice">{strings.value.closed}</p> : null
}
