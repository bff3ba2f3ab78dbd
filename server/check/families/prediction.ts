import { askingOnce } from '../../place/asking-once.js'
import { resolveName } from '../../place/name-resolution.js'
import { isLive } from '../../place/place.js'
import { find, hostsOf } from '../../place/reference.js'
import { addressesTowards, addressOn, ownersOf } from '../../place/target.js'
import { type Cells, type CellsFault, readCells } from '../../wording/cells.js'
import { count as counted, join } from '../../wording/phrase.js'
import type { Text } from '../../wording/text.js'
import { code } from '../../wording/wording.js'
import type { CheckContext, Family } from '../family.js'
import { fail, pass } from '../finding.js'
import { isFinding, liveOr } from '../live.js'
import { askedCells, cellText, longestPrediction, meansOf, reachOf, type Spec, schema } from '../prediction/spec.js'
import { typedIn } from '../question.js'
import type { Spec as ReachSpec } from '../reach/spec.js'
import { wayTo } from '../reach/way.js'
import type { DifferentCell, Finding } from '../verdict.js'
import { reach } from './reach.js'

/**
 * A table of who reaches whom, filled in by the learner and then measured. Nothing is measured before it is complete, so that nothing of
 * the answer is known before; then every cell is asked as `reach` asks with `expect: no`: an answer is a yes, and no answer is a no where
 * the target answers itself. Without that it fails with prediction.unproved.
 *
 * It passes when all is as predicted. A cell that is not is told with what was measured and why, as far as that shows.
 */
export const prediction: Family<Spec> = {
  key: 'prediction',
  schema,
  reasons: [
    'prediction.none',
    'prediction.unknown',
    'prediction.incomplete',
    'prediction.no-such',
    'prediction.unproved',
    'prediction.differs',
  ],
  nothing: ['prediction.none', 'prediction.incomplete', 'prediction.no-such', 'prediction.unproved'],
  // Of the rest the network decides, which may yet become what it will be.
  final: ['prediction.none', 'prediction.unknown', 'prediction.incomplete'],
  measures: true,
  question: (spec) => ({
    id: spec.id,
    ask: spec.ask,
    predict: {
      rows: askedCells(spec).map((asked, row) => ({ from: spec.from[row]!, asked })),
      columns: spec.to.map((one) => ({ to: one.to, means: meansOf(one) })),
    },
  }),
  references: referencesOf,
  hosts: ({ from, to }) => hostsOf(...from, ...to.map((one) => one.to)),
  packet: (spec, state, home, cell) => {
    if (!cell || askedCells(spec)[cell.row]?.[cell.column] !== true) return undefined
    return reach.packet?.(reachOf(spec, cell.row, cell.column, true), state, home)
  },
  async check(spec, context) {
    const typed = typedIn(context.answers, spec.id).slice(0, longestPrediction)
    const asked = askedPlaces(spec)
    const count = asked.length
    if (typed.trim() === '') {
      return fail('prediction.none', {
        expected: complete(count),
        observed: { en: 'nothing was predicted', zh: '还没有作出预测' },
        why: {
          en: 'this step asks for a prediction: say of each cell of the table whether the one reaches the other, before it is measured',
          zh: '这一步要先作出预测：在测量之前，为表格的每一格填上能不能访问到',
        },
      })
    }
    const read = readCells(typed, spec.from, spec.to.length)
    if ('fault' in read) {
      return fail('prediction.unknown', {
        expected: complete(count),
        observed: { en: `the prediction was ${code(typed)}`, zh: `填写的预测是 ${code(typed)}` },
        why: whyUnread(read.fault, spec),
      })
    }
    const open = asked.filter(({ row, column }) => read.cells[row]![column] === undefined)
    const [first] = open
    if (first) {
      const cell = cellText(spec, first.row, first.column)
      return fail('prediction.incomplete', {
        expected: complete(count),
        observed: {
          en: `${count - open.length} of ${count} cells`,
          zh: `填了 ${count} 格中的 ${count - open.length} 格`,
        },
        why: {
          en: `nothing is measured before every cell is filled in: ${cell.en} is not`,
          zh: `所有格子都填好之后才会测量：${cell.zh} 还没有填`,
        },
      })
    }
    return compare(spec, read.cells, context)
  },
}

function referencesOf({ from, to }: Spec): string[] {
  return [...from, ...to.flatMap((one) => (one.by === 'name' ? [] : one.to))]
}

function complete(count: number): Text {
  return {
    en: `a prediction for each of ${count} cells, equal to what is measured then`,
    zh: `${count} 格都作出预测，并与随后的测量一致`,
  }
}

function askedPlaces(spec: Spec): { row: number; column: number }[] {
  return askedCells(spec).flatMap((cells, row) => cells.flatMap((asked, column) => (asked ? [{ row, column }] : [])))
}

function whyUnread(fault: CellsFault, { from, to }: Spec): Text {
  const example = code(`${from[0]}: ${to.map(({ to: whom }) => (whom === from[0] ? '-' : 'yes')).join(' ')}`)
  const form: Text = {
    en: `write a row for each of those who ask, such as ${example}`,
    zh: `请为每个发起者写一行，例如 ${example}`,
  }
  const row = code(fault.row)
  switch (fault.kind) {
    case 'no-row':
      return { en: `there is no row ${row}: ${form.en}`, zh: `没有 ${row} 这一行：${form.zh}` }
    case 'twice':
      return { en: `the row ${row} is there twice`, zh: `${row} 这一行写了两次` }
    case 'length':
      return {
        en: `the row ${row} has ${counted(fault.words, 'word', 'words')}, and there are ${to.length} columns: ${form.en}`,
        zh: `${row} 这一行有 ${fault.words} 个词，而表格有 ${to.length} 列：${form.zh}`,
      }
    case 'word':
      return {
        en: `the row ${row} says ${code(fault.word)}, which is neither ${code('yes')} nor ${code('no')}`,
        zh: `${row} 这一行里的 ${code(fault.word)} 既不是 ${code('yes')} 也不是 ${code('no')}`,
      }
  }
}

