import type { DeskView, HandedInView } from '../../server/protocol/classes.js'
import { confirmed } from '../shell/dialog.js'
import { JudgedSteps } from '../shell/judged-steps.js'
import { worthText } from '../shell/worth.js'
import { desk } from '../state/desk.js'
import { isOpen } from '../state/lab.js'
import { language, marks, stringsOf } from '../state/language.js'
import { ask, view } from '../state/session.js'
import { showSection } from './lab-state.js'

const strings = stringsOf({
  en: {
    title: 'Hand in',
    counts: 'This lab is assessed: what you hand in counts.',
    toHandIn: 'Hand in',
    asItIs: 'Your network is judged as it is at that moment; steps that have passed stay passed.',
    left: (left: number, of: number) =>
      left === 0 ? `All ${of} attempts are used up.` : `${left} of ${of} ${of === 1 ? 'attempt' : 'attempts'} left.`,
    any: 'You may hand in as often as you like.',
    best: 'The best of them counts.',
    last: 'The last of them counts.',
    dueAt: (when: string) => `It is due on ${when}.`,
    grace: (minutes: number) => `Up to ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} later costs nothing.`,
    late: (when: string, percent: number, per: 'hour' | 'day') =>
      `After that it is taken until ${when}, and each ${per} that has begun takes ${percent} % off.`,
    submit: 'Submit',
    closed: 'Open the lab: what you hand in is its hosts as they are.',
    sure: 'Hand in your work now?',
    sureText: (open: number) =>
      open === 0
        ? 'The network is judged as it is now. It takes some seconds, in which you had better not change anything.'
        : `${open} ${open === 1 ? 'step is' : 'steps are'} still open. The network is judged as it is now. It takes some seconds, in which you had better not change anything.`,
    sureLast: 'This is your last attempt.',
    handedIn: 'What you have handed in',
    number: (number: number) => `Attempt ${number}`,
    accepted: (when: string) => `accepted ${when} by the server’s clock`,
    judging: 'It is being judged.',
    withheld: 'It was judged. Your teacher tells the result.',
    'could-not-tell':
      'It could not be judged completely. It uses up no attempt and costs no points: hand in again. If the lab is closed by now, ask your teacher for more time.',
    interrupted:
      'The server was interrupted while it judged. It uses up no attempt and costs no points: hand in again. If the lab is closed by now, ask your teacher for more time.',
  },
  zh: {
    title: '提交',
    counts: '这个实验要评分：提交的结果会计入成绩。',
    toHandIn: '去提交',
    asItIs: '提交时按网络当时的状态评分；已经通过的步骤仍算通过。',
    left: (left: number, of: number) =>
      left === 0 ? `${of} 次提交机会已用完。` : `还可以提交 ${left} 次，共 ${of} 次。`,
    any: '提交次数不限。',
    best: '以最好的一次为准。',
    last: '以最后一次为准。',
    dueAt: (when: string) => `截止时间：${when}。`,
    grace: (minutes: number) => `截止后 ${minutes} 分钟内提交不扣分。`,
    late: (when: string, percent: number, per: 'hour' | 'day') =>
      `截止后到 ${when} 仍可迟交，每${per === 'hour' ? '小时' : '天'}扣 ${percent}%，不足一${per === 'hour' ? '小时' : '天'}按一${per === 'hour' ? '小时' : '天'}算。`,
    submit: '提交',
    closed: '请先打开实验：提交的是主机当前的状态。',
    sure: '现在提交吗？',
    sureText: (open: number) =>
      `${open === 0 ? '' : `还有 ${open} 个步骤没有完成。`}将按网络现在的状态评分，需要几秒钟，期间最好不要改动。`,
    sureLast: '这是最后一次提交机会。',
    handedIn: '已提交的内容',
    number: (number: number) => `第 ${number} 次`,
    accepted: (when: string) => `服务器接收时间 ${when}`,
    judging: '正在评分。',
    withheld: '已评分，结果由老师公布。',
    'could-not-tell': '未能完成评分。不占用提交次数，也不扣分，请重新提交；如果实验已经关闭，请让老师延长时间。',
    interrupted: '评分时服务器中断。不占用提交次数，也不扣分，请重新提交；如果实验已经关闭，请让老师延长时间。',
  },
})

