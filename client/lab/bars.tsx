import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SessionView } from '../../server/protocol/protocol.js'
import { CrossIcon } from '../shell/icons.js'
import { RecordsNote } from '../shell/records-note.js'
import { countdown, now } from '../shell/time.js'
import { TroubleNote } from '../shell/trouble.js'
import { connection } from '../state/connection.js'
import { isOpen } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { records } from '../state/records.js'
import { ask, trouble, view } from '../state/session.js'
import { ClassNotes } from './class-bar.js'
import { stepTitle } from './lab-state.js'

const strings = stringsOf({
  en: {
    away: 'Connection lost. Trying again…',
    safe: 'Your hosts keep running, and what you have typed so far is safe on the server.',
    idle: (left: string) => `Nobody has typed for a while. The hosts close in ${left}.`,
    idleAloud: 'Nobody has typed for a while. The hosts close soon unless you press Stay.',
    stay: 'Stay',
    replayable: (number: number) => `You were at step ${number}; these hosts are new.`,
    bring: (number: number) => `Bring them to step ${number}`,
    newer:
      'The files of this lab have changed since you began. You go on with the lab as it was; “Start over” in the menu begins the new one.',
    dismiss: 'Dismiss',
    resetting: (host: string) => `Resetting ${host === '' ? 'all hosts' : host}…`,
    replaying: (step: string) => `Bringing the hosts back${step === '' ? '' : ` to ${step}`}…`,
    doing: 'Doing this step for you…',
    submitting: 'Your work is being judged as it is…',
    step: (number: number) => `step ${number}`,
  },
  zh: {
    away: '连接断开，正在重试…',
    safe: '主机仍在继续运行，你输入过的内容都保存在服务器上。',
    idle: (left: string) => `已经有一阵子没有操作了，主机将在 ${left} 后关闭。`,
    idleAloud: '已经有一阵子没有操作了，主机即将关闭；要继续请按“继续使用”。',
    stay: '继续使用',
    replayable: (number: number) => `上次做到第 ${number} 步；现在的主机是全新的。`,
    bring: (number: number) => `恢复到第 ${number} 步`,
    newer: '开始之后，这个实验的文件有了改动。你现在用的仍是开始时的版本；要用新版本，请在菜单中选择“从头再来”。',
    dismiss: '不用了',
    resetting: (host: string) => `正在重置${host === '' ? '全部主机' : ` ${host}`}…`,
    replaying: (step: string) => `正在恢复主机${step === '' ? '' : `到${step}`}…`,
    doing: '正在替你完成这一步…',
    submitting: '正在按当前状态评分…',
    step: (number: number) => `第 ${number} 步`,
  },
})

// What was put away does not come back: by session for offers, by the notice itself for a notice.
const declined = signal<string | undefined>(undefined)
const keptOld = signal<string | undefined>(undefined)
const putAway = signal<string | undefined>(undefined)

/** What one has to know now, above the text: never over it, and never in the way of a terminal. */
export function Bars({ children }: { children: ComponentChildren }) {
  const session = view.value
  return (
    <div class="bars">
      {children}
      <Away />
      <RecordsNote standing={records.value} />
      <ClassNotes />
      {session?.closesAt !== undefined && <Idle closesAt={session.closesAt} />}
      {session?.busy !== undefined && <Busy busy={session.busy} />}
      {session !== undefined && <Replayable session={session} />}
      {session?.newer && isOpen.value && <Newer session={session} />}
      {session?.notice !== undefined && putAway.value !== JSON.stringify(session.notice) && (
        <TroubleNote trouble={session.notice}>
          <Dismiss
            onClick={() => {
              putAway.value = JSON.stringify(session.notice)
            }}
          />
        </TroubleNote>
      )}
      {trouble.value !== undefined && (
        <TroubleNote trouble={trouble.value}>
          <Dismiss
            onClick={() => {
              trouble.value = undefined
            }}
          />
        </TroubleNote>
      )}
    </div>
  )
}

function Dismiss({ onClick }: { onClick(): void }) {
  const label = strings.value.dismiss
  return (
    <button type="button" class="quiet only-icon" aria-label={label} title={label} onClick={onClick}>
      <CrossIcon />
    </button>
  )
}

/** A short break is nobody's business. */
function Away() {
  const away = connection.value !== 'online'
  const [late, setLate] = useState(false)
  useEffect(() => {
    if (!away) return setLate(false)
    const timer = setTimeout(() => setLate(true), connection.peek() === 'connecting' ? 3000 : 800)
    return () => clearTimeout(timer)
  }, [away])
  return (
    <div role="status">
      {away && late && (
        <div class="notice warn away">
          <p>
            <strong>{strings.value.away}</strong>
            {marks.value.blank}
            {strings.value.safe}
          </p>
        </div>
      )}
    </div>
  )
}

function Idle({ closesAt }: { closesAt: string }) {
  const t = strings.value
  const left = countdown(Date.parse(closesAt) - now.value)
  return (
    <div class="notice warn">
      {/* Said once, not each second. */}
      <p class="unseen" role="alert">
        {t.idleAloud}
      </p>
      <p aria-hidden="true">{t.idle(left)}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => ask('session.stay', {})}>
          {t.stay}
        </button>
      </div>
    </div>
  )
}

function Busy({ busy }: { busy: NonNullable<SessionView['busy']> }) {
  const t = strings.value
  const step = busy.step === undefined ? '' : t.step(stepTitle(busy.step).number)
  const words = {
    resetting: t.resetting(busy.host ?? ''),
    replaying: t.replaying(step),
    doing: t.doing,
    submitting: t.submitting,
  }[busy.what]
  return (
    <div class="notice busy">
      <p>{words}</p>
      <progress aria-label={words} />
    </div>
  )
}

function Newer({ session: { id } }: { session: SessionView }) {
  if (keptOld.value === id) return null
  return (
    <div class="notice" role="status">
      <p>{strings.value.newer}</p>
      <Dismiss
        onClick={() => {
          keptOld.value = id
        }}
      />
    </div>
  )
}

function Replayable({ session: { id, replayable } }: { session: SessionView }) {
  if (replayable === undefined || !isOpen.value || declined.value === id) return null
  const t = strings.value
  const { number } = stepTitle(replayable.step)
  return (
    <div class="notice">
      <p>{t.replayable(number)}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => ask('rack.replay', { step: replayable.step })}>
          {t.bring(number)}
        </button>
        <Dismiss
          onClick={() => {
            declined.value = id
          }}
        />
      </div>
    </div>
  )
}
