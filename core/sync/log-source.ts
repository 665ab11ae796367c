import { existsSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Block } from '../contract/block.ts'
import { content, kindCode, recordAt } from '../contract/block.ts'
import type { Alert, AlertPhase, Millis, Offset, Priority } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { Scratch } from '../log/scratch.ts'
import {
  type BirthRow,
  behindSql,
  birthSql,
  ContextAsOf,
  type KnownRows,
  mappingsSql,
  type Window,
  windowSql,
  zoneSql,
} from '../stream/decode/context.ts'
import { createDecoded } from '../stream/decode/decoded.ts'
import { createDecoder } from '../stream/decode/decoder.ts'
import { devicePlace } from '../stream/place.ts'
import { readingsOf } from '../stream/readings.ts'
import type { MessagesInBlocks } from './as-it-came.ts'
import type { BatchSource } from './batch.ts'
import type { AlertChange, Message } from './record-format.ts'
import type { Span } from './resume.ts'

/** A long run of ticks or empty messages is read in pieces, so that no turn takes long. */
const maxScan = 20_000
// Of the alerts that still need somebody; few at any time.
const openAlertsSql = `select count(*) from alert
  where closed = ${Number.MAX_SAFE_INTEGER} and until is null and json_extract(doc, '$.priority') = ?`

/** The log with the path's decoder, and the transitions from the views. `setUpto` says how far the views reach. */
export function openLogSource(reader: LogReader, viewsFile: string): LogSource {
  return new LogSource(reader, viewsFile)
}

class LogSource implements BatchSource, MessagesInBlocks {
  private readonly reader: LogReader
  private readonly viewsFile: string
  private readonly decoder = createDecoder()
  private readonly decoded = createDecoded()
  private readonly known: KnownInViews
  private readonly context: ContextAsOf
  private reached: Offset = 0
  private block: Block | null = null
  /** For blocks of which nothing is kept. */
  private readonly room = new Scratch()
  /** The one that lies there. */
  private lent: Block | null = null
  /** Asked for again and again while a batch is on its way. */
  private timed: { readonly offset: Offset; readonly time: Millis } | null = null

  constructor(reader: LogReader, viewsFile: string) {
    this.reader = reader
    this.viewsFile = viewsFile
    this.known = new KnownInViews(viewsFile)
    this.context = new ContextAsOf(this.known)
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
    const { timed } = this
    if (timed?.offset === offset && offset >= this.reader.base()) return timed.time
    const block = this.lentAt(Math.max(offset, this.reader.base()))
    if (block === null) return null
    const time = block.time[Math.max(0, offset - block.first)]!
    this.timed = { offset, time }
    return time
  }

  offsetAt(time: Millis): Offset {
    return this.reader.offsetAt(time)
  }

  messages(from: Offset, limit: Offset, maxReadings: number, maxBytes = Infinity): { messages: Message[]; to: Offset } {
    this.known.look()
    try {
      return this.messagesFrom(from, Math.min(limit, from + maxScan), maxReadings, maxBytes)
    } finally {
      this.context.forget()
    }
  }

  private messagesFrom(
    from: Offset,
    end: Offset,
    maxReadings: number,
    maxBytes = Infinity,
  ): { messages: Message[]; to: Offset } {
    const messages: Message[] = []
    let readings = 0
    let bytes = 0
    let at = from
    for (let block = this.blockAt(at); at < end && block !== null; block = this.blockAt(at))
      for (; at < end && at < block.first + block.n; at++) {
        if (block.kind[at - block.first] !== kindCode.message) continue
        const message = this.decode(block, at - block.first)
        readings += Math.max(1, message.readings.length)
        bytes += message.record.bytes.length
        if ((readings > maxReadings || bytes > maxBytes) && messages.length > 0) return { messages, to: at }
        messages.push(message)
      }
    return { messages, to: at }
  }

  get inBlocks(): MessagesInBlocks {
    return this
  }

  each(from: Offset, end: Offset, use: (block: Block, row: number) => boolean): Offset {
    this.known.look()
    try {
      let at = from
      for (let block = this.lentAt(at); at < end && block !== null; block = this.lentAt(at))
        for (; at < end && at < block.first + block.n; at++)
          if (block.kind[at - block.first] === kindCode.message && !use(block, at - block.first)) return at
      return at
    } finally {
      this.context.forget()
    }
  }

  isOfWholeTopic(block: Block, row: number): boolean {
    this.context.offset = block.first + row
    const from = row === 0 ? 0 : block.end[row - 1]!
    return this.decoder.isOfWholeTopic(
      block.topics[block.topic[row]!]!,
      block.bytes,
      from,
      block.end[row]!,
      this.context,
    )
  }

  message(block: Block, row: number): Message {
    return this.decode(block, row)
  }

  changes({ from, to }: Span): readonly AlertChange[] {
    this.known.look()
    return this.known.transitions(from, to).map(changeOf)
  }

  newestChange(alert: string, before: Offset): AlertChange | null {
    this.known.look()
    const found = this.known.newest(alert, before)
    return found === null ? null : changeOf(found)
  }

  rest(): void {
    this.known.close()
  }

