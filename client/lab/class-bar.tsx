import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { DeskView } from '../../server/protocol/classes.js'
import type { NetworkMap } from '../../server/protocol/protocol.js'
import type { Asked } from '../../server/protocol/requests.js'
import { Dialog } from '../shell/dialog.js'
import { CrossIcon } from '../shell/icons.js'
import { dayAndTime } from '../shell/time.js'
import { Words } from '../shell/words.js'
import { request } from '../state/connection.js'
import { desk } from '../state/desk.js'
import { language, marks, stringsOf } from '../state/language.js'
import { trouble, view } from '../state/session.js'
import { WatchedTerminals } from '../terminal/watched-terminals.js'
import { stepTitle } from './lab-state.js'

const strings = stringsOf({
  en: {
    raise: 'Raise your hand',
    lower: 'Lower your hand',
    next: 'Your hand is up. You are the next.',
    before: (count: number) => `Your hand is up. ${count} ${count === 1 ? 'waits' : 'wait'} before you.`,
    helps: (name: string) => `${name} is on the way to you.`,
    teacher: 'Your teacher',
    shows: (name: string) => `${name} shows the class their terminals.`,
    watch: 'Watch',
    toYou: 'to you',
    wants: (name: string, mayWrite: boolean) =>
      mayWrite
        ? `${name} asks to look into your terminals, and to type in them.`
        : `${name} asks to look into your terminals.`,
    allow: (minutes: number) => `Allow for ${minutes} minutes`,
    refuse: 'No',
    looks: (name: string, mayWrite: boolean) =>
      mayWrite ? `${name} can see your terminals, and type in them.` : `${name} can see your terminals.`,
    end: 'End it now',
    dismiss: 'Dismiss',
    gave: (step: string) => `gave you a hint for “${step}”`,
    until: (when: string) => `You can work at this lab until ${when}.`,
    paused: 'Hands are not taken now.',
    offer: 'Let who helps look into my terminals',
    offered: 'Who helps may look into your terminals.',
    takeBack: 'Take that back',
    network: 'The network',
    seen: 'What your class sees of you',
    seenAlways:
      'Your teachers see how far you are, what your checks found, the commands that changed something, and your network. Into your terminals they look when you allow it, and no longer than you said.',
    nobodyLooked: 'Nobody has looked into your terminals.',
    looked: (name: string, mayWrite: boolean, from: string) =>
      mayWrite ? `${name} looked, and could type: ${from}` : `${name} looked: ${from}`,
    asked: (name: string, when: string) => `${name} asked, and was not let in: ${when}`,
  },
  zh: {
    raise: '举手求助',
    lower: '放下手',
    next: '你已举手，下一个就是你。',
    before: (count: number) => `你已举手，前面还有 ${count} 人。`,
    helps: (name: string) => `${name} 正在来帮你。`,
    teacher: '老师',
    shows: (name: string) => `${name} 正在向全班展示终端。`,
    watch: '观看',
    toYou: '只给你',
    wants: (name: string, mayWrite: boolean) =>
      mayWrite ? `${name} 请求查看你的终端并在其中输入。` : `${name} 请求查看你的终端。`,
    allow: (minutes: number) => `允许 ${minutes} 分钟`,
    refuse: '不允许',
    looks: (name: string, mayWrite: boolean) =>
      mayWrite ? `${name} 可以看到你的终端并在其中输入。` : `${name} 可以看到你的终端。`,
    end: '立即结束',
    dismiss: '不用了',
    gave: (step: string) => `给了你“${step}”的一条提示`,
    until: (when: string) => `这个实验可以做到 ${when}。`,
    paused: '现在不接受举手。',
    offer: '允许来帮我的人查看我的终端',
    offered: '来帮你的人可以查看你的终端。',
    takeBack: '取消允许',
    network: '网络图',
    seen: '课堂能看到你的什么',
    seenAlways:
      '老师能看到你的进度、检查结果、带来变化的命令和你的网络。只有在你允许时才能查看你的终端，并且不会超过你允许的时间。',
    nobodyLooked: '没有人查看过你的终端。',
    looked: (name: string, mayWrite: boolean, from: string) =>
      mayWrite ? `${name} 查看过（也可以输入）：${from}` : `${name} 查看过：${from}`,
    asked: (name: string, when: string) => `${name} 请求过，没有得到允许：${when}`,
  },
})

