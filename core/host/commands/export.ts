import { closeSync, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { recordAt } from '../../contract/block.ts'
import { FieldError } from '../../contract/errors.ts'
import { present } from '../../contract/meta.ts'
import type { LogRecord } from '../../contract/model.ts'
import type { LogReader } from '../../log/reader.ts'
import { openReader } from '../../log/reader.ts'
import type { Command } from '../command.ts'
import { instant, parse, WrongUse } from '../command.ts'
import { defaultDataDir, placesIn } from '../paths.ts'

const usage = `--format jsonl|csv [--out PATH|-] [--data DIR] [--from TIME] [--to TIME]

  --format FORMAT  jsonl: {offset,time,kind,source,topic,qos,retained,repeat,text|base64} and, where the sender
                   said them (MQTT 5), {contentType,properties,responseTopic,correlation,expirySeconds};
                   csv: the first ten as columns
  --out PATH       file to write; "-" is standard output (default)
  --data DIR       data directory; it may be in use (default: ${defaultDataDir()})
  --from, --to     arrival times; from is included, to is not (default: all that is kept)`

const options = {
  format: { type: 'string' },
  out: { type: 'string', default: '-' },
  data: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const

export const exportSpan: Command = {
  name: 'export',
  summary: 'Write a span of the log, record by record',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, options, 'no files')
    const format = formats[values.format ?? '']
    if (format === undefined)
      throw new WrongUse(
        values.format === undefined ? '--format is missing' : `--format: "${values.format}" is not jsonl or csv`,
      )
    const reader = openReader(placesIn(resolve(values.data ?? defaultDataDir())).log)
    const from = instant('from', values.from)
    const to = instant('to', values.to)
    const span = {
      first: from === null ? reader.base() : reader.offsetAt(from),
      end: to === null ? reader.head() : reader.offsetAt(to),
    }
    const written = writeSpan(reader, span, format, values.out)
    reader.close()
    io.err(`${written} records written.`)
    return 0
  },
}

interface Span {
  readonly first: number
  /** One past the last offset. */
  readonly end: number
}

interface Format {
  readonly header: string
  line(record: LogRecord): string
}

const columns = ['offset', 'time', 'kind', 'source', 'topic', 'qos', 'retained', 'repeat', 'text', 'base64'] as const

const formats: Readonly<Record<string, Format | undefined>> = {
  jsonl: { header: '', line: (record) => `${JSON.stringify({ ...shape(record), ...present(record.meta ?? {}) })}\n` },
  csv: { header: `${columns.join(',')}\n`, line: csvLine },
}

function writeSpan(reader: LogReader, { first, end }: Span, format: Format, out: string): number {
  const file = out === '-' ? 1 : openSync(out, 'w')
  writeAll(file, format.header)
  let next = Math.max(first, reader.base())
  while (next < end) {
    const block = reader.read(next)
    if (block === null) break
    const rows = Math.min(end, block.first + block.n) - block.first
    let text = ''
    for (let row = next - block.first; row < rows; row++) text += format.line(recordAt(block, row))
    writeAll(file, text)
    next = block.first + rows
  }
  if (file !== 1) closeSync(file)
  return Math.max(0, next - first)
}

/** A pipe takes what it can; one that was closed at its other end is no place to go on writing to. */
function writeAll(file: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) rest = rest.subarray(writeSome(file, rest))
}

function writeSome(file: number, bytes: Buffer): number {
  try {
    return writeSync(file, bytes)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw new FieldError('internal', `the output could not be written: ${(cause as Error).message}`, { cause })
  }
}

function shape({ offset, time, kind, topic, qos, retained, repeat, bytes }: LogRecord) {
  const text = textOf(bytes)
  const content = text === null ? { base64: Buffer.from(bytes).toString('base64') } : { text }
  return { offset, time, kind, source: topic.source, topic: topic.name, qos, retained, repeat, ...content }
}

function csvLine(record: LogRecord): string {
  const values: Readonly<Record<string, unknown>> = shape(record)
  return `${columns.map((name) => quoted(values[name])).join(',')}\n`
}

function quoted(value: unknown): string {
  const text = value === undefined ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null // not text: it goes out as base64
  }
}
