/** A piece of an excerpt, and whether it is what was searched for. */
export interface ExcerptPiece {
  text: string
  isFound: boolean
}

/** About so long is an excerpt, and so much of it comes before what was found. Chinese says the same with half as many characters. */
const characters = { before: 50, all: 170 }

interface Range {
  from: number
  to: number
  term: string
}

/**
 * The part of a text where most of what was found stands closest together; its beginning where it is not in there. Pure.
 * @param terms in lower case
 */
export function excerptOf(text: string, terms: readonly string[], isChinese = false): ExcerptPiece[] {
  const flat = text.replace(/\s+/g, ' ').trim()
  const ranges = rangesOf(flat, terms)
  const share = isChinese ? 2 : 1
  const [before, length] = [characters.before / share, characters.all / share]
  const countFrom = ({ from }: Range) =>
    new Set(ranges.filter((one) => one.from >= from && one.to <= from + length - before).map(({ term }) => term)).size
  const first = ranges.reduce<Range | undefined>(
    (best, one) => (best === undefined || countFrom(one) > countFrom(best) ? one : best),
    undefined,
  )
  let begin = wordEdge(flat, Math.max(0, (first?.from ?? 0) - before), 1)
  // It does not begin with the end of what is left out.
  while (begin > 0 && begin < (first?.from ?? 0) && /[\s,.;:)，。；：、）]/.test(flat[begin]!)) begin++
  const end = wordEdge(flat, Math.min(flat.length, begin + length), -1)
  const pieces: ExcerptPiece[] = []
  const put = (from: number, to: number, isFound: boolean) => {
    if (to <= from) return
    const last = pieces.at(-1)
    if (last?.isFound === isFound) last.text += flat.slice(from, to)
    else pieces.push({ text: flat.slice(from, to), isFound })
  }
  if (begin > 0) pieces.push({ text: '…', isFound: false })
  let at = begin
  for (const { from, to } of ranges.filter((range) => range.from >= begin && range.to <= end)) {
    put(at, from, false)
    put(Math.max(at, from), to, true)
    at = Math.max(at, to)
  }
  put(at, end, false)
  if (end < flat.length) {
    const last = pieces.at(-1)
    if (last) last.text = last.text.trimEnd()
    if (pieces.at(-1)?.isFound === false) pieces.at(-1)!.text += '…'
    else pieces.push({ text: '…', isFound: false })
  }
  return pieces
}

/** Whether a text has any of these terms. Pure. */
export function hasTerm(text: string, terms: readonly string[]): boolean {
  return rangesOf(text, terms).length > 0
}

/** Where terms stand, in order. Those of letters and digits have no other ones beside them. */
function rangesOf(text: string, terms: readonly string[]): Range[] {
  const lower = text.toLowerCase()
  // A few letters of the world are more than one in lower case: then places are not the same.
  const searched = lower.length === text.length ? lower : text
  const ranges = terms.flatMap((term) => {
    const found: Range[] = []
    for (let from = searched.indexOf(term); from >= 0 && term !== ''; from = searched.indexOf(term, from + 1)) {
      const to = from + term.length
      if (isHan(term) || !(isWord(searched[from - 1]) || isWord(searched[to]))) found.push({ from, to, term })
    }
    return found
  })
  return ranges.toSorted((a, b) => a.from - b.from || b.to - a.to)
}

function isHan(character: string): boolean {
  return /^\p{Script=Han}/u.test(character)
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character) && !isHan(character)
}

/** The nearest place, in one direction, at which no word, address or option is cut; the place itself where that is far. */
function wordEdge(text: string, at: number, direction: 1 | -1): number {
  if (at <= 0 || at >= text.length) return at
  for (let step = 0; step < 25; step++) {
    const edge = at + step * direction
    if (edge <= 0 || edge >= text.length) break
    if ([text[edge - 1]!, text[edge]!].some((character) => character === ' ' || isHan(character))) return edge
  }
  return at
}
