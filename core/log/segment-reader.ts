import { type Database, SqliteError, type Statement } from 'better-sqlite3'
import type { Block } from '../contract/block.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset, Topic } from '../contract/model.ts'
import { decodeBlock } from './codec.ts'
import { type Columns, timesOf } from './columns.ts'
import { inflate } from './inflate.ts'
import { sumOfRow, sumOfTopic } from './row-sum.ts'
import type { Scratch } from './scratch.ts'
import { openForReading, orClosed, segmentDamaged, segmentFile } from './segment.ts'

/** A block without its records. */
export interface BlockPlace {
  readonly first: Offset
  readonly n: number
  readonly t0: Millis
  readonly t1: Millis
}

interface StoredBlock extends BlockPlace {
  readonly topics: Uint8Array
  readonly data: Uint8Array
  readonly sum: number | null
}

/** A block that was read, unpacked and compared with its checksums, without the names of its topics. */
export interface Unpacked {
  /** First offset of its segment. */
  readonly segment: Offset
  readonly first: Offset
  /** One past the greatest topic that it names. */
  readonly topics: number
  readonly columns: Columns
}

/**
 * One segment, read only; of the active one every call sees what was committed before it.
 * Every call throws FieldError log_damaged, naming the file, where the file cannot be read.
 */
export class SegmentReader {
  readonly first: Offset
  readonly file: string
  private readonly db: Database
  private readonly topics: Topic[] = []
  private readonly topicSums: number[] = []
  private readonly blockUpTo: Statement<[Offset], StoredBlock>
  private readonly placeUpTo: Statement<[Offset], BlockPlace>
  private readonly placeFrom: Statement<[Offset], BlockPlace>
  private readonly topicsFrom: Statement<[number], Topic>

  constructor(dir: string, first: Offset) {
    this.first = first
    this.file = segmentFile(dir, first)
    const { db, sums } = this.reading(() => openForReading(this.file))
    this.db = db
    const prepare = <I extends unknown[], O>(sql: string) =>
      orClosed(db, () => this.reading(() => db.prepare<I, O>(sql)))
    const sum = sums ? 'sum' : 'null as sum'
    this.blockUpTo = prepare(
      `select first, n, t0, t1, topics, data, ${sum} from block where first <= ? order by first desc limit 1`,
    )
    this.placeUpTo = prepare('select first, n, t0, t1 from block where first <= ? order by first desc limit 1')
    this.placeFrom = prepare('select first, n, t0, t1 from block where first >= ? order by first limit 1')
    this.topicsFrom = prepare('select source, name from topic where id >= ? order by id')
  }

  /** One past its last record; its own first offset while it is empty. */
  head(): Offset {
    const last = this.last()
    return last === null ? this.first : last.first + last.n
  }

  /** The newest block. */
  last(): BlockPlace | null {
    return this.before(Number.MAX_SAFE_INTEGER)
  }

  /** The newest block that begins at or before an offset. */
  before(offset: Offset): BlockPlace | null {
    return this.place(this.reading(() => this.placeUpTo.get(offset)))
  }

  /** The oldest block that begins at or after an offset. */
  after(offset: Offset): BlockPlace | null {
    return this.place(this.reading(() => this.placeFrom.get(offset)))
  }

  /** The block that holds an offset, or null. */
  block(offset: Offset): Block | null {
    const found = this.unpack(offset, null)
    return found === null ? null : this.blockOf(found)
  }

  /** The same, unpacked only. */
  unpack(offset: Offset, room: Scratch | null): Unpacked | null {
    const row = this.reading(() => this.blockUpTo.get(offset))
    return row === undefined || offset >= row.first + row.n ? null : this.decode(row, room)
  }

  /** Of one that was unpacked of this segment, here or elsewhere. */
  blockOf({ first, topics: known, columns }: Unpacked): Block {
    const { topics } = this
    this.reading(() => this.know(known))
    const { n, kind, topic, flags, end, bytes, meta } = columns
    return { first, n, kind, topic, time: timesOf(columns), flags, end, bytes, meta, topics, inflate }
  }

  /** Where the next block that can be found begins, behind a damaged one; `end` when there is none before it. */
  nextBlock(offset: Offset, end: Offset): Offset {
    let hidden = offset
    for (let step = 1; hidden + step < end; step *= 2) {
      const found = this.find(hidden + step)
      if (found !== null) return this.firstFound(hidden, hidden + step, end)
      hidden += step
    }
    return end
  }

  close(): void {
    this.db.close()
  }

  /** Half a page that was cut off reads as zeros: a place that no block of this segment can have. */
  private place(found: BlockPlace | undefined): BlockPlace | null {
    if (found === undefined) return null
    if (found.first < this.first || !(found.n > 0))
      throw segmentDamaged(this.file, `it holds a block of ${found.n} records at ${found.first}`)
    return found
  }

  /** Null: the pages on which it would be are damaged. */
  private find(offset: Offset): Offset | null {
    try {
      return this.after(offset)?.first ?? Number.MAX_SAFE_INTEGER
    } catch (error) {
      if (isDamage(error)) return null
      throw error
    }
  }

  /** A damaged page hides the rows on it: those behind are found from an offset that no longer leads to it. */
  private firstFound(hidden: Offset, found: Offset, end: Offset): Offset {
    let [low, high] = [hidden, found]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.find(middle) === null) low = middle
      else high = middle
    }
    return Math.min(end, this.find(high) ?? end)
  }

  private decode(row: StoredBlock, room: Scratch | null): Unpacked {
    try {
      const columns = decodeBlock(row.data, room)
      if (columns.n !== row.n) throw new Error(`it holds ${columns.n} records where ${row.n} were written`)
      const topics = topicsUpTo(row.topics)
      this.know(topics)
      if (row.sum !== null && row.sum !== sumOfRow(row, this.topicSums))
        throw new Error('its row or the names of its topics are not as they were written')
      if (columns.bytes.buffer !== row.data.buffer) giveBack(row.data)
      return { segment: this.first, first: row.first, topics, columns }
    } catch (error) {
      throw damaged(row, this.file, error)
    }
  }

  /** Topics are only ever added, and before or with the first block that names them. */
  private know(topics: number): void {
    if (topics <= this.topics.length) return
    for (const topic of this.topicsFrom.all(this.topics.length)) {
      this.topics.push(topic)
      this.topicSums.push(sumOfTopic(topic))
    }
    if (topics > this.topics.length) throw new Error(`it names topic ${topics - 1} of ${this.topics.length}`)
  }

  private reading<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR|IOERR_SHORT_READ)/.test(error.code))
        throw segmentDamaged(this.file, error.message, error)
      throw error
    }
  }
}

/** By the last of the ids, which ascend. */
function topicsUpTo(ids: Uint8Array): number {
  return 1 + new DataView(ids.buffer, ids.byteOffset, ids.length).getUint32(ids.length - 4, true)
}

/** It is unpacked: by collection it would go late, and what lies beside the heap makes that collect all of it, over and over. */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

export function isDamage(error: unknown): boolean {
  return error instanceof FieldError && error.code === 'log_damaged'
}

function damaged(row: BlockPlace, file: string, error: unknown): FieldError {
  const why = error instanceof Error ? error.message : String(error)
  return new FieldError('log_damaged', `${file}: block ${row.first} to ${row.first + row.n - 1} is damaged: ${why}`, {
    hint: 'restore the file from a backup, or skip the damaged block',
    cause: error,
  })
}