  openAlerts(): readonly [number, number, number] | null {
    if (!existsSync(this.viewsFile)) return null
    const views = new Database(this.viewsFile, { readonly: true, fileMustExist: true })
    try {
      const count = views.prepare<[Priority], number>(openAlertsSql).pluck()
      return [count.get(1) ?? 0, count.get(2) ?? 0, count.get(3) ?? 0]
    } finally {
      views.close()
    }
  }

  close(): void {
    this.rest()
    this.block = this.lent = null
  }

  private blockAt(offset: Offset): Block | null {
    const { block } = this
    if (block !== null && isIn(block, offset)) return block
    this.block = this.reader.read(offset)
    return this.block
  }

  private lentAt(offset: Offset): Block | null {
    const { lent } = this
    if (lent !== null && isIn(lent, offset)) return lent
    this.lent = null // it is written over
    this.lent = this.reader.read(offset, this.room)
    return this.lent
  }

  private decode(block: Block, row: number): Message {
    const record = recordAt(block, row)
    this.context.offset = record.offset
    const bytes = content(block, row)
    const undecodable =
      bytes === null ? 'too_large' : this.decoder.decode(record.topic, bytes, this.context, this.decoded)
    if (undecodable !== null)
      return { record, readings: [], device: devicePlace(record.topic.name).device, undecodable }
    const { device } = this.decoded.layout.place
    return {
      record,
      readings: readingsOf(this.decoded, record.offset, record.time, this.context),
      device,
      undecodable: null,
    }
  }
}

function isIn({ first, n }: Block, offset: Offset): boolean {
  return offset >= first && offset < first + n
}

interface Prepared {
  readonly birth: Database.Statement<[string, Offset, string, Offset], BirthRow>
  readonly zone: Database.Statement<[Offset], string | null>
  readonly behind: Database.Statement<[string, Offset], Millis>
  readonly window: Database.Statement<[Offset, Offset, Offset, Offset], Window>
  readonly mappings: Database.Statement<[Offset], string>
  readonly transitions: Database.Statement<[Offset, Offset], TransitionRow>
  readonly newest: Database.Statement<[string, Offset], Offset>
}

const transitionsSql = `select t.alert, t.offset, row_number() over (partition by t.offset order by t.seq) - 1 as seq,
    t.phase, t.time, t."by", t.note, t.doc, coalesce(s.topic, d.topic) as topic
  from transition t
    left join alert a on a.id = t.alert
    left join series s on s.id = a.series
    left join device d on d.name = a.device
  where t.offset >= ? and t.offset < ? order by t.offset, t.seq`

/**
 * What decoding depends on, and the alerts, from the views. They are dropped and made again while we run: the file is
 * open only from one look to the next as long as it is the same one, and closed while nothing is to be read.
 */
class KnownInViews implements KnownRows {
  private readonly file: string
  private db: Database.Database | null = null
  private prepared: Prepared | null = null
  /** Of the file that is open. */
  private inode = 0

  constructor(file: string) {
    this.file = file
  }

  birth(key: string, before: Offset): BirthRow | undefined {
    return this.open()?.birth.get(key, before, key, before)
  }

  zone(before: Offset): string | null | undefined {
    return this.open()?.zone.get(before)
  }

  behind(device: string, before: Offset): Millis | undefined {
    return this.open()?.behind.get(device, before)
  }

  window(at: Offset): Window {
    return this.open()?.window.get(at, at, at, at) ?? { mapped: null, clocked: null, until: at }
  }

  mappings(before: Offset): readonly string[] {
    return this.open()?.mappings.all(before) ?? []
  }

  transitions(from: Offset, to: Offset): readonly TransitionRow[] {
    return this.open()?.transitions.all(from, to) ?? []
  }

  newest(alert: string, before: Offset): TransitionRow | null {
    const { newest, transitions } = this.open() ?? {}
    const at = newest?.get(alert, before)
    if (at === undefined || transitions === undefined) return null
    return transitions.all(at, at + 1).findLast((one) => one.alert === alert) ?? null
  }

  /** Lets go of a file that is no longer the one at that place. */
  look(): void {
    if (this.db !== null && inodeOf(this.file) !== this.inode) this.close()
  }

  close(): void {
    this.db?.close()
    this.db = this.prepared = null
  }

  private open(): Prepared | null {
    if (this.prepared !== null || !existsSync(this.file)) return this.prepared
    this.inode = inodeOf(this.file)
    this.db = new Database(this.file, { readonly: true, fileMustExist: true })
    this.prepared = {
      transitions: this.db.prepare(transitionsSql),
      newest: this.db
        .prepare<[string, Offset], Offset>(
          'select offset from transition where alert = ? and offset < ? order by seq desc limit 1',
        )
        .pluck(),
      birth: this.db.prepare(birthSql),
      zone: this.db.prepare<[Offset], string | null>(zoneSql).pluck(),
      window: this.db.prepare(windowSql),
      mappings: this.db.prepare<[Offset], string>(mappingsSql).pluck(),
      behind: this.db.prepare<[string, Offset], Millis>(behindSql).pluck(),
    }
    return this.prepared
  }
}

/** 0: there is none. */
function inodeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? 0
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
  readonly topic: string | null
}

function changeOf({ doc, seq, topic, ...transition }: TransitionRow): AlertChange {
  return { transition, seq, topic, alert: JSON.parse(doc) as Alert } // written by the views, from the same type
}