/** In a class that has this lab assessed: hands in, and tells what was handed in and what became of it. Nothing for all others. */
export function HandIn({ lab }: { lab: string }) {
  const seen = desk.value
  const assessment = seen?.assessed[lab]
  if (seen === undefined || assessment === undefined) return null
  const t = strings.value
  const { usedUp, all } = seen.handedIn[lab] ?? { usedUp: 0, all: [] }
  const { attempts } = assessment
  const left = attempts === undefined ? undefined : Math.max(0, attempts - usedUp)
  const { blank } = marks.value
  return (
    <section class="hand-in" aria-labelledby="section-hand-in" lang={language.value === 'zh' ? 'zh-CN' : 'en'}>
      <h2 id="section-hand-in" tabIndex={-1}>
        {t.title}
      </h2>
      <p>
        <strong>{t.counts}</strong>
        {blank + t.asItIs}
        {blank + (left === undefined ? t.any : t.left(left, attempts!))}
        {attempts !== 1 && blank + (assessment.counts === 'last' ? t.last : t.best)}
      </p>
      <Deadline seen={seen} lab={lab} />
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={!isOpen.value || left === 0}
          onClick={() => void submit(left === 1)}
        >
          {t.submit}
        </button>
        {view.value?.phase.name !== 'open' && left !== 0 && <span class="muted">{t.closed}</span>}
      </div>
      {all.length > 0 && <HandedIn all={all} />}
    </section>
  )
}

function Deadline({ seen, lab }: { seen: DeskView; lab: string }) {
  const t = strings.value
  const closes = seen.closes[lab]
  if (closes === undefined) return null
  const { late, grace } = seen.assessed[lab] ?? {}
  return (
    <p>
      {t.dueAt(dateOf(seen.due[lab]!))}
      {grace !== undefined && marks.value.blank + t.grace(grace)}
      {late !== undefined && marks.value.blank + t.late(dateOf(closes), late.percent, late.per)}
    </p>
  )
}

/** Above the text: that it counts, and where it is handed in. */
export function Assessed({ lab }: { lab: string }) {
  const t = strings.value
  if (desk.value?.assessed[lab] === undefined) return null
  return (
    <p class="about-lab" lang={language.value === 'zh' ? 'zh-CN' : 'en'}>
      {t.counts}{' '}
      <button type="button" class="link" onClick={() => showSection('hand-in')}>
        {t.toHandIn}
      </button>
    </p>
  )
}

async function submit(isLast: boolean): Promise<void> {
  const t = strings.peek()
  const open = view.peek()?.steps.filter(({ state, optional }) => state === 'open' && !optional).length ?? 0
  const text = [t.sureText(open), ...(isLast ? [t.sureLast] : [])].join(marks.peek().blank)
  if (await confirmed({ title: t.sure, text, action: t.submit })) await ask('work.submit', {})
}

function HandedIn({ all }: { all: DeskView['handedIn'][string]['all'] }) {
  const t = strings.value
  return (
    <>
      <h3>{t.handedIn}</h3>
      {/* What becomes of it is said when it is known. */}
      <div role="status">
        <ol class="handed-in" reversed start={all.at(-1)!.number}>
          {all.toReversed().map((one) => (
            <Attempt key={one.number} one={one} />
          ))}
        </ol>
      </div>
    </>
  )
}

function Attempt({ one }: { one: HandedInView }) {
  const { number, at, state, points, steps, notes } = one
  const t = strings.value
  return (
    <li>
      <p>
        <strong>{t.number(number)}</strong>
        {marks.value.comma}
        {t.accepted(dateOf(at))}
      </p>
      {state !== 'judged' && <p>{t[state]}</p>}
      {points !== undefined && <p class="points">{worthText(one, points)}</p>}
      <JudgedSteps steps={steps} notes={notes} />
    </li>
  )
}

function dateOf(at: string): string {
  return new Date(at).toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })
}
