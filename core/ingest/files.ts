import { createReadStream } from 'node:fs'
import { basename, extname } from 'node:path'
import { createInterface } from 'node:readline'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { cellsOf } from '../stream/decode/csv.ts'

/** A row of a file: its time, and its values by name. A file with one column of values calls it `value`. */
export interface FileRow {
  readonly time: Millis
  readonly values: Readonly<Record<string, number | string | boolean>>
}

/** A row of one of several files. */
export interface NamedRow extends FileRow {
  readonly topic: string
}

/** A file and the topic that its rows belong to. */
export interface FileTopic {
  readonly file: string
  readonly topic: string
}

/** Topic of each file: its name without folder and extension, below `prefix`. Two files of one name are refused. */
export function topicsOf(files: readonly string[], prefix: string | null): FileTopic[] {
  const start = prefix === null || prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`
  const taken = new Map<string, string>()
  return files.map((file) => {
    const topic = start + basename(file, extname(file))
    const other = taken.get(topic)
    if (other !== undefined)
      throw new FieldError('bad_input', `${other} and ${file} would both become the topic "${topic}"`, {
        hint: 'take them one at a time with different topics',
      })
    taken.set(topic, file)
    return { file, topic }
  })
}

/**
 * Rows of a CSV (time, value[, more]; a header line is optional) or JSON Lines file (an object a line, with ts, time or
 * timestamp), in the order of the file. Times are epoch milliseconds or ISO 8601; without a zone they are UTC.
 * Throws FieldError bad_input with file and line.
 */
export async function* readRows(file: string, signal?: AbortSignal): AsyncGenerator<FileRow> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })
  let parse: ((line: string) => FileRow) | null = null
  let number = 0
  try {
    for await (const line of lines) {
      signal?.throwIfAborted()
      number++
      if (line.trim() === '') continue
      if (parse === null) {
        const header = parserFor(line)
        parse = header.parse
        if (header.isHeader) continue
      }
      yield parse(line)
    }
  } catch (error) {
    throw located(error, file, number)
  } finally {
    lines.close()
  }
}

/** Rows of all files as one stream, by time; rows of one file stay in its order. */
export async function* mergeRows(files: readonly FileTopic[], signal?: AbortSignal): AsyncGenerator<NamedRow> {
  const open = await Promise.all(files.map(({ file, topic }) => begin(topic, readRows(file, signal))))
  for (let left = open.filter(hasRow); left.length > 0; left = left.filter(hasRow)) {
    const next = left.reduce((best, one) => (one.row!.time < best.row!.time ? one : best))
    yield { topic: next.topic, ...next.row! }
    next.row = await nextRow(next.rows)
  }
}

interface OpenFile {
  readonly topic: string
  readonly rows: AsyncGenerator<FileRow>
  row: FileRow | null
}

async function begin(topic: string, rows: AsyncGenerator<FileRow>): Promise<OpenFile> {
  return { topic, rows, row: await nextRow(rows) }
}

async function nextRow(rows: AsyncGenerator<FileRow>): Promise<FileRow | null> {
  const next = await rows.next()
  return next.done ? null : next.value
}

function hasRow(file: OpenFile): boolean {
  return file.row !== null
}

type Parse = (line: string) => FileRow

function parserFor(line: string): { readonly parse: Parse; readonly isHeader: boolean } {
  if (line.trimStart().startsWith('{')) return { parse: jsonRow, isHeader: false }
  const cells = cellsOf(line)
  const isHeader = timeOf(cells[0]!) === null
  const names = isHeader && cells.length > 2 ? cells : defaultNames(cells.length)
  return { parse: (text) => csvRow(cellsOf(text), names), isHeader }
}

function defaultNames(n: number): string[] {
  return Array.from({ length: n }, (_, i) => (i < 2 ? 'value' : `value${i}`))
}

function csvRow(cells: readonly string[], names: readonly string[]): FileRow {
  const time = timeOf(cells[0]!)
  if (time === null) throw new SyntaxError(`"${cells[0]}" is not a time; write epoch milliseconds or ISO 8601`)
  if (cells.length < 2) throw new SyntaxError('there is a time and no value; write time,value')
  const values: Record<string, number | string | boolean> = {}
  for (let i = 1; i < cells.length; i++) if (cells[i] !== '') values[names[i] ?? `value${i}`] = scalar(cells[i]!)
  return { time, values }
}

function jsonRow(line: string): FileRow {
  const object: unknown = JSON.parse(line)
  if (typeof object !== 'object' || object === null) throw new SyntaxError('this line is not a JSON object')
  const entries = Object.entries(object as Record<string, unknown>) // any object has string keys
  const stamp = entries.find(([name]) => name === 'ts' || name === 'time' || name === 'timestamp')
  const time = stamp === undefined ? null : timeOf(String(stamp[1]))
  if (time === null) throw new SyntaxError('this line has no time; write {"ts":1700000000000,"value":1}')
  const values = entries.filter((entry): entry is [string, number | string | boolean] => isValue(entry, stamp![0]))
  return { time, values: Object.fromEntries(values) }
}

function isValue([name, value]: [string, unknown], stamp: string): boolean {
  return name !== stamp && ['number', 'string', 'boolean'].includes(typeof value)
}

function timeOf(text: string): Millis | null {
  const number = Number(text)
  if (text !== '' && Number.isFinite(number)) return number
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null
  const iso = text.replace(' ', 'T')
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) || iso.length === 10 ? iso : `${iso}Z`)
  return Number.isNaN(time) ? null : time
}

function scalar(cell: string): number | string | boolean {
  if (cell === 'true' || cell === 'false') return cell === 'true'
  const number = Number(cell)
  return Number.isFinite(number) ? number : cell
}

function located(error: unknown, file: string, line: number): unknown {
  if (error instanceof SyntaxError) return new FieldError('bad_input', `${file}:${line}: ${error.message}`)
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    return new FieldError('not_found', `there is no file "${file}"`, { cause: error })
  return error
}
