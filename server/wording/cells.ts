/**
 * A table of yes and no as one text, which people write as well as pages: a row a line or behind a semicolon, its name, a colon, and a
 * word a column. `-` stands where nothing is asked, `?` where nothing is said yet: `web: yes no -; db: ? no -`. Pure.
 */

/** What is said of a cell; undefined where nothing is said yet, or nothing asked. */
export type Cell = boolean | undefined

/** Rows by their places, each with a cell a column. */
export type Cells = Cell[][]

/** Why a text is no such table: a row that there is not, is there twice, or has another number of words; or a word that says nothing. */
export type CellsFault =
  | { kind: 'no-row'; row: string }
  | { kind: 'twice'; row: string }
  | { kind: 'length'; row: string; words: number }
  | { kind: 'word'; row: string; word: string }

const words: Readonly<Record<string, boolean>> = { yes: true, y: true, 是: true, no: false, n: false, 否: false }
const nothing = ['-', '–', '—', '?', '？']

/** Rows that are not there have nothing in their cells. @param rows their names */
export function readCells(
  text: string,
  rows: readonly string[],
  columns: number,
): { cells: Cells } | { fault: CellsFault } {
  const cells: Cells = rows.map(() => Array.from({ length: columns }, () => undefined))
  const seen = new Set<string>()
  for (const line of text.split(/[\n;；]/)) {
    if (line.trim() === '') continue
    const [, name = line.trim(), rest = ''] = /^\s*(\S+?)\s*[:：](.*)$/.exec(line) ?? []
    const at = rows.indexOf(name)
    if (at < 0) return { fault: { kind: 'no-row', row: name } }
    if (seen.has(name)) return { fault: { kind: 'twice', row: name } }
    seen.add(name)
    const said = rest.split(/[\s,，、|]+/).filter((word) => word !== '')
    if (said.length !== columns) return { fault: { kind: 'length', row: name, words: said.length } }
    for (const [column, word] of said.entries()) {
      const lower = word.toLowerCase()
      if (Object.hasOwn(words, lower)) cells[at]![column] = words[lower]
      else if (!nothing.includes(word)) return { fault: { kind: 'word', row: name, word } }
    }
  }
  return { cells }
}

/** The same as a text, as it is read again. @param asked whether something is asked in a cell */
export function writeCells(rows: readonly string[], cells: Cells, asked: readonly (readonly boolean[])[]): string {
  const word = (cell: Cell, isAsked: boolean | undefined) =>
    isAsked ? (cell === undefined ? '?' : cell ? 'yes' : 'no') : '-'
  return rows
    .map((name, row) => `${name}: ${cells[row]!.map((cell, column) => word(cell, asked[row]?.[column])).join(' ')}`)
    .join('; ')
}
