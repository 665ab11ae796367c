import type { Millis, Offset } from '../contract/model.ts'
import type { Entry } from './ledger.ts'
import { type AlertChange, alertRecords, type Message, telemetry, type Voice } from './record-format.ts'
import type { Span } from './resume.ts'
import { type KafkaRecord, sizeOf } from './sender.ts'

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
  /** In log order. */
  changes(span: Span): readonly AlertChange[]
  /** Nothing is read for a while: what was held open for it may go. */
  rest?(): void
}

/** What travels in one transaction. */
export interface Batch extends Entry {
  readonly records: number
  readonly sent: readonly KafkaRecord[]
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
}

/** Read at once: some milliseconds, so that what else this thread does need not wait. */
const maxPiece = 1_000
/** Where little of what is read is to be sent, a batch looks this far for company and no further. */
const maxScan = 20_000

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
  const building = new Building(options)
  const end = Math.min(limit, from + maxScan)
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
  private readonly sent: KafkaRecord[] = []
  private bytes = 0
  private messages = 0
  private maybeTwice = 0

  constructor(options: BatchOptions) {
    this.o = options
  }

  /** Nearly full is full: what would still fit is not worth another look. */
  hasRoom(): boolean {
    return this.sent.length < this.o.maxRecords * 0.75 && this.bytes < this.o.maxBytes * 0.75
  }

  /** Adds messages of [from, end) while they fit; answers where to go on. */
  read(from: Offset, end: Offset): Offset {
    const { source, maxBytes, maxRecords } = this.o
    const piece = Math.min(maxPiece, maxRecords - this.sent.length)
    const read = source.messages(from, end, piece, maxBytes - this.bytes)
    const first = read.messages.find((message) => !this.add(message))
    return first?.record.offset ?? read.to
  }

  /** False: it does not fit any more. The first one always fits. */
  private add(message: Message): boolean {
    const { offset } = message.record
    const marked = offset < this.o.markedUntil
    const records = telemetry(this.o.voice, message, this.o.now, marked)
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
    if (this.messages > 0 && this.bytes + bytes > this.o.maxBytes) return false
    if (records.length === 0) return true
    this.sent.push(...records)
    this.bytes += bytes
    this.messages += 1
    this.maybeTwice += marked ? records.length : 0
    return true
  }

  addAlert(change: AlertChange): void {
    const marked = change.transition.offset < this.o.markedUntil
    for (const record of alertRecords(this.o.voice, change, this.o.now, marked)) {
      this.sent.push(record)
      this.bytes += sizeOf(record)
      this.maybeTwice += marked ? 1 : 0
    }
  }

  batch(span: Span, full: boolean): Batch {
    const { sent, bytes, maybeTwice } = this
    return { ...span, records: sent.length, sent, bytes, maybeTwice, letters: [], full }
  }
}
