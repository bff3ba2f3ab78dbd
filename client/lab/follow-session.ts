import type { SessionView, TerminalView } from '../../server/protocol/protocol.js'
import { announce } from '../shell/announce.js'
import { page } from '../state/lab.js'
import { inLanguage, marks, stringsOf } from '../state/language.js'
import { view } from '../state/session.js'
import { type Happening, happenings } from './happenings.js'
import { isDone, justDone, showSection, stepTitle } from './lab-state.js'

const strings = stringsOf({
  en: {
    passed: (number: number) => `Step ${number} passed.`,
    helped: (number: number) => `Step ${number} is done, with help.`,
    skipped: (number: number) => `Step ${number} is skipped.`,
    all: 'The lab is done.',
    looked: (passed: number, of: number) => `${passed} of ${of} checks pass.`,
    answer: (question: string, why: string) => `Your answer to “${question}” ${why}`,
    hint: (text: string) => `Hint: ${text}`,
    starting: 'The hosts are starting.',
    ready: 'The hosts are ready.',
    idle: 'The hosts are closed: nobody had typed for a while.',
    left: 'The hosts are closed.',
    lost: 'The hosts are lost.',
    resettingAll: 'Resetting all hosts.',
    resetting: (host: string) => `Resetting ${host}.`,
    resetAll: 'All hosts are reset.',
    reset: (host: string) => `${host} is reset.`,
    replaying: 'Bringing the hosts to the step.',
    replayed: (number: number) => `The hosts are at step ${number}.`,
    doing: 'Doing this step for you.',
    done: 'The commands of the step have been run.',
    submitting: 'Your work is being judged.',
    submitted: 'Your work was judged.',
    shellEnded: (host: string, code: string) => `The shell on ${host} has ended${code}.`,
    code: (code: number) => ` with exit code ${code}`,
  },
  zh: {
    passed: (number: number) => `第 ${number} 步通过了。`,
    helped: (number: number) => `第 ${number} 步已借助帮助完成。`,
    skipped: (number: number) => `第 ${number} 步已跳过。`,
    all: '实验完成了。',
    looked: (passed: number, of: number) => `${of} 项检查通过了 ${passed} 项。`,
    answer: (question: string, why: string) => `对于“${question}”，你的答案：${why}`,
    hint: (text: string) => `提示：${text}`,
    starting: '主机正在启动。',
    ready: '主机准备好了。',
    idle: '主机已关闭：有一阵子没有操作。',
    left: '主机已关闭。',
    lost: '主机已丢失。',
    resettingAll: '正在重置全部主机。',
    resetting: (host: string) => `正在重置 ${host}。`,
    resetAll: '全部主机已重置。',
    reset: (host: string) => `${host} 已重置。`,
    replaying: '正在把主机恢复到这一步。',
    replayed: (number: number) => `主机已恢复到第 ${number} 步。`,
    doing: '正在替你完成这一步。',
    done: '这一步的命令已经运行完。',
    submitting: '正在评分。',
    submitted: '评分已结束。',
    shellEnded: (host: string, code: string) => `${host} 上的 Shell 已结束${code}。`,
    code: (code: number) => `，退出码 ${code}`,
  },
})

/** Says aloud what has changed, in one polite voice, and remembers what turned green before the learner's eyes. */
export function followSession(): () => void {
  let before: SessionView | undefined
  const stop = view.subscribe((after) => {
    if (after === undefined) return
    const found = happenings(before, after)
    for (const happening of found) {
      if (happening.what !== 'done') continue
      justDone.value = new Set([...justDone.peek()].filter((id) => id !== happening.step)).add(happening.step)
    }
    // Started over: it can turn green once more.
    const open = new Set(after.steps.filter((step) => step.state === 'open').map((step) => step.id))
    if ([...justDone.peek()].some((id) => open.has(id))) {
      justDone.value = new Set([...justDone.peek()].filter((id) => !open.has(id)))
    }
    const said = found.map(inWords)
    if (found.some(({ what }) => what === 'done') && isDone(after)) said.push(strings.peek().all)
    if (said.length > 0) announce(said.join(marks.peek().blank))
    const step = broughtTo(before, after)
    if (step !== undefined) showSection(step)
    before = after
  })
  return () => {
    stop()
    // What was said of this lab is not to be found in the next.
    announce('')
  }
}

/** The step that the hosts were brought to just now: there one goes on. */
function broughtTo(before: SessionView | undefined, after: SessionView): string | undefined {
  if (before?.busy?.what === 'replaying' && after.busy === undefined) return before.busy.step
  const wasReplayed = before?.phase.name === 'opening' && before.phase.stages.some(({ name }) => name === 'replay')
  return wasReplayed && after.phase.name === 'open' ? after.current : undefined
}

function inWords(happening: Happening): string {
  const t = strings.peek()
  switch (happening.what) {
    case 'done':
      return t[happening.how](stepTitle(happening.step).number)
    case 'looked': {
      const why = happening.why === undefined ? '' : plain(inLanguage(happening.why))
      const question = happening.answered === undefined ? undefined : questionOf(happening.answered)
      const told = question === undefined || why === '' ? why : t.answer(question, why)
      return [t.looked(happening.passed, happening.of), told].filter(Boolean).join(marks.peek().blank)
    }
    case 'hint':
      return t.hint(plain(inLanguage(happening.text)))
    case 'hosts':
      return t[happening.now]
    case 'begun':
    case 'over':
      return busyInWords(happening.what === 'over', happening.busy)
    case 'shell-ended':
      return endInWords(happening.terminal)
  }
}

function busyInWords(isOver: boolean, { what, host, step }: NonNullable<SessionView['busy']>): string {
  const t = strings.peek()
  if (what === 'doing') return isOver ? t.done : t.doing
  if (what === 'submitting') return isOver ? t.submitted : t.submitting
  if (what === 'replaying') return isOver && step !== undefined ? t.replayed(stepTitle(step).number) : t.replaying
  if (host === undefined) return isOver ? t.resetAll : t.resettingAll
  return isOver ? t.reset(host) : t.resetting(host)
}

function endInWords({ host, exited }: TerminalView): string {
  const t = strings.peek()
  return t.shellEnded(host, exited?.exitCode ? t.code(exited.exitCode) : '')
}

function questionOf(answer: string): string | undefined {
  const shown = page.peek()
  const steps = shown?.ok === true ? shown.value.steps : []
  const found = steps.flatMap(({ answers }) => answers).find(({ id }) => id === answer)
  return found && plain(inLanguage(found.ask))
}

/** Backticks are for the eye. */
function plain(text: string): string {
  return text.replaceAll('`', '')
}
