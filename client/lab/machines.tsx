import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { CatalogueView, OpeningStage, SessionPhase, Trouble } from '../../server/protocol/protocol.js'
import { TickIcon } from '../shell/icons.js'
import { now, relative, secondsOf } from '../shell/time.js'
import { Words } from '../shell/words.js'
import { home, labPath } from '../state/address.js'
import { inLanguage, language, marks, stringsOf } from '../state/language.js'
import { load } from '../state/load.js'
import { ask, tryAgain, unjoined, view } from '../state/session.js'
import { stepTitle } from './lab-state.js'
import { terminals } from './load-terminals.js'

const strings = stringsOf({
  en: {
    inLine: 'All places are taken now',
    position: (position: number) =>
      position === 1
        ? 'You are the next: your hosts start by themselves.'
        : `You are number ${position} in the line. Your hosts start by themselves.`,
    atTheLatest: (when: string) => `Unless others come back to their hosts, a place is free ${when}.`,
    noWait: 'Do not wait',
    opening: 'Opening the lab',
    meanwhile: 'You can start reading in the meantime.',
    hosts: 'Hosts',
    network: 'Network between them',
    engines: 'Docker Engines',
    setup: 'The lab’s own setup',
    replay: 'Steps you have done',
    waiting: 'waiting',
    running: 'in progress',
    done: 'done',
    failed: 'The lab could not be opened',
    retry: 'Try again',
    back: 'All labs',
    free: (when: string) => `A place should be free ${when}.`,
    holders: 'These labs are open now. Close the hosts of one, in its menu:',
    closed: 'The hosts are closed',
    idle: 'Nobody typed for a while, so they made room for others. Your progress is kept.',
    left: 'They were closed. Your progress is kept.',
    lost: 'They were lost because the machine or the service that runs them stopped. Your progress is kept.',
    again: 'Open again',
    againAt: (number: number) => `Open again and bring me to step ${number}`,
    againDone: 'Open again with all steps done',
    none: 'The lab is not open',
    open: 'Open it',
    broken: 'The terminals could not be loaded.',
  },
  zh: {
    inLine: '目前没有空位',
    position: (position: number) =>
      position === 1 ? '下一个就是你，主机会自动启动。' : `你排在第 ${position} 位，轮到时主机会自动启动。`,
    atTheLatest: (when: string) => `如果其他人不再使用主机，${when}会有空位。`,
    noWait: '不等了',
    opening: '正在打开实验',
    meanwhile: '可以先读说明。',
    hosts: '主机',
    network: '主机之间的网络',
    engines: 'Docker 引擎',
    setup: '实验的初始设置',
    replay: '重做已完成的步骤',
    waiting: '等待中',
    running: '进行中',
    done: '完成',
    failed: '实验没能打开',
    retry: '重试',
    back: '全部实验',
    free: (when: string) => `${when}预计会有空位。`,
    holders: '以下实验正在运行。打开其中一个，在菜单里关闭它的主机即可腾出空位：',
    closed: '主机已关闭',
    idle: '有一阵子没有操作，主机已关闭，把位置让给别人。学习进度已保留。',
    left: '学习进度已保留，可以随时重新打开。',
    lost: '运行主机的机器或服务中断，主机已丢失。学习进度已保留。',
    again: '重新打开',
    againAt: (number: number) => `重新打开并回到第 ${number} 步`,
    againDone: '重新打开并完成全部步骤',
    none: '实验没有打开',
    open: '打开',
    broken: '终端加载失败。',
  },
})

/** The right half: terminals, or what stands in their way. `shown`: terminals are seen, or have been. */
export function Machines({ shown }: { shown: boolean }) {
  const session = view.value
  const why = unjoined.value
  if (session === undefined) {
    if (why === 'none') return <NotOpen />
    if (why !== undefined) return <Failed trouble={why} onRetry={tryAgain} />
    return <Opening stages={[]} />
  }
  const { phase } = session
  if (phase.name === 'waiting') return <Waiting phase={phase} />
  if (phase.name === 'opening') return <Opening stages={phase.stages} />
  if (phase.name === 'failed') {
    return <Failed trouble={phase.trouble} onRetry={() => ask('session.reopen', { replay: false })} />
  }
  if (phase.name === 'closed') return <Closed reason={phase.reason} />
  return shown ? <Terminals /> : <div class="placeholder" />
}

function Terminals() {
  const loaded = terminals.value
  if (loaded === undefined) return <div class="placeholder" aria-busy="true" />
  if (loaded === 'failed') {
    return (
      <Overlay heading={strings.value.broken}>
        <div class="actions">
          <button
            type="button"
            class="primary"
            // A file that did not come is not asked for again by the same page.
            onClick={() => location.reload()}
          >
            {strings.value.retry}
          </button>
        </div>
      </Overlay>
    )
  }
  return <loaded.TerminalArea session={view} />
}

