import { existsSync, mkdirSync, statfsSync } from 'node:fs'
import { FieldError } from '../contract/errors.ts'
import type { Kind, Millis, Offset } from '../contract/model.ts'
import { ActiveSegment, type End, smallBytes } from './active.ts'
import { readCatalogue, type SealedSegment } from './catalogue.ts'
import { type Columns, columnsOf } from './columns.ts'
import { Reserve } from './reserve.ts'
import { alone, type Bounds, letGo, type Reader, type Surroundings } from './retention.ts'
import { Scratch } from './scratch.ts'
import { Sealer } from './sealer.ts'
import {
  createSegment,
  listSegments,
  openForReading,
  openForWriting,
  orClosed,
  refuseNewer,
  segmentFile,
} from './segment.ts'
import type { TopicMemo } from './topic-ids.ts'

/** A record on its way into the log. Its offset is given by the log, in the order of arrival. */
export interface Appending {
  /** Arrival, kept as it is; the clock of the log is the running maximum. */
  readonly time: Millis
  readonly kind: Kind
  readonly source: string
  readonly name: string
  readonly qos?: 0 | 1 | 2
  readonly retained?: boolean
  readonly repeat?: boolean
  readonly bytes: Uint8Array
  /** As `encodeMeta` makes it. */
  readonly meta?: Uint8Array | undefined
  /** The same object with each record of this source and name. */
  readonly memo?: TopicMemo | undefined
}

/** The append-only log, held by its one writer. */
export interface Log {
  readonly dir: string
  /** The next offset to be written. */
  readonly head: Offset
  /** The clock of the log: the latest arrival so far; 0 while it is empty. */
  readonly lastTime: Millis
  /**
   * One durable commit: when it returns, the records survive a power cut; when it throws, none of them is in the log.
   * Throws FieldError disk_full or disk_error, and can be called again: what the disk holds is read again before.
   */
  append(records: readonly Appending[]): { readonly first: Offset; readonly n: number }
  /** From now on a full disk gives its reserve for what is appended: the end is near, and short. */
  lastWords(): void
  /** Bytes handed to the disk since it was opened, journal included: an estimate in whole pages, for wear. */
  bytesWritten(): number
  /** Lets the oldest segments go, see retention.ts. Answers who holds one that should go; null: nothing is held. */
  letGo(bounds: Bounds, readers: readonly Reader[], around?: Surroundings): Promise<Reader | null>
  /** What is wrong and keeps nothing from being stored: blocks that cannot be sealed, files that cannot be finished. */
  trouble(): FieldError | null
  /** When the finished segments that no reader holds open are checked in. */
  settled(): Promise<void>
  close(): void
}

export interface LogOptions {
  /** A segment is finished at this size. */
  readonly segmentBytes?: number
  /** A segment is finished when it covers this much log time. */
  readonly segmentMs?: Millis
  /** Small blocks are written again as one when they hold this many records. */
  readonly sealRecords?: number
  /** Kept free for the last words and for letting segments go; 0 is none. */
  readonly reserveBytes?: number
  /** The disk is full at this size of one segment: for tests. */
  readonly maxSegmentBytes?: number
}

const defaults = {
  segmentBytes: 268_435_456,
  segmentMs: 86_400_000,
  sealRecords: 1_000,
  reserveBytes: 0,
  maxSegmentBytes: Infinity,
}
const maxTopics = 500_000

/**
 * Opens the log in a directory, making it where there is none. There must be one writer only: the host locks.
 * Throws FieldError log_newer before it touches anything, log_damaged when the newest segment cannot be read.
 */
export function openLog(dir: string, options: LogOptions = {}): Log {
  refuseNewer(dir)
  try {
    mkdirSync(dir, { recursive: true })
    return new OpenLog(dir, { ...defaults, ...options })
  } catch (error) {
    throw explain(error, dir, null)
  }
}

