import '../style/teach.css'
import { Account } from '../shell/account.js'
import { Mark } from '../shell/icons.js'
import { LanguageSwitch, ThemeSwitch } from '../shell/preferences.js'
import { RecordsNote } from '../shell/records-note.js'
import { home, teachHome } from '../state/address.js'
import { records } from '../state/records.js'
import { ClassList } from './class-list.js'
import { ClassPage } from './class-page.js'
import { strings } from './strings.js'

/** The teacher's pages: all classes, or one. */
export function TeachPage({ id }: { id?: string | undefined }) {
  const t = strings.value
  return (
    <div class="teach">
      <header class="top">
        <a class="brand" href={home} aria-label={`vethlab, ${t.toLabs}`}>
          <Mark /> vethlab
        </a>
        <nav>
          <a class="button quiet" href={teachHome} {...(id === undefined ? { 'aria-current': 'page' as const } : {})}>
            {t.classes}
          </a>
          <Account inTeach />
          <LanguageSwitch />
          <ThemeSwitch />
        </nav>
      </header>
      <RecordsNote standing={records.value} inTeach />
      {id === undefined ? <ClassList /> : <ClassPage id={id} key={id} />}
    </div>
  )
}
