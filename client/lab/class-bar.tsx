import { signal } from '@preact/signals'
import type { Asked } from '../../server/protocol/requests.js'
import { Dialog } from '../shell/dialog.js'
import { CrossIcon } from '../shell/icons.js'
import { request } from '../state/connection.js'
import { desk } from '../state/desk.js'
import { marks, stringsOf } from '../state/language.js'
import { trouble, view } from '../state/session.js'
import { WatchedTerminals } from '../terminal/watched-terminals.js'

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
  },
})

/** How long a look is given for; either ends it before. */
const lookMinutes = 20

/** What the class is shown is looked at. */
const watching = signal(false)

/** Once a page: the terminals that the class is shown. */
export function ClassShow() {
  const shown = desk.value?.shown
  if (shown === undefined || !watching.value) return null
  const name = shown.by || strings.value.teacher
  const close = () => {
    watching.value = false
  }
  return (
    <Dialog title={strings.value.shows(name)} onClose={close}>
      <WatchedTerminals name={name} mayWrite={false} />
    </Dialog>
  )
}

/** Those that were put away. */
const read = signal<ReadonlySet<string>>(new Set())

/** What the class says, above the text; nothing for who is in none. */
export function ClassNotes() {
  const t = strings.value
  const seen = desk.value
  const hand = seen?.hand
  const note = seen?.notes.find(({ id }) => !read.value.has(id))
  const shown = view.value
  return (
    <div role="status">
      {note !== undefined && (
        <div class="notice">
          <p>
            <strong>
              <bdi>{note.by || t.teacher}</bdi>
              {note.seat !== undefined && ` (${t.toYou})`}
              {marks.value.colon}
            </strong>
            <bdi class="told">{note.text}</bdi>
          </p>
          <button
            type="button"
            class="quiet only-icon"
            aria-label={t.dismiss}
            title={t.dismiss}
            onClick={() => {
              // Older ones were there to be read, too.
              read.value = new Set([...read.value, ...seen!.notes.map(({ id }) => id)])
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
                : t.before(hand.before)}
          </p>
          <div class="actions">
            <button type="button" onClick={() => void ask('hand.lower', {})}>
              {t.lower}
            </button>
          </div>
        </div>
      )}
      {seen !== undefined && hand === undefined && shown !== undefined && (
        <p class="hand">
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
        </p>
      )}
    </div>
  )
}

async function ask<K extends 'hand.raise' | 'hand.lower' | 'look.give' | 'look.end'>(
  name: K,
  what: Asked<K>,
): Promise<void> {
  const answered = await request(name, what)
  if (!answered.ok) trouble.value = answered.trouble
}
