import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Block } from '../contract/block.ts'
import { kindCode, recordAt } from '../contract/block.ts'
import type { Alert, AlertPhase, Millis, Offset, Reading } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { createDecoded, createDecoder, valueKinds } from '../stream/decode/decoder.ts'
import { eventTime } from '../stream/event-time.ts'
import { devicePlace } from '../stream/place.ts'
import type { BatchSource } from './batch.ts'
import type { AlertChange, Message } from './record-format.ts'
import type { Span } from './resume.ts'

/** A long run of ticks or empty messages is read in pieces, so that no turn takes long. */
const maxScan = 20_000

/** The log with the path's decoder, and the transitions from the views. `setUpto` says how far the views reach. */
export function openLogSource(reader: LogReader, viewsFile: string): LogSource {
  return new LogSource(reader, viewsFile)
}

class LogSource implements BatchSource {
  private readonly reader: LogReader
  private readonly viewsFile: string
  private readonly decoder = createDecoder()
  private readonly decoded = createDecoded()
  private reached: Offset = 0
  private block: Block | null = null

  constructor(reader: LogReader, viewsFile: string) {
    this.reader = reader
    this.viewsFile = viewsFile
  }

  base(): Offset {
    return this.reader.base()
  }

  head(): Offset {
    return this.reader.head()
  }

  upto(): Offset {
    return Math.min(this.reached, this.reader.head())
  }

  setUpto(upto: Offset): void {
    this.reached = upto
  }

  timeAt(offset: Offset): Millis | null {
    const block = this.blockAt(Math.max(offset, this.reader.base()))
    return block === null ? null : block.time[Math.max(0, offset - block.first)]!
  }

  messages(from: Offset, limit: Offset, maxReadings: number): { messages: Message[]; to: Offset } {
    const messages: Message[] = []
    const end = Math.min(limit, from + maxScan)
    let readings = 0
    let at = from
    for (let block = this.blockAt(at); at < end && block !== null; block = this.blockAt(at))
      for (; at < end && at < block.first + block.n; at++) {
        if (block.kind[at - block.first] !== kindCode.message) continue
        const message = this.decode(block, at - block.first)
        readings += Math.max(1, message.readings.length)
        if (readings > maxReadings && messages.length > 0) return { messages, to: at }
        messages.push(message)
      }
    return { messages, to: at }
  }

  /** The file is opened each time: views are dropped and made again while we run. */
  changes({ from, to }: Span): readonly AlertChange[] {
    if (!existsSync(this.viewsFile)) return []
    const views = new Database(this.viewsFile, { readonly: true, fileMustExist: true })
    try {
      const rows = views
        .prepare(
          `select alert, offset, row_number() over (partition by offset order by seq) - 1 as seq,
             phase, time, "by", note, doc
           from transition where offset >= ? and offset < ? order by offset, seq`,
        )
        .all(from, to) as TransitionRow[]
      return rows.map(changeOf)
    } finally {
      views.close()
    }
  }

  close(): void {
    this.block = null
  }

  private blockAt(offset: Offset): Block | null {
    const { block } = this
    if (block !== null && offset >= block.first && offset < block.first + block.n) return block
    this.block = this.reader.read(offset)
    return this.block
  }

  private decode(block: Block, row: number): Message {
    const record = recordAt(block, row)
    const undecodable = this.decoder.decode(record.topic.name, record.bytes, this.decoded)
    if (undecodable !== null)
      return { record, readings: [], device: devicePlace(record.topic.name).device, undecodable }
    const { device } = this.decoded.layout.place
    return { record, readings: this.readings(record.offset, record.time), device, undecodable: null }
  }

  private readings(offset: Offset, arrival: Millis): Reading[] {
    const { n, layout, kind, number, text } = this.decoded
    const time = eventTime(this.decoded.time, arrival)
    const { unit, place, signals } = layout
    return Array.from({ length: n }, (_, index) => {
      const type = valueKinds[kind[index]!]!
      const value = type === 'text' ? text[index]! : type === 'boolean' ? number[index] === 1 : number[index]!
      return { offset, index, device: place.device, signal: signals[index]!, time, value, unit }
    })
  }
}

interface TransitionRow {
  readonly alert: string
  readonly offset: Offset
  /** Among those of one offset: the same whenever the views are made again. */
  readonly seq: number
  readonly phase: AlertPhase
  readonly time: Millis
  readonly by: string | null
  readonly note: string | null
  /** JSON of the alert as of this transition. */
  readonly doc: string
}

function changeOf({ doc, seq, ...transition }: TransitionRow): AlertChange {
  return { transition, seq, alert: JSON.parse(doc) as Alert } // written by the views, from the same type
}
