import type { Millis, Offset } from '../contract/model.ts'
import { AsItCame, type MessagesInBlocks } from './as-it-came.ts'
import type { Entry } from './ledger.ts'
import { inLine } from './lines.ts'
import { type Chunk, Packing, type PackingOptions, sizeOf } from './packing.ts'
import { type AlertChange, alertRecords, type Message, telemetry, type Voice } from './record-format.ts'
import type { Span } from './resume.ts'
import type { KafkaRecord } from './sender.ts'

/** Where batches come from: the log, and what the path made of it. */
export interface BatchSource {
  /** Oldest offset that is kept. */
  base(): Offset
  head(): Offset
  /** Everything before is in the views, so all alerts caused by it are known. */
  upto(): Offset
  /** When the record at `offset` came; null at the head. */
  timeAt(offset: Offset): Millis | null
  /** First record at which the clock of the log had reached `time`; the head when none has. */
  offsetAt(time: Millis): Offset
  /** Alerts by priority, 1 to 3, that are not back to normal; null while the views are not there. */
  openAlerts(): readonly [critical: number, warning: number, advisory: number] | null
  /** Messages of [from, limit), whole, until they hold `maxReadings` or `maxBytes`, one at least; `to` is where to go on. */
  messages(
    from: Offset,
    limit: Offset,
    maxReadings: number,
    maxBytes: number,
  ): { readonly messages: readonly Message[]; readonly to: Offset }
  /** The same messages where they lie; absent: there are only those. */
  readonly inBlocks?: MessagesInBlocks
  /** In log order. */
  changes(span: Span): readonly AlertChange[]
  /** The newest transition of an alert before an offset; null: there is none. */
  newestChange(alert: string, before: Offset): AlertChange | null
  /** Nothing is read for a while: what was held open for it may go. */
  rest?(): void
}

/** What travels in one transaction. */
export interface Batch extends Entry {
  readonly records: number
  /** Those that are packed already, which come first, and the others. */
  readonly packed: readonly Chunk[]
  readonly sent: readonly KafkaRecord[]
  /** The least of their times; Infinity: it has none. */
  readonly oldest: Millis
  /** It ends at a bound, not at the head: there is more. */
  readonly full: boolean
}

export interface BatchOptions {
  readonly source: BatchSource
  readonly voice: Voice
  readonly now: Millis
  readonly markedUntil: Offset
  readonly maxBytes: number
  readonly maxRecords: number
  /** Absent: its records are wanted one by one. */
  readonly packing?: PackingOptions
}

/** Read at once: about a millisecond, so that an answer of the cluster need not wait. */
const maxPiece = 1_000
const maxPieceBytes = 512 * 1024
/** Where little of what is read is to be sent, a batch looks this far for company and no further. */
const leastScan = 20_000

/** The next records from `from`, not passing `limit`; a message is never split. */
export function nextBatch(options: BatchOptions, from: Offset, limit: Offset): Batch {
  const pieces = batchInPieces(options, from, limit)
  for (;;) {
    const { done, value } = pieces.next()
    if (done) return value
  }
}

/** The same, with a pause after each piece. */
export function* batchInPieces(options: BatchOptions, from: Offset, limit: Offset): Generator<void, Batch> {
  const { voice, end: last } = inLine(options.voice, from)
  const building = new Building({ ...options, voice })
  const end = Math.min(limit, last, from + Math.max(leastScan, options.maxRecords))
  let to = from
  while (to < end && building.hasRoom()) {
    const next = building.read(to, end)
    if (next === to) break
    to = next
    yield
  }
  for (const change of options.source.changes({ from, to })) building.addAlert(change)
  return building.batch({ from, to }, to < limit)
}

class Building {
  private readonly o: BatchOptions
  private readonly packing: Packing | null
  private readonly asItCame: AsItCame | null
  private readonly sent: KafkaRecord[] = []
  private sentBytes = 0
  private oldest: Millis = Number.POSITIVE_INFINITY
  private maybeTwice = 0

  constructor(options: BatchOptions) {
    this.o = options
    this.packing = options.packing === undefined ? null : new Packing(options.packing)
    this.asItCame = this.packing === null ? null : AsItCame.of(options.voice)
  }

  private get records(): number {
    return this.sent.length + (this.packing?.count ?? 0)
  }

  private get bytes(): number {
    return this.sentBytes + (this.packing?.bytes ?? 0)
  }

  /** Nearly full is full: what would still fit is not worth another look. */
  hasRoom(): boolean {
    return this.records < this.o.maxRecords * 0.75 && this.bytes < this.o.maxBytes * 0.75
  }

  /** Adds messages of [from, end) while they fit; answers where to go on. */
  read(from: Offset, end: Offset): Offset {
    const { source, maxBytes, maxRecords, markedUntil } = this.o
    const piece = Math.min(maxPiece, maxRecords - this.records)
    if (this.asItCame !== null && source.inBlocks !== undefined && from >= markedUntil)
      return this.readInBlocks(this.asItCame, source.inBlocks, from, Math.min(end, from + piece))
    const read = source.messages(from, end, piece, maxBytes - this.bytes)
    const first = read.messages.find((message) => !this.add(message))
    return first?.record.offset ?? read.to
  }

  private readInBlocks(asItCame: AsItCame, source: MessagesInBlocks, from: Offset, end: Offset): Offset {
    const { now, maxBytes } = this.o
    const packing = this.packing! // it is of a packing
    const most = packing.bytes + maxPieceBytes
    return source.each(from, end, (block, row) => {
      if (packing.bytes >= most) return false
      const time = asItCame.write(packing, source, { block, row, now, room: maxBytes - packing.bytes })
      if (time === null) return false
      if (time < this.oldest) this.oldest = time
      return true
    })
  }

  /** False: it does not fit any more. The first one always fits. */
  private add(message: Message): boolean {
    const { offset } = message.record
    const marked = offset < this.o.markedUntil
    const records = telemetry(this.o.voice, message, this.o.now, marked)
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
    if (this.records > 0 && this.bytes + bytes > this.o.maxBytes) return false
    for (const record of records) this.put(record, marked)
    return true
  }

  addAlert(change: AlertChange): void {
    const marked = change.transition.offset < this.o.markedUntil
    for (const record of alertRecords(this.o.voice, change, this.o.now, marked)) this.put(record, marked)
  }

  private put(record: KafkaRecord, marked: boolean): void {
    this.oldest = Math.min(this.oldest, record.time)
    this.maybeTwice += marked ? 1 : 0
    if (this.packing !== null) {
      this.packing.put(record)
      return
    }
    this.sent.push(record)
    this.sentBytes += sizeOf(record)
  }

  batch(span: Span, full: boolean): Batch {
    const { records, bytes, sent, oldest, maybeTwice } = this
    const packed = this.packing?.finish() ?? []
    return { ...span, records, bytes, packed, sent, oldest, maybeTwice, letters: [], full }
  }
}