class OpenLog implements Log {
  readonly dir: string
  private readonly options: Required<LogOptions>
  private readonly sealer: Sealer
  private active: ActiveSegment
  private end: End
  /** Of the segments before the active one. */
  private written = 0
  private heldBy: Reader | null = null
  private readonly reserve: Reserve
  private ending = false
  private failed = false
  private unlike: FieldError | null = null
  private readonly scratch = new Scratch()

  constructor(dir: string, options: Required<LogOptions>) {
    this.dir = dir
    this.options = options
    const firsts = withUnsealed(dir, listSegments(dir))
    this.active = this.openSegment(firsts.at(-1) ?? 0)
    this.end = orClosed(
      this.active.db,
      () => this.active.load() ?? { head: this.active.first, clock: clockBefore(dir, firsts) },
    )
    this.sealer = new Sealer(dir)
    this.sealer.resume(firsts)
    this.reserve = new Reserve(dir, options.reserveBytes)
    this.reserve.take()
  }

  get head(): Offset {
    return this.end.head
  }

  get lastTime(): Millis {
    return Math.max(0, this.end.clock)
  }

  append(records: readonly Appending[]): { first: Offset; n: number } {
    const first = this.end.head
    if (records.length === 0) return { first, n: 0 }
    try {
      this.commit(records)
    } catch (error) {
      if (!this.ending || !isNoRoom(error, this.dir) || !this.reserve.give())
        throw explain(error, this.dir, this.heldBy)
      this.commit(records)
    }
    this.sealer.retry(this.end.clock)
    return { first, n: records.length }
  }

  lastWords(): void {
    this.ending = true
  }

  bytesWritten(): number {
    return this.written + this.active.written
  }

  async letGo(bounds: Bounds, readers: readonly Reader[], around: Surroundings = alone): Promise<Reader | null> {
    try {
      const isSealing = (first: Offset) => this.sealer.holds(first)
      this.heldBy = await letGo(this.dir, bounds, readers, this.lastTime, isSealing, around)
      if (!this.ending) this.reserve.take()
    } catch (error) {
      if (!isNoRoom(error, this.dir)) throw error
      this.reserve.give() // the next time there is room for the catalogue without the segment
    }
    return this.heldBy
  }

  trouble(): FieldError | null {
    return this.unlike ?? this.sealer.trouble()
  }

  async settled(): Promise<void> {
    await this.sealer.settled()
  }

  close(): void {
    this.sealer.close()
    this.active.db.close()
  }

  private commit(records: readonly Appending[]): void {
    if (this.failed) this.reopen()
    this.failed = true // until it is done
    if (this.isDue(records[0]!.time)) this.roll()
    this.end = this.active.commit(this.columns(records), this.end)
    this.failed = false
  }

  /** After a failed write nothing is believed of the file: it must end where the last good commit did. */
  private reopen(): void {
    const { head } = this.end
    this.active.db.close()
    this.written += this.active.written
    this.active = this.openSegment(this.active.first)
    this.active.mend(head)
    const there = this.active.load()?.head ?? this.active.first
    if (there !== head)
      throw new FieldError(
        'log_damaged',
        `${segmentFile(this.dir, this.active.first)} ends at ${there}, but ${head} was stored`,
        {
          hint: 'nothing more is written into it; run verify, and restore the file from a backup',
        },
      )
  }

  private isDue(time: Millis): boolean {
    const { segmentBytes, segmentMs } = this.options
    if (this.end.head === this.active.first) return false
    return (
      this.active.isFull(segmentBytes) || this.active.span(time) >= segmentMs || this.active.topics.size >= maxTopics
    )
  }

  /** The next segment exists before the old one is let go, so that a full disk changes nothing. */
  private roll(): void {
    const old = this.active
    old.sealLoose(this.end)
    this.active = this.openSegment(this.end.head)
    this.written += old.written
    this.sealer.add(old.first, this.end.head - old.first, old.db)
  }

