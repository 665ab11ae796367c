import type { UndecodableReason } from '../../contract/model.ts'
import type { Context } from './context.ts'
import { beginEach, type Decoded, maxName, putReading, type Value } from './decoded.ts'
import { timeOf } from './parse.ts'
import { type SignalTable, slotOf } from './signal-table.ts'

export type Separator = ',' | ';' | '\t'

/** Cells of a line; a quoted cell may hold separators and doubled quotes. */
export function cellsOf(line: string, separator: Separator = ','): string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim())
  return Array.from(line.matchAll(quoted[separator]), ([, inside, bare]) =>
    inside === undefined ? bare!.trim() : inside.replaceAll('""', '"'),
  )
}

const quoted: Readonly<Record<Separator, RegExp>> = {
  ',': /(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g,
  ';': /(?:^|;)\s*(?:"((?:[^"]|"")*)"|([^;]*))/g,
  '\t': /(?:^|\t)\s*(?:"((?:[^"]|"")*)"|([^\t]*))/g,
}

/** Lines below a line of names. */
export interface Csv {
  readonly names: readonly string[]
  readonly separator: Separator
  readonly lines: readonly string[]
}

/** Lines of as many cells each, with names in the first or numbers in all; null: it is something else. */
export function csvIn(text: string): Csv | null {
  const lines = linesOf(text)
  return belowNames(lines) ?? withoutNames(lines)
}

function belowNames([header, ...lines]: readonly string[]): Csv | null {
  if (header === undefined || lines.length === 0) return null
  const separator = separatorIn(header)
  if (separator === undefined) return null
  const names = cellsOf(header, separator)
  if (!names.every(isName) || new Set(names).size !== names.length) return null
  return lines.every((line) => cellsOf(line, separator).length === names.length) ? { names, separator, lines } : null
}

/** Numbers alone, behind a time perhaps: columns are then named by their place. */
function withoutNames(lines: readonly string[]): Csv | null {
  const [first = ''] = lines
  const separator = separatorIn(first)
  if (separator === undefined) return null
  const rows = lines.map((line) => cellsOf(line, separator))
  const timed = rows.every(([cell = '']) => instant.test(cell))
  const columns = rows[0]!.map((_, i) => (i === 0 && timed ? 'time' : `column_${i + 1}`))
  if (!timed && lines.some((line) => commaNumber.test(line.trim()))) return null // a decimal comma
  const isNumber = (cell: string) => typeof cellValue(cell, separator) === 'number'
  const isRow = (cells: readonly string[]) => {
    const values = timed ? cells.slice(1) : cells
    const fits = values.every((cell) => isNumber(cell) || nothing.test(cell))
    return cells.length === columns.length && fits && values.some(isNumber)
  }
  return rows.every(isRow) ? { names: columns, separator, lines } : null
}

function separatorIn(line: string): Separator | undefined {
  return (['\t', ';', ','] as const).find((each) => line.includes(each))
}

/** A date with a time of day, or seconds or milliseconds of this time. */
const instant = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d|1[4-9]\d{8}(\d{3}|\.\d+)?$)/

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '')
}

function isName(cell: string): boolean {
  return /^[\p{L}_][^\p{C}]*$/u.test(cell) && cell.length <= maxName
}

const columnTimes: ReadonlySet<string> = new Set(['ts', 'time', 'timestamp', 'datetime', 'date', 't'])

/** Each line is a row; an empty cell is no reading. */
export function putCsv(
  { names, separator, lines }: Csv,
  table: SignalTable,
  context: Context,
  out: Decoded,
): UndecodableReason | null {
  beginEach(out)
  out.layout = table.layout
  const timeColumn = names.findIndex((name) => columnTimes.has(name.toLowerCase()))
  for (const line of lines) {
    const cells = cellsOf(line, separator)
    const time =
      timeColumn < 0
        ? null
        : timeOf(names[timeColumn]!.toLowerCase(), cellValue(cells[timeColumn]!, separator), context)
    for (let i = 0; i < cells.length; i++) {
      if (nothing.test(cells[i]!) || (i === timeColumn && time !== null)) continue
      const slot = slotOf(table, table.layout.place, names[i]!, null)
      putReading(out, slot, cellValue(cells[i]!, separator), time ?? Number.NaN, false)
    }
  }
  return out.n === 0 ? (out.left ?? 'no_value') : null
}

const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
/** A cell that says that there is no value. */
const nothing = /^(nan|null|n\/a)?$/i
const commaNumber = /^[+-]?\d+,\d+$/

/** What a cell says; where the semicolon separates, a comma may be the decimal point. */
export function cellValue(cell: string, separator: Separator): Value {
  if (number.test(cell) && Number.isFinite(Number(cell))) return Number(cell)
  if (separator !== ',' && commaNumber.test(cell)) return Number(cell.replace(',', '.'))
  if (/^(true|false)$/i.test(cell)) return cell.length === 4
  return cell
}
