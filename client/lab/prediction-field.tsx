import '../style/prediction.css'
import type { ComponentChildren } from 'preact'
import { useEffect, useId } from 'preact/hooks'
import type { CheckView, PageQuestion } from '../../server/protocol/protocol.js'
import { type Cell, type Cells, readCells, writeCells } from '../../server/wording/cells.js'
import { traceCheck } from '../network/inquiry/inquiry-state.js'
import { CrossIcon, TickIcon } from '../shell/icons.js'
import { Words } from '../shell/words.js'
import { isOpen, page } from '../state/lab.js'
import { marks, stringsOf } from '../state/language.js'
import { ask, view } from '../state/session.js'
import { draftOf, setDraft } from './drafts.js'

const strings = stringsOf({
  en: {
    before: 'Fill in every cell: only then is it measured.',
    from: 'From',
    to: 'to ',
    yes: 'yes',
    no: 'no',
    itself: 'itself',
    filled: (filled: number, of: number) => `${filled} of ${of} filled in`,
    measure: 'Measure',
    same: 'measured the same',
    other: 'measured otherwise',
    said: (said: string, measured: string) => `you said ${said}, measured: ${measured}.`,
    trace: 'Where did the packet go?',
  },
  zh: {
    before: '填好每一格之后才会测量。',
    from: '从',
    to: '到 ',
    yes: '能',
    no: '不能',
    itself: '自己',
    filled: (filled: number, of: number) => `已填 ${filled}/${of}`,
    measure: '测量',
    same: '与测量一致',
    other: '与测量不同',
    said: (said: string, measured: string) => `你填的是“${said}”，测得“${measured}”。`,
    trace: '数据包去了哪里？',
  },
})

type Predict = NonNullable<PageQuestion['predict']>
type Fail = Extract<CheckView['finding'], { outcome: 'fail' }>
type Different = NonNullable<Fail['cells']>[number]

interface PredictionFieldProps {
  step: string
  question: PageQuestion
  predict: Predict
  done: boolean
  check: CheckView | undefined
  /** What was found of it. */
  children: ComponentChildren
}