  private openSegment(first: Offset): ActiveSegment {
    if (!existsSync(segmentFile(this.dir, first))) createSegment(this.dir, first)
    const { sealRecords, maxSegmentBytes } = this.options
    const db = openForWriting(segmentFile(this.dir, first))
    const active = orClosed(db, () => new ActiveSegment(db, first, sealRecords, this.heardUnlike))
    if (Number.isFinite(maxSegmentBytes)) active.db.pragma(`max_page_count = ${Math.ceil(maxSegmentBytes / 4096)}`)
    return active
  }

  private columns(records: readonly Appending[]): Columns[] {
    const parts: Columns[] = []
    for (let from = 0; from < records.length; ) {
      const room = parts.length === 0 ? this.room : undefined
      const part = columnsOf(records, from, records.length, this.active.topics, room)
      parts.push(part)
      from += part.n
    }
    return parts
  }

  private readonly heardUnlike = (error: FieldError) => {
    this.unlike = error
  }

  /** Only of a block that is too large to be kept for sealing: it is done with when it is written. */
  private readonly room = (size: number) => (size >= smallBytes ? this.scratch.take(size) : new Uint8Array(size))
}

/** A backup may hold finished segments only: they stay as they are, and the log goes on behind them. */
function withUnsealed(dir: string, firsts: readonly Offset[]): readonly Offset[] {
  const newest = sealedIn(dir).find((segment) => segment.first === firsts.at(-1))
  return newest === undefined ? firsts : [...firsts, newest.first + newest.n]
}

function sealedIn(dir: string): readonly SealedSegment[] {
  try {
    return readCatalogue(dir)
  } catch (error) {
    if (error instanceof FieldError) return [] // damaged: the sealer says it, and capture goes on
    throw error
  }
}

/** The newest segment is empty after a crash between rolling and the next commit: its clock is the one before. */
function clockBefore(dir: string, firsts: readonly Offset[]): Millis {
  const before = firsts.at(-2)
  if (before === undefined) return Number.NEGATIVE_INFINITY
  const { db } = openForReading(segmentFile(dir, before))
  const clock = db.prepare<[], Millis>('select t1 from block order by first desc limit 1').pluck().get()
  db.close()
  return clock ?? Number.NEGATIVE_INFINITY
}

/** Codes of SQLite and of the system: the disk does not take what it is given, now or for good. */
const ofTheDisk = /^(SQLITE_(IOERR|CANTOPEN|READONLY|BUSY)|EIO|EROFS|EDQUOT|EACCES|EPERM|EMFILE|ENFILE)/

function explain(error: unknown, dir: string, heldBy: Reader | null): unknown {
  if (error instanceof FieldError) return error
  const code = codeOf(error)
  if (isNoRoom(error, dir))
    return new FieldError('disk_full', `${dir}: no room for the next records`, {
      hint: `${wayOut(heldBy)}; nothing that was acknowledged is lost, and capture goes on by itself`,
      cause: error,
    })
  if (ofTheDisk.test(code))
    return new FieldError('disk_error', `${dir}: the disk does not take the next records (${code})`, {
      hint: 'look after this disk; nothing that was acknowledged is lost, and capture goes on by itself when it can',
      cause: error,
    })
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new FieldError('log_damaged', `${dir}: the newest segment is damaged`, {
      hint: 'run verify, and restore the file from a backup',
      cause: error,
    })
  return error
}

function isNoRoom(error: unknown, dir: string): boolean {
  const code = codeOf(error)
  return code === 'SQLITE_FULL' || code === 'ENOSPC' || (ofTheDisk.test(code) && isFull(dir))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function wayOut(heldBy: Reader | null): string {
  if (heldBy?.destination == null) return 'make room on this disk'
  const { destination, offset } = heldBy
  return `no log file may go, because "${destination}" lacks the records from ${offset} on: make room on this disk, let it catch up, or no longer require it`
}

function isFull(dir: string): boolean {
  if (!existsSync(dir)) return false
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize < 1_048_576
}