/** How often the map that the class is shown is asked for, in milliseconds. */
const mapMs = 2_000
/** How long a look is given for; either ends it before. */
const lookMinutes = 20

/** What the class is shown is looked at. */
const watching = signal(false)
/** What the class sees of one is looked at. */
const auditing = signal(false)

/** Once a page: the dialogs of a class. */
export function ClassShow() {
  return (
    <>
      <Shown />
      <ClassAudit />
    </>
  )
}

/** What the class is shown: terminals, and the network that they are in. */
function Shown() {
  const shown = desk.value?.shown
  if (shown === undefined || !watching.value) return null
  const name = shown.by || strings.value.teacher
  const close = () => {
    watching.value = false
  }
  return (
    <Dialog title={strings.value.shows(name)} onClose={close}>
      <WatchedTerminals name={name} mayWrite={false} />
      <SharedMap />
    </Dialog>
  )
}

/** The network that the class is shown, asked for anew as long as it is looked at. */
function SharedMap() {
  const [map, setMap] = useState<NetworkMap | null>(null)
  const [View, setView] = useState<ComponentType<{ map: NetworkMap }>>()
  useEffect(() => {
    void import('../network/map/watched-map.js').then((loaded) => setView(() => loaded.WatchedMap))
    const look = async () => {
      const answered = await request('share.map', {})
      if (answered.ok) setMap(answered.value)
    }
    void look()
    const timer = setInterval(() => void look(), mapMs)
    return () => clearInterval(timer)
  }, [])
  if (map === null || View === undefined) return null
  return <View map={map} />
}

/** Those that were put away. */
const read = signal<ReadonlySet<string>>(new Set())

/** What the class says, above the text; nothing for who is in none. */
export function ClassNotes() {
  const t = strings.value
  const seen = desk.value
  const hand = seen?.hand
  const shown = view.value
  const news = newsOf(seen)
  const note = news.find(({ id }) => !read.value.has(id))
  const due = shown === undefined || seen === undefined ? undefined : endOf(seen, shown.lab)
  return (
    <div role="status">
      {note !== undefined && (
        <div class="notice">
          <p>
            <strong>
              <bdi>{note.by || t.teacher}</bdi>
              {note.step !== undefined && ` ${t.gave(stepTitle(note.step).heading)}`}
              {note.step === undefined && note.isOwn && ` (${t.toYou})`}
              {note.text !== undefined && marks.value.colon}
            </strong>
            {note.text !== undefined &&
              (typeof note.text === 'string' ? <bdi class="told">{note.text}</bdi> : <Words text={note.text} />)}
          </p>
          <button
            type="button"
            class="quiet only-icon"
            aria-label={t.dismiss}
            title={t.dismiss}
            onClick={() => {
              // Older ones were there to be read, too.
              read.value = new Set([...read.value, ...news.map(({ id }) => id)])
            }}
          >
            <CrossIcon />
          </button>
        </div>
      )}
      {seen?.shown !== undefined && (
        <div class="notice">
          <p>{t.shows(seen.shown.by || t.teacher)}</p>
          <div class="actions">
            <button
              type="button"
              onClick={() => {
                watching.value = true
              }}
            >
              {t.watch}
            </button>
          </div>
        </div>
      )}
      {seen?.looks
        .filter(({ endedAt }) => endedAt === undefined)
        .map((look) => (
          <div class="notice warn" key={look.id}>
            <p>
              {look.endsAt === undefined
                ? t.wants(look.by || t.teacher, look.mayWrite)
                : t.looks(look.by || t.teacher, look.mayWrite)}
            </p>
            <div class="actions">
              {look.endsAt === undefined && (
                <button
                  type="button"
                  class="primary"
                  onClick={() => void ask('look.give', { look: look.id, minutes: lookMinutes })}
                >
                  {t.allow(lookMinutes)}
                </button>
              )}
              <button type="button" onClick={() => void ask('look.end', { look: look.id })}>
                {look.endsAt === undefined ? t.refuse : t.end}
              </button>
            </div>
          </div>
        ))}
      {hand !== undefined && (
        <div class="notice">
          <p>
            {hand.helper !== undefined
              ? t.helps(hand.helper || t.teacher)
              : hand.before === 0
                ? t.next
                : t.before(hand.before)}{' '}
            {hand.offer !== undefined && t.offered}
          </p>
          <div class="actions">
            <button
              type="button"
              onClick={() => void ask('look.offer', { offer: hand.offer === undefined ? 'view' : null })}
            >
              {hand.offer === undefined ? t.offer : t.takeBack}
            </button>
            <button type="button" onClick={() => void ask('hand.lower', {})}>
              {t.lower}
            </button>
          </div>
        </div>
      )}
      {seen !== undefined && shown !== undefined && (
        <p class="hand">
          {due !== undefined && <span>{t.until(dayAndTime(due, language.value))}</span>}
          {seen.isQueuePaused && hand === undefined && <span>{t.paused}</span>}
          {!seen.isQueuePaused && hand === undefined && (
            <button
              type="button"
              class="link"
              onClick={() =>
                void ask('hand.raise', {
                  lab: shown.lab,
                  ...(shown.current === undefined ? {} : { step: shown.current }),
                })
              }
            >
              {t.raise}
            </button>
          )}
          <button
            type="button"
            class="link"
            onClick={() => {
              auditing.value = true
            }}
          >
            {t.seen}
          </button>
        </p>
      )}
    </div>
  )
}

