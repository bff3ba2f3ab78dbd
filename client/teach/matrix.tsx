import { useState } from 'preact/hooks'
import type { CellView, ClassView, HandView, SeatView } from '../../server/protocol/classes.js'
import { confirmed, Dialog } from '../shell/dialog.js'
import { CrossIcon, HelpedIcon, MenuIcon, PenIcon, SkipIcon, TickIcon } from '../shell/icons.js'
import { Menu } from '../shell/menu.js'
import { dayAndTime } from '../shell/time.js'
import { Words } from '../shell/words.js'
import { pointsText } from '../shell/worth.js'
import { inLanguage, language, marks } from '../state/language.js'
import { Detail, dateOf } from './detail.js'
import { ExtendForm } from './extend-form.js'
import { MergeForm } from './merge-form.js'
import { strings } from './strings.js'
import { byNeed } from './summary.js'
import { ask } from './teach-state.js'
import { TellForm } from './tell-form.js'

type Lab = ClassView['labs'][number]

/** Learners by the steps of a lab: in words and shapes, with the reason where a check fails. */
export function Matrix({
  view,
  lab,
  seats,
  hands,
}: {
  view: ClassView
  lab: Lab | undefined
  seats: readonly SeatView[]
  hands: readonly HandView[]
}) {
  const t = strings.value
  const [order, setOrder] = useState<'need' | 'name'>('need')
  const [detailed, setDetailed] = useState<SeatView>()
  const [telling, setTelling] = useState<SeatView>()
  const [delaying, setDelaying] = useState<SeatView>()
  const [merging, setMerging] = useState<SeatView>()
  const [issued, setIssued] = useState<{ name: string; phrase: string }>()
  const rows =
    order === 'need' ? byNeed(lab, seats, hands) : seats.toSorted((a, b) => a.name.localeCompare(b.name, undefined, {}))
  const isAssessed = lab !== undefined && view.assessed[lab.id] !== undefined
  return (
    <>
      <label class="choose-lab">
        {t.sortBy}
        <select value={order} onChange={(event) => setOrder(event.currentTarget.value as 'need' | 'name')}>
          <option value="need">{t.need}</option>
          <option value="name">{t.name}</option>
        </select>
      </label>
      <section
        class="matrix"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse moves it by keys
        tabIndex={0}
        aria-label={lab === undefined ? t.seats(seats.length) : inLanguage(lab.title)}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">{t.learner}</th>
              {lab?.steps.map((step) => (
                <th scope="col" key={step.id}>
                  {inLanguage(step.heading)}
                  {step.optional && <span class="muted">{`${marks.value.blank}${t.optional}`}</span>}
                </th>
              ))}
              {isAssessed && <th scope="col">{t.handedIn}</th>}
              {view.mayAssist && <td />}
            </tr>
          </thead>
          <tbody>
            {rows.map((seat) => (
              <tr key={seat.id}>
                <th scope="row">
                  <Person seat={seat} />
                </th>
                {lab?.steps.map((step) => (
                  <Cell key={step.id} cell={seat.cells[lab.id]?.[step.id]} />
                ))}
                {isAssessed && <HandedIn handedIn={seat.handedIn?.[lab.id]} />}
                {view.mayAssist && (
                  <td>
                    <Menu label={t.actions(seat.name)} face={<MenuIcon />}>
                      {lab !== undefined && (
                        <button type="button" role="menuitem" tabIndex={-1} onClick={() => setDetailed(seat)}>
                          {t.detail}
                        </button>
                      )}
                      {[false, true].map((mayWrite) => (
                        <button
                          key={String(mayWrite)}
                          type="button"
                          role="menuitem"
                          tabIndex={-1}
                          onClick={() => void ask('look.ask', { class: view.id, seat: seat.id, mayWrite })}
                        >
                          {mayWrite ? t.lookWrite : t.look}
                        </button>
                      ))}
                      <button type="button" role="menuitem" tabIndex={-1} onClick={() => setTelling(seat)}>
                        {t.tellOne(seat.name)}
                      </button>
                      <button
                        type="button"
                        role="menuitem"
                        tabIndex={-1}
                        onClick={async () => {
                          const given = await ask('seat.reissue', { class: view.id, seat: seat.id })
                          if (given !== undefined) setIssued({ name: seat.name, phrase: given.phrase })
                        }}
                      >
                        {t.reissue}
                      </button>
                      {seat.lab !== undefined && (
                        <button
                          type="button"
                          role="menuitem"
                          tabIndex={-1}
                          onClick={async () => {
                            const question = { title: t.resetSure(seat.name), text: t.resetText, action: t.reset }
                            if (await confirmed(question)) await ask('seat.reset', { class: view.id, seat: seat.id })
                          }}
                        >
                          {t.reset}
                        </button>
                      )}
                      {seat.lab !== undefined && (
                        <button
                          type="button"
                          role="menuitem"
                          tabIndex={-1}
                          onClick={async () => {
                            const question = { title: t.closeSure(seat.name), text: t.closeText, action: t.closeHosts }
                            if (await confirmed(question)) await ask('seat.close', { class: view.id, seat: seat.id })
                          }}
                        >
                          {t.closeHosts}
                        </button>
                      )}
                      {view.mayLead && view.endedAt === undefined && (
                        <button type="button" role="menuitem" tabIndex={-1} onClick={() => setDelaying(seat)}>
                          {t.moreTime}
                        </button>
                      )}
                      {view.mayLead && seats.length > 1 && (
                        <button type="button" role="menuitem" tabIndex={-1} onClick={() => setMerging(seat)}>
                          {t.merge}
                        </button>
                      )}
                      {view.mayLead && (
                        <button
                          type="button"
                          role="menuitem"
                          tabIndex={-1}
                          onClick={async () => {
                            const question = { title: t.removeSure(seat.name), text: t.removeText, action: t.remove }
                            if (await confirmed(question)) await ask('seat.remove', { class: view.id, seat: seat.id })
                          }}
                        >
                          {t.remove}
                        </button>
                      )}
                    </Menu>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {detailed !== undefined && lab !== undefined && (
        <Dialog title={t.detailOf(detailed.name, inLanguage(lab.title))} onClose={() => setDetailed(undefined)}>
          <Detail id={view.id} seat={detailed.id} lab={lab.id} />
        </Dialog>
      )}
      {telling !== undefined && (
        <Dialog title={t.tellOne(telling.name)} onClose={() => setTelling(undefined)}>
          <TellForm id={view.id} seat={telling.id} onSent={() => setTelling(undefined)} />
        </Dialog>
      )}
      {delaying !== undefined && (
        <Dialog title={t.moreTimeFor(delaying.name)} onClose={() => setDelaying(undefined)}>
          <ExtendForm view={view} seat={delaying} />
        </Dialog>
      )}
      {merging !== undefined && (
        <Dialog title={t.mergeTitle(merging.name)} onClose={() => setMerging(undefined)}>
          <MergeForm view={view} seat={merging} seats={seats} onDone={() => setMerging(undefined)} />
        </Dialog>
      )}
      {issued !== undefined && (
        <Dialog title={t.reissued(issued.name)} onClose={() => setIssued(undefined)}>
          <p>{t.reissuedText}</p>
          <p class="phrase" lang="en">
            {issued.phrase}
          </p>
        </Dialog>
      )}
    </>
  )
}

function HandedIn({ handedIn }: { handedIn: NonNullable<SeatView['handedIn']>[string] | undefined }) {
  const t = strings.value
  if (handedIn === undefined) return <td class="cell open">{t.notHandedIn}</td>
  const { count, at, counts } = handedIn
  return (
    <td class="cell">
      <span class="state">{counts === undefined ? t.notTold : pointsText(counts.points, counts.of)}</span>
      <span class="muted more">
        {t.attemptsMade(count)} · {t.handedInAt(dateOf(at))}
      </span>
    </td>
  )
}

function Person({ seat }: { seat: SeatView }) {
  const t = strings.value
  const more = [seat.student, seat.section].filter((one) => one !== undefined)
  return (
    <>
      <bdi class="name">{seat.name}</bdi>
      <span class="muted more">
        {!seat.hasJoined ? t.notJoined : seat.isWaiting ? t.waits : seat.isHere ? t.here : t.away}
        {seat.extensions?.end !== undefined && ` · ${t.until(dayAndTime(seat.extensions.end, language.value))}`}
        {more.map((one) => (
          <span key={one}>
            {' · '}
            <bdi>{one}</bdi>
          </span>
        ))}
        {seat.isDuplicate && <span title={t.twiceWhy}> · {t.twice}</span>}
      </span>
    </>
  )
}

const icons = {
  open: null,
  working: <PenIcon />,
  failing: <CrossIcon />,
  passed: <TickIcon />,
  helped: <HelpedIcon />,
  skipped: <SkipIcon />,
}

function Cell({ cell }: { cell: CellView | undefined }) {
  const t = strings.value
  const state = cell?.state ?? 'open'
  return (
    <td class={`cell ${state}`}>
      <span class="state">
        {icons[state]} {t[`cell.${state}`]}
        {cell?.check !== undefined && `, ${t.check(cell.check + 1)}`}
      </span>
      {(cell?.minutes !== undefined || (cell?.hints ?? 0) > 0) && (
        <span class="muted more">
          {[
            ...(cell?.minutes === undefined ? [] : [t.atStep(cell.minutes)]),
            ...((cell?.hints ?? 0) > 0 ? [t.hints(cell!.hints!, cell!.given ?? 0)] : []),
          ].join(' · ')}
        </span>
      )}
      {cell?.stuck !== undefined && <span class="stuck">{t.stuck(inLanguage(cell.stuck))}</span>}
      {cell?.why !== undefined && (
        <span class="why" title={inLanguage(cell.why)}>
          <Words text={cell.why} finding />
        </span>
      )}
    </td>
  )
}
