import { useEffect, useState } from 'preact/hooks'
import type { Trouble } from '../../server/protocol/protocol.js'
import { confirmed } from '../shell/dialog.js'
import { hasFullScreen, isFullScreen, switchFullScreen } from '../shell/full-screen.js'
import { BackIcon, ClockIcon, MapIcon, MenuIcon, OutsideIcon } from '../shell/icons.js'
import { Menu } from '../shell/menu.js'
import { LanguageSwitch, openDialog } from '../shell/preferences.js'
import { minutesOf, now } from '../shell/time.js'
import { useArrival } from '../shell/title.js'
import { Coded } from '../shell/words.js'
import { home } from '../state/address.js'
import { isOpen, page, side } from '../state/lab.js'
import { inLanguage, language, marks, stringsOf } from '../state/language.js'
import { ask, askQuietly, heardAt, view } from '../state/session.js'
import { mapOpen, screenReader, welcomed } from '../state/settings.js'
import { forgetDrafts } from './drafts.js'
import { stepTitle } from './lab-state.js'

const strings = stringsOf({
  en: {
    back: 'All labs',
    used: 'Time used',
    ports: 'Open port',
    noPreview: 'Cannot be opened',
    map: 'Map',
    menu: 'Menu',
    resetLab: 'Reset all hosts',
    resetHost: (host: string) => `Reset ${host}`,
    stopped: 'stopped',
    again: 'Start over',
    leave: 'Close the hosts',
    bring: 'Bring the hosts to',
    step: (number: number, heading: string) => `Step ${number}: ${heading}`,
    screenReader: 'Screen-reader mode',
    fullScreen: 'Full screen, Ctrl+W to terminals',
    welcome: 'How a lab works',
    settings: 'Settings…',
    shortcuts: 'Keyboard shortcuts…',
    resetTitle: (what: string) => `${what}?`,
    resetText:
      'A new system takes the place of the old one; what you built there is gone, its terminals end. Progress is kept.',
    bringTitle: (number: number) => `Bring the hosts to step ${number}?`,
    bringText:
      'All hosts are reset, and the steps before it are done for you. Those that were still open count as done with help.',
    bringAction: 'Bring them there',
    againTitle: 'Start over?',
    againText: 'All hosts are reset, and your progress in this lab is forgotten.',
    leaveTitle: 'Close the hosts?',
    leaveText: 'What you built in them is gone. Progress is kept, and you can bring new hosts to the same step later.',
    commands: 'Hosts',
    page: 'Page',
  },
  zh: {
    back: '全部实验',
    used: '已用时间',
    ports: '打开端口',
    noPreview: '无法打开',
    map: '网络图',
    menu: '菜单',
    resetLab: '重置全部主机',
    resetHost: (host: string) => `重置 ${host}`,
    stopped: '已停止',
    again: '从头再来',
    leave: '关闭主机',
    bring: '把主机恢复到',
    step: (number: number, heading: string) => `第 ${number} 步：${heading}`,
    screenReader: '屏幕阅读器模式',
    fullScreen: '全屏，终端可用 Ctrl+W',
    welcome: '实验怎么做',
    settings: '设置…',
    shortcuts: '键盘快捷键…',
    resetTitle: (what: string) => `${what}？`,
    resetText: '会换上一套全新的系统：你在上面做的一切都会消失，终端也会结束。学习进度会保留。',
    bringTitle: (number: number) => `把主机恢复到第 ${number} 步？`,
    bringText: '全部主机都会重置，并替你做完这一步之前的所有步骤。其中还没完成的，将记为“借助帮助完成”。',
    bringAction: '恢复',
    againTitle: '从头再来？',
    againText: '全部主机都会重置，你在这个实验里的进度也会清空。',
    leaveTitle: '关闭主机？',
    leaveText: '你在主机上做的一切都会消失。学习进度会保留，之后可以让新主机恢复到同一步。',
    commands: '主机',
    page: '页面',
  },
})

export function TopBar() {
  const t = strings.value
  const heading = useArrival<HTMLHeadingElement>()
  const shown = page.value
  return (
    <header class="top">
      <a class="button quiet back" href={home} title={t.back} aria-label={t.back}>
        <BackIcon />
      </a>
      <h1 ref={heading} tabIndex={-1}>
        {shown?.ok === true ? (
          inLanguage(shown.value.lab.title)
        ) : (
          <span class={shown === undefined ? 'unseen' : ''}>vethlab</span>
        )}
      </h1>
      <TimeUsed />
      <Ports />
      <MapSwitch />
      <LanguageSwitch />
      <LabMenu />
    </header>
  )
}

function TimeUsed() {
  const session = view.value
  if (session === undefined) return null
  const used = session.usedMs + (session.counting ? Math.max(0, now.value - heardAt.value) : 0)
  return (
    <span class="used" title={strings.value.used}>
      <ClockIcon />
      <span class="unseen">
        {strings.value.used}
        {marks.value.colon}
      </span>
      {minutesOf(used, language.value)}
    </span>
  )
}

/** Shows the map above the terminals, or gives them its place. */
function MapSwitch() {
  return (
    <button
      type="button"
      class="quiet map-switch"
      aria-pressed={mapOpen.value}
      onClick={() => {
        mapOpen.value = !mapOpen.value
      }}
    >
      <MapIcon /> {strings.value.map}
    </button>
  )
}

