import './author.css'
import { useEffect, useRef } from 'preact/hooks'
import { announce } from '../shell/announce.js'
import { CrossIcon, TickIcon } from '../shell/icons.js'
import { isOpen } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { preview } from '../state/preview.js'
import { ask, view } from '../state/session.js'

const strings = stringsOf({
  en: {
    preview: 'Preview',
    fine: 'Lint finds nothing.',
    findings: (count: number) => (count === 1 ? '1 finding' : `${count} findings`),
    broken: 'The lab can’t be used as it is: what you see is the last one that could.',
    unbegun: 'The lab can’t be used as it is. It comes by itself once that is mended.',
    outdated: 'These hosts were made before the lab’s hosts, files, values of chance or setup.sh had changed.',
    renew: 'Make new hosts',
  },
  zh: {
    preview: '预览',
    fine: 'lint 没有发现问题。',
    findings: (count: number) => `${count} 个问题`,
    broken: '实验的文件目前无法使用：这里显示的是最后一个可用的版本。',
    unbegun: '实验的文件目前无法使用。改好之后，实验会自动出现。',
    outdated: '这些主机是在实验的主机、文件、随机值或 setup.sh 改动之前创建的。',
    renew: '创建新主机',
  },
})

/** Above the text, for its author: what lint finds in the files as they are now, and whether the hosts are of before. */
export function AuthorBar() {
  const t = strings.value
  const shown = preview.value
  useFindingsAloud()
  if (shown === undefined) return null
  const { findings, broken, begun } = shown
  return (
    <section class={findings.length > 0 ? 'author-bar wrong' : 'author-bar'} aria-label={t.preview}>
      {findings.length === 0 ? (
        <p>
          <TickIcon /> <strong>{t.preview}</strong> {t.fine}
        </p>
      ) : (
        <details open>
          <summary>
            <CrossIcon /> <strong>{t.preview}</strong> {t.findings(findings.length)}
          </summary>
          {broken && <p>{begun ? t.broken : t.unbegun}</p>}
          <ul>
            {findings.map(({ file, line, what, cure }) => (
              <li key={`${file}:${line} ${what}`} lang="en">
                <code>
                  {nameOf(file)}:{line}
                </code>{' '}
                {what}. <span class="muted">{cure}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {view.value?.author?.outdated && (
        <p class="outdated">
          {t.outdated}
          {marks.value.blank}
          <button type="button" disabled={!isOpen.value} onClick={renew}>
            {t.renew}
          </button>
        </p>
      )}
    </section>
  )
}

async function renew(): Promise<void> {
  const left = await ask('session.leave', {})
  if (left.ok) await ask('session.reopen', { replay: false })
}

/** Only what has changed since is said. */
function useFindingsAloud(): void {
  const before = useRef<number | undefined>(undefined)
  const count = preview.value?.findings.length
  useEffect(() => {
    if (count === undefined || count === before.current) return
    if (before.current !== undefined) announce(count === 0 ? strings.peek().fine : strings.peek().findings(count))
    before.current = count
  }, [count])
}

/** A path within the lab's folder: the author knows where that is. */
function nameOf(file: string): string {
  const lab = `/${preview.value?.lab ?? ''}/`
  const at = `/${file}`.lastIndexOf(lab)
  return at < 0 ? file : `/${file}`.slice(at + lab.length)
}