/** What came of a cell: whether there was an answer; or why it can't be said. */
type Measured = { reached: boolean; why?: Text | undefined } | { finding: Finding }

async function compare(spec: Spec, predicted: Cells, context: CheckContext): Promise<Finding> {
  for (const reference of new Set(referencesOf(spec))) {
    const place = liveOr('prediction.no-such', reference, context)
    if (isFinding(place)) return place
  }
  const places = askedPlaces(spec)
  // Cells of a column ask the same target whether it answers itself.
  const asking = { ...context, probe: askingOnce(context.probe) }
  const all = await Promise.all(
    places.map(({ row, column }) => measure(spec, row, column, predicted[row]![column]!, asking)),
  )
  const differences: DifferentCell[] = []
  for (const [at, measured] of all.entries()) {
    const { row, column } = places[at]!
    if ('finding' in measured) return unproved(cellText(spec, row, column), measured.finding)
    if (measured.reached === predicted[row]![column]) continue
    const { reached, why } = measured
    differences.push({ row, column, measured: reached, ...(why ? { why } : {}) })
  }
  const agreed = places.length - differences.length
  if (differences.length === 0) {
    return pass(`all ${places.length} cells were measured as predicted`, `${places.length} 格的测量结果都与预测一致`)
  }
  return fail(
    'prediction.differs',
    {
      expected: { en: 'every cell as it is measured', zh: '每一格都与测量结果一致' },
      observed: {
        en: `${agreed} of ${places.length} cells are as predicted`,
        zh: `${places.length} 格中有 ${agreed} 格与预测一致`,
      },
      why: allDifferences(differences.map((one) => differenceText(spec, one))),
    },
    differences,
  )
}

/** A sentence is cut at 500 characters: as many of them as it has room for, and how many more there are. */
const roomForDifferences = 460

function allDifferences(all: readonly Text[]): Text {
  let shown = 1
  while (shown < all.length && join(all.slice(0, shown + 1), '; ', '；').en.length <= roomForDifferences) shown++
  const list = join(all.slice(0, shown), '; ', '；')
  const more = all.length - shown
  if (more === 0) return list
  return {
    en: `${list.en}; and ${counted(more, 'more cell', 'more cells')}`,
    zh: `${list.zh}；另有 ${more} 格`,
  }
}

function differenceText(spec: Spec, { row, column, measured, why }: DifferentCell): Text {
  const cell = cellText(spec, row, column)
  const what: Text = measured
    ? { en: `${cell.en} was measured to answer`, zh: `${cell.zh} 测得有应答` }
    : { en: `${cell.en} was measured not to answer`, zh: `${cell.zh} 测得没有应答` }
  return why ? { en: `${what.en}, since ${why.en}`, zh: `${what.zh}：${why.zh}` } : what
}

function unproved(cell: Text, finding: Finding): Finding {
  if (finding.outcome !== 'fail') return finding
  const { en, zh } = finding.why
  return fail('prediction.unproved', {
    expected: { en: `that ${cell.en} can be measured`, zh: `${cell.zh} 可以测量` },
    observed: finding.observed,
    why: { en: `${cell.en} can't be told: ${en}`, zh: `${cell.zh} 无法判断：${zh}` },
  })
}

/** Asks for one cell. Why there was an answer, or none, is asked for where it was predicted otherwise. */
async function measure(
  spec: Spec,
  row: number,
  column: number,
  predicted: boolean,
  context: CheckContext,
): Promise<Measured> {
  const [yes, no] = [true, false].map((expect) => reachOf(spec, row, column, expect)) as [ReachSpec, ReachSpec]
  const wall = await reach.check(no, context)
  if (wall.outcome === 'pass') {
    if (!predicted) return { reached: false }
    const way = await reach.check(yes, context)
    // Asked with more patience, it answers: that counts.
    if (way.outcome === 'pass') return { reached: true }
    return way.outcome === 'fail' ? { reached: false, why: way.why } : { finding: way }
  }
  if (wall.outcome === 'error') return { finding: wall }
  if (wall.reason === 'reach.together') {
    const way = await reach.check(yes, context)
    if (way.outcome === 'error') return { finding: way }
    return way.outcome === 'pass' ? { reached: true, why: wall.observed } : { reached: false, why: way.why }
  }
  if (wall.reason !== 'reach.reached') return { finding: wall }
  const way = await reach.check(yes, context)
  if (way.outcome === 'error') return { finding: way }
  // Somebody has answered, and it was not the one who was meant.
  if (way.outcome === 'fail' && astray.includes(way.reason)) return { finding: way }
  if (predicted) return { reached: true }
  return { reached: true, why: way.outcome === 'pass' ? await whyReached(yes, context) : wall.why }
}

const astray = ['reach.elsewhere', 'reach.itself']

async function whyReached(spec: ReachSpec, context: CheckContext): Promise<Text | undefined> {
  const { state, home } = context
  const from = find(spec.from, state, home)
  if (!isLive(from)) return undefined
  const place = spec.by === 'name' ? undefined : find(spec.to, state, home)
  const [address] = isLive(place)
    ? spec.network === undefined
      ? addressesTowards(from, place)
      : [addressOn(place, spec.network)]
    : await resolveName(from, spec.to.split('/').at(-1)!, context)
  if (address === undefined) return undefined
  return wayTo(spec, from, isLive(place) ? place : ownersOf(address, state, from)[0], address, state)
}
