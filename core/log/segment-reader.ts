import type { Database, Statement } from 'better-sqlite3'
import type { Block } from '../contract/block.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset, Topic } from '../contract/model.ts'
import { decodeBlock } from './codec.ts'
import { timesOf } from './columns.ts'
import { openForReading, segmentFile } from './segment.ts'

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
}

/** One segment, read only; of the active one every call sees what was committed before it. */
export class SegmentReader {
  readonly first: Offset
  readonly file: string
  private readonly db: Database
  private readonly topics: Topic[] = []
  private readonly blockUpTo: Statement<[Offset], StoredBlock>
  private readonly placeUpTo: Statement<[Offset], BlockPlace>
  private readonly placeFrom: Statement<[Offset], BlockPlace>
  private readonly topicsFrom: Statement<[number], Topic>

  constructor(dir: string, first: Offset) {
    this.first = first
    this.file = segmentFile(dir, first)
    const db = openForReading(this.file)
    this.db = db
    this.blockUpTo = db.prepare(
      'select first, n, t0, t1, topics, data from block where first <= ? order by first desc limit 1',
    )
    this.placeUpTo = db.prepare('select first, n, t0, t1 from block where first <= ? order by first desc limit 1')
    this.placeFrom = db.prepare('select first, n, t0, t1 from block where first >= ? order by first limit 1')
    this.topicsFrom = db.prepare('select source, name from topic where id >= ? order by id')
  }

  /** One past its last record; its own first offset while it is empty. */
  head(): Offset {
    const last = this.last()
    return last === null ? this.first : last.first + last.n
  }

  /** The newest block. */
  last(): BlockPlace | null {
    return this.placeUpTo.get(Number.MAX_SAFE_INTEGER) ?? null
  }

  /** The newest block that begins at or before an offset. */
  before(offset: Offset): BlockPlace | null {
    return this.placeUpTo.get(offset) ?? null
  }

  /** The oldest block that begins at or after an offset. */
  after(offset: Offset): BlockPlace | null {
    return this.placeFrom.get(offset) ?? null
  }

  /** The block that holds an offset, or null. Throws FieldError log_damaged, naming it. */
  block(offset: Offset): Block | null {
    const row = this.blockUpTo.get(offset)
    return row === undefined || offset >= row.first + row.n ? null : this.decode(row)
  }

  close(): void {
    this.db.close()
  }

  private decode(row: StoredBlock): Block {
    try {
      const columns = decodeBlock(row.data)
      if (columns.n !== row.n) throw new Error(`it holds ${columns.n} records where ${row.n} were written`)
      this.know(row.topics)
      const { n, kind, topic, flags, end, bytes, meta } = columns
      return { first: row.first, n, kind, topic, time: timesOf(columns), flags, end, bytes, meta, topics: this.topics }
    } catch (error) {
      throw damaged(row, this.file, error)
    }
  }

  /** Topics are only ever added, and before or with the first block that names them. */
  private know(ids: Uint8Array): void {
    const last = new DataView(ids.buffer, ids.byteOffset, ids.length).getUint32(ids.length - 4, true)
    if (last < this.topics.length) return
    this.topics.push(...this.topicsFrom.all(this.topics.length))
    if (last >= this.topics.length) throw new Error(`it names topic ${last} of ${this.topics.length}`)
  }
}

function damaged(row: BlockPlace, file: string, error: unknown): FieldError {
  const why = error instanceof Error ? error.message : String(error)
  return new FieldError('log_damaged', `${file}: block ${row.first} to ${row.first + row.n - 1} is damaged: ${why}`, {
    hint: 'restore the file from a backup, or skip the damaged block',
    cause: error,
  })
}