/** Published ports of containers. Their addresses are asked for as the menu opens, so that each is a plain link to a new tab. */
function Ports() {
  const [found, setFound] = useState<Record<string, { url: string } | { trouble: Trouble }>>({})
  const [times, setTimes] = useState(0)
  const ports = view.value?.ports ?? []
  const look = () => {
    setFound({})
    setTimes(times + 1)
  }
  // Also for those that come while the menu is open.
  useEffect(() => {
    if (times === 0) return
    for (const { host, port } of ports) {
      if (found[`${host}:${port}`] !== undefined) continue
      void askQuietly('rack.preview', { host, port }).then((answered) => {
        const entry = answered.ok ? { url: answered.value.url } : { trouble: answered.trouble }
        setFound((before) => ({ ...before, [`${host}:${port}`]: entry }))
      })
    }
  }, [times, ports.map(({ host, port }) => `${host}:${port}`).join(' ')])
  if (ports.length === 0 || !isOpen.value) return null
  const t = strings.value
  return (
    <Menu
      label={t.ports}
      keys={{ keys: 'alt+shift+p', label: { en: 'Published ports', zh: '已发布的端口' } }}
      onOpen={look}
      face={
        <>
          <OutsideIcon /> <span class="roomy">{t.ports}</span>
        </>
      }
    >
      {ports.map(({ host, port, container }) => {
        const name = `${host}:${port}`
        const entry = found[name]
        const face = (
          <>
            <code>{name}</code> <span class="end muted">{container}</span>
          </>
        )
        const url = entry !== undefined && 'url' in entry ? entry.url : undefined
        // One element before and after its address is known, so that it keeps the focus.
        return (
          <a
            key={name}
            class="button"
            role="menuitem"
            tabIndex={-1}
            href={url}
            target="_blank"
            rel="noopener"
            aria-disabled={url === undefined ? 'true' : undefined}
          >
            {face}
            {entry !== undefined && 'trouble' in entry && (
              <span class="muted">
                <Coded text={inLanguage(entry.trouble.what) || t.noPreview} />
              </span>
            )}
          </a>
        )
      })}
    </Menu>
  )
}

function LabMenu() {
  const t = strings.value
  const session = view.value
  const open = isOpen.value
  const steps = session?.steps ?? []
  const choice = (words: string, chosen: boolean, run: () => unknown) => (
    <button type="button" role="menuitemcheckbox" tabIndex={-1} aria-checked={chosen} onClick={run}>
      {words} <span class="end">{chosen ? '✓' : ''}</span>
    </button>
  )
  const item = (words: string, disabled: boolean, run: () => unknown, end?: string) => (
    <button key={words} type="button" role="menuitem" tabIndex={-1} disabled={disabled} onClick={run}>
      {words} {end !== undefined && <span class="end muted">{end}</span>}
    </button>
  )
  const asked = async (title: string, text: string, action: string, then: () => unknown) => {
    if (await confirmed({ title, text, action })) await then()
  }
  const hosts = session?.hosts ?? []
  return (
    <Menu
      label={t.menu}
      face={<MenuIcon />}
      keys={{ keys: 'alt+shift+o', label: { en: 'Menu of the lab', zh: '实验菜单' } }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a group of a menu is no fieldset */}
      <div role="group" aria-label={t.commands}>
        {hosts.length > 1 &&
          hosts.map((host) =>
            item(
              t.resetHost(host.name),
              !open,
              () =>
                asked(t.resetTitle(t.resetHost(host.name)), t.resetText, t.resetHost(host.name), () =>
                  ask('rack.reset', { host: host.name }),
                ),
              host.alive ? undefined : t.stopped,
            ),
          )}
        {item(t.resetLab, !open, () =>
          asked(t.resetTitle(t.resetLab), t.resetText, t.resetLab, () => ask('rack.reset', {})),
        )}
        {item(t.again, !open, () =>
          asked(t.againTitle, t.againText, t.again, () => {
            if (session !== undefined) forgetDrafts(session.lab)
            return ask('session.startOver', {})
          }),
        )}
        {item(t.leave, !open, () => asked(t.leaveTitle, t.leaveText, t.leave, () => ask('session.leave', {})))}
      </div>
      <hr />
      {steps.length > 1 && (
        <>
          {/* biome-ignore lint/a11y/useSemanticElements: a group of a menu is no fieldset */}
          <div role="group" aria-label={t.bring}>
            <div class="group" aria-hidden="true">
              {t.bring}
            </div>
            {steps.slice(1).map(({ id }) => {
              const { number, heading } = stepTitle(id)
              return item(t.step(number, heading), !open, () =>
                asked(t.bringTitle(number), t.bringText, t.bringAction, () => ask('rack.replay', { step: id })),
              )
            })}
          </div>
          <hr />
        </>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a group of a menu is no fieldset */}
      <div role="group" aria-label={t.page}>
        {choice(t.screenReader, screenReader.value, () => {
          screenReader.value = !screenReader.value
        })}
        {hasFullScreen && choice(t.fullScreen, isFullScreen.value, switchFullScreen)}
        {item(t.welcome, false, () => {
          welcomed.value = false
          side.value = 'read'
          requestAnimationFrame(() => document.querySelector('.welcome')?.scrollIntoView({ block: 'start' }))
        })}
        {item(t.settings, false, () => {
          openDialog.value = 'settings'
        })}
        {item(t.shortcuts, false, () => {
          openDialog.value = 'shortcuts'
        })}
      </div>
    </Menu>
  )
}
