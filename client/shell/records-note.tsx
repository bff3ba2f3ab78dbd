import type { Standing } from '../../server/protocol/protocol.js'
import { marks, stringsOf } from '../state/language.js'

const strings = stringsOf({
  en: {
    behind: 'Progress is saved with a delay right now.',
    kept: 'The database can’t be reached; what you do is kept on the server until it can. Progress shown here may be incomplete.',
    keptOfClass:
      'The database can’t be reached. What learners do is kept on the server until it can; changes to classes have to wait, and progress shown here may be incomplete.',
    full: 'New progress is not being saved.',
    tell: 'The database can’t be reached, and no more can wait on the server. Tell whoever runs it.',
  },
  zh: {
    behind: '学习记录暂时延迟保存。',
    kept: '目前连不上数据库，你的操作会先保留在服务器上，恢复后自动写入。这里显示的进度可能不完整。',
    keptOfClass:
      '目前连不上数据库。学员的操作会先保留在服务器上，恢复后自动写入；班级的改动要等恢复后才能进行，这里显示的进度可能不完整。',
    full: '新的学习记录没有保存。',
    tell: '目前连不上数据库，服务器上等待写入的记录也已达上限。请联系管理员。',
  },
})

/** That records are behind, or full; nothing as long as they are where they belong. `inTeach`: on pages of classes. */
export function RecordsNote({ standing, inTeach = false }: { standing: Standing; inTeach?: boolean }) {
  const t = strings.value
  const kept = inTeach ? t.keptOfClass : t.kept
  return (
    <div role="status">
      {standing !== 'current' && (
        <div class="notice warn records">
          <p>
            <strong>{standing === 'full' ? t.full : t.behind}</strong>
            {marks.value.blank}
            {standing === 'full' ? t.tell : kept}
          </p>
        </div>
      )}
    </div>
  )
}