/** What the class knows of this learner, and who has looked into their terminals; nothing for who is in none. */
function ClassAudit() {
  const t = strings.value
  const seen = desk.value
  if (seen === undefined || !auditing.value) return null
  const time = (at: string) => dayAndTime(at, language.value)
  return (
    <Dialog
      title={t.seen}
      onClose={() => {
        auditing.value = false
      }}
    >
      <p>{t.seenAlways}</p>
      {seen.looks.length === 0 ? (
        <p>{t.nobodyLooked}</p>
      ) : (
        <ul>
          {seen.looks.map((look) => (
            <li key={look.id}>
              {look.endsAt === undefined
                ? t.asked(look.by || t.teacher, time(look.askedAt))
                : t.looked(
                    look.by || t.teacher,
                    look.mayWrite,
                    `${time(look.givenAt ?? look.askedAt)} – ${time(look.endedAt ?? look.endsAt)}`,
                  )}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  )
}

interface News {
  id: string
  by: string
  at: string
  isOwn: boolean
  /** Of a hint. */
  step?: string
  text?: string | NonNullable<DeskView['hints'][number]['text']>
}

/** What was told, and hints that were given in the lab that is open: newest first. */
function newsOf(seen: DeskView | undefined): News[] {
  if (seen === undefined) return []
  const hints = seen.hints.filter(({ lab }) => lab === view.value?.lab)
  return [
    ...seen.notes.map(({ id, by, at, text, seat }) => ({ id, by, at, text, isOwn: seat !== undefined })),
    ...hints.map(({ step, check, hint, by, at, text }) => ({
      ...{ id: `${step} ${check} ${hint}`, by, at, step, isOwn: true },
      ...(text === undefined ? {} : { text }),
    })),
  ].toSorted((a, b) => (a.at < b.at ? 1 : -1))
}

/** Until when one can work at a lab: its own end, or that of the class where that is sooner. */
function endOf(seen: DeskView, lab: string): string | undefined {
  return [seen.closes[lab], seen.endsAt].filter((one) => one !== undefined).toSorted()[0]
}

async function ask<K extends 'hand.raise' | 'hand.lower' | 'look.give' | 'look.end' | 'look.offer'>(
  name: K,
  what: Asked<K>,
): Promise<void> {
  const answered = await request(name, what)
  if (!answered.ok) trouble.value = answered.trouble
}
