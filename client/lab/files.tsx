import '../style/files.css'
import type { LabPage } from '../../server/protocol/protocol.js'
import { language, stringsOf } from '../state/language.js'

const strings = stringsOf({
  en: {
    title: (count: number) => (count === 1 ? '1 file on your hosts' : `${count} files on your hosts`),
    why: 'They are there from the beginning, and again after each reset.',
  },
  zh: {
    title: (count: number) => `你的主机上有 ${count} 个文件`,
    why: '它们从一开始就在那里，每次重置之后也会恢复。',
  },
})

/** What the lab has put onto its hosts, each with its place. */
export function LabFiles({ files }: { files: LabPage['files'] }) {
  const t = strings.value
  const sizes = new Intl.NumberFormat(language.value, { style: 'unit', unit: 'byte' })
  return (
    <details class="lab-files" open>
      <summary>{t.title(files.length)}</summary>
      <p>{t.why}</p>
      <ul>
        {files.map(({ host, path, bytes }) => (
          <li key={`${host}:${path}`}>
            <span class="host">{host}</span> <code>{path}</code> <span class="muted">{sizes.format(bytes)}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