/** A table of who reaches whom: filled in by two radio buttons a cell, then handed in to be measured. */
export function PredictionField({ step, question, predict, done, check, children }: PredictionFieldProps) {
  const t = strings.value
  const id = useId()
  const kept = view.value?.answers[question.id] ?? ''
  const shown = page.value
  const lab = shown?.ok === true ? shown.value.lab.id : ''
  // What is being filled in stays, whatever comes from the server meanwhile, and over a reload.
  const draft = draftOf(lab, question.id)
  const handedIn = cellsOf(kept, predict)
  const cells = draft === undefined ? handedIn : cellsOf(draft, predict)
  const text = textOf(cells, predict)
  useEffect(() => {
    // It has arrived.
    if (draft !== undefined && textOf(cellsOf(draft, predict), predict) === textOf(handedIn, predict))
      setDraft(lab, question.id, undefined)
  }, [kept])
  const all = predict.rows.flatMap(({ asked }, row) =>
    asked.flatMap((one, column) => (one ? [cells[row]![column]] : [])),
  )
  const filled = all.filter((cell) => cell !== undefined).length
  if (done && filled === 0) return null
  const table = (
    <div class="wide">
      <table aria-labelledby={`${id}-ask`} aria-describedby={check === undefined || done ? undefined : `${id}-found`}>
        <thead>
          <tr>
            <th scope="col">{t.from}</th>
            {predict.columns.map(({ to, means }, column) => (
              <th key={column} scope="col" id={`${id}-c${column}`}>
                <span class="unseen">{t.to}</span>
                <code>{to}</code>
                <span class="means">
                  <Words text={means} />
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {predict.rows.map(({ from, asked }, row) => (
            <tr key={from}>
              <th scope="row" id={`${id}-r${row}`}>
                <code>{from}</code>
              </th>
              {asked.map((isAsked, column) => {
                const cell = cells[row]![column]
                if (!isAsked) {
                  return (
                    <td key={column} class="nothing">
                      <span aria-hidden="true">–</span>
                      <span class="unseen">{t.itself}</span>
                    </td>
                  )
                }
                if (done) {
                  return (
                    <td key={column}>
                      {cell ? <TickIcon /> : <CrossIcon />} {cell ? t.yes : t.no}
                    </td>
                  )
                }
                // A mark is about what was handed in, not about what stands there since.
                const mark = cell === handedIn[row]![column] ? markOf(check, row, column) : undefined
                return (
                  <td key={column} class={mark}>
                    <CellField
                      name={`${id}-${row}-${column}`}
                      labels={`${id}-r${row} ${id}-c${column}`}
                      cell={cell}
                      mark={mark}
                      onChoose={(chosen) =>
                        setDraft(lab, question.id, textOf(withCell(cells, row, column, chosen), predict))
                      }
                    />
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
  const asks = (
    <p id={`${id}-ask`}>
      <Words text={question.ask} />
      {!done && (
        <>
          {marks.value.blank}
          <span class="muted">{t.before}</span>
        </>
      )}
    </p>
  )
  if (done) {
    return (
      <div class="prediction">
        {asks}
        {table}
      </div>
    )
  }
  return (
    <form
      class="question prediction"
      onSubmit={async (event) => {
        event.preventDefault()
        if (filled === all.length) await ask('step.answer', { step, id: question.id, text })
      }}
    >
      {asks}
      {table}
      <p class="measure">
        <button type="submit" disabled={!isOpen.value || filled < all.length}>
          {t.measure}
        </button>
        <span class="muted">{t.filled(filled, all.length)}</span>
      </p>
      {check !== undefined && (
        <ul class="checks" id={`${id}-found`}>
          {children}
        </ul>
      )}
    </form>
  )
}

function CellField({
  name,
  labels,
  cell,
  mark,
  onChoose,
}: {
  name: string
  labels: string
  cell: Cell
  mark: Mark
  onChoose(chosen: boolean): void
}) {
  const t = strings.value
  return (
    <fieldset aria-labelledby={labels} aria-describedby={mark && `${name}-mark`}>
      {[true, false].map((value) => (
        <label key={`${value}`}>
          <input type="radio" name={name} checked={cell === value} onChange={() => onChoose(value)} />
          {value ? t.yes : t.no}
        </label>
      ))}
      {mark && (
        <span class="mark" id={`${name}-mark`}>
          {mark === 'same' ? <TickIcon /> : <CrossIcon />}
          <span class="unseen">{t[mark]}</span>
        </span>
      )}
    </fieldset>
  )
}

/** Each cell that was measured otherwise: what was measured, and why, as far as the network shows it. */
export function Differences({ step, check, predict }: { step: string; check: CheckView; predict: Predict }) {
  const t = strings.value
  const { finding } = check
  if (finding.outcome !== 'fail' || finding.cells === undefined) return null
  const word = (yes: boolean) => (yes ? t.yes : t.no)
  return (
    <ul class="differences">
      {finding.cells.map(({ row, column, measured, why }) => {
        const [from, to] = [predict.rows[row]?.from, predict.columns[column]]
        if (from === undefined || to === undefined) return null
        return (
          <li key={`${row} ${column}`}>
            <p>
              <code>{from}</code> → <code>{to.to}</code>
              {marks.value.blank}
              <span class="means">
                <Words text={to.means} />
              </span>
              {marks.value.colon}
              {t.said(word(!measured), word(measured))}
            </p>
            {why !== undefined && (
              <p class="why">
                <Words text={why} finding />
              </p>
            )}
            {check.traceable && (
              <button
                type="button"
                class="link trace"
                disabled={!isOpen.value}
                aria-label={`${t.trace} ${from} → ${to.to}`}
                onClick={() => traceCheck(step, check.index, { row, column })}
              >
                {t.trace}
              </button>
            )}
          </li>
        )
      })}
    </ul>
  )
}

/** How a cell that was handed in was measured. */
type Mark = 'same' | 'other' | undefined

function markOf(check: CheckView | undefined, row: number, column: number): Mark {
  if (check?.finding.outcome !== 'fail' || check.finding.cells === undefined) return undefined
  return check.finding.cells.some((one: Different) => one.row === row && one.column === column) ? 'other' : 'same'
}

/** What can't be read is as if nothing was filled in. */
function cellsOf(text: string, { rows, columns }: Predict): Cells {
  const names = rows.map(({ from }) => from)
  const read = readCells(text, names, columns.length)
  return 'cells' in read ? read.cells : rows.map(() => columns.map(() => undefined))
}

function textOf(cells: Cells, { rows }: Predict): string {
  return writeCells(
    rows.map(({ from }) => from),
    cells,
    rows.map(({ asked }) => asked),
  )
}

function withCell(cells: Cells, row: number, column: number, cell: Cell): Cells {
  return cells.map((all, at) => (at === row ? all.map((one, n) => (n === column ? cell : one)) : all))
}