function Overlay({ heading, children }: { heading: string; children: ComponentChildren }) {
  return (
    <div class="overlay">
      <div>
        <h2>{heading}</h2>
        {children}
      </div>
    </div>
  )
}

/** Others come first: where one is in the line, and when it may be one's turn. */
function Waiting({ phase }: { phase: Extract<SessionPhase, { name: 'waiting' }> }) {
  const t = strings.value
  return (
    <Overlay heading={t.inLine}>
      <p role="status">{t.position(phase.position)}</p>
      {phase.freeAt !== undefined && (
        <p class="quiet-words">{t.atTheLatest(relative(Date.parse(phase.freeAt) - now.value, language.value))}</p>
      )}
      <p class="quiet-words">{t.meanwhile}</p>
      <div class="actions">
        <button type="button" onClick={() => ask('session.leave', {})}>
          {t.noWait}
        </button>
      </div>
    </Overlay>
  )
}

function Opening({ stages }: { stages: readonly OpeningStage[] }) {
  const t = strings.value
  return (
    <Overlay heading={t.opening}>
      <ol class="stages">
        {stages.map((stage) => (
          <li key={stage.name} class={stage.state}>
            <span class="face" aria-hidden="true">
              {stage.state === 'done' && <TickIcon />}
            </span>
            <span>{t[stage.name]}</span>
            <span class="unseen">
              {marks.value.colon}
              {t[stage.state]}
            </span>
            {stage.tookMs !== undefined && <span class="took">{secondsOf(stage.tookMs, language.value)}</span>}
          </li>
        ))}
      </ol>
      <p class="quiet-words">{t.meanwhile}</p>
    </Overlay>
  )
}

function Failed({ trouble, onRetry }: { trouble: Trouble; onRetry(): void }) {
  const t = strings.value
  return (
    <Overlay heading={t.failed}>
      <div role="alert">
        <p>
          <Words text={trouble.what} />
        </p>
        <p>
          <Words text={trouble.cure} />
        </p>
        {trouble.freeAt !== undefined && (
          <p>
            <strong>{t.free(relative(Math.max(0, Date.parse(trouble.freeAt) - now.value), language.value))}</strong>
          </p>
        )}
      </div>
      {trouble.code === 'rack.limit' && <Holders />}
      <div class="actions">
        <button type="button" class="primary" onClick={onRetry}>
          {t.retry}
        </button>
        <a class="button" href={home}>
          {t.back}
        </a>
      </div>
    </Overlay>
  )
}

/** The learner's labs that hold racks: one of them can make room. */
function Holders() {
  const [catalogue, setCatalogue] = useState<CatalogueView>()
  useEffect(() => {
    const left = new AbortController()
    void load<CatalogueView>('/api/catalogue', left.signal).then((answered) => {
      if (answered.ok && !left.signal.aborted) setCatalogue(answered.value)
    })
    return () => left.abort()
  }, [])
  const running = catalogue?.labs.filter((lab) => catalogue.running.some((one) => one.lab === lab.id)) ?? []
  if (running.length === 0) return null
  return (
    <>
      <p>{strings.value.holders}</p>
      <ul>
        {running.map((lab) => (
          <li key={lab.id}>
            <a href={labPath(lab.id)}>{inLanguage(lab.title)}</a>
          </li>
        ))}
      </ul>
    </>
  )
}

function Closed({ reason }: { reason: Extract<SessionPhase, { name: 'closed' }>['reason'] }) {
  const t = strings.value
  const session = view.value
  const begun = session?.steps.some((step) => step.state !== 'open') === true
  const current = session?.current
  return (
    <Overlay heading={t.closed}>
      <p>{t[reason]}</p>
      <div class="actions">
        {begun && (
          <button type="button" class="primary" onClick={() => ask('session.reopen', { replay: true })}>
            {current === undefined ? t.againDone : t.againAt(stepTitle(current).number)}
          </button>
        )}
        <button type="button" class={begun ? '' : 'primary'} onClick={() => ask('session.reopen', { replay: false })}>
          {t.again}
        </button>
        <a class="button" href={home}>
          {t.back}
        </a>
      </div>
    </Overlay>
  )
}

function NotOpen() {
  const t = strings.value
  return (
    <Overlay heading={t.none}>
      <div class="actions">
        <button type="button" class="primary" onClick={tryAgain}>
          {t.open}
        </button>
        <a class="button" href={home}>
          {t.back}
        </a>
      </div>
    </Overlay>
  )
}
