import type { Database, Statement } from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset, Topic } from '../contract/model.ts'
import { decodeBlock, encodeBlock } from './codec.ts'
import { type Columns, joinColumns, latest, topicsIn } from './columns.ts'
import { type SummedRow, sumOfRow } from './row-sum.ts'
import { holdsSame } from './same-records.ts'
import { segmentDamaged } from './segment.ts'
import { TopicIds } from './topic-ids.ts'

interface StoredBlock extends SummedRow {
  readonly data: Uint8Array
  /** Null: written before rows had one. */
  readonly sum: number | null
}

/** Where the log stands after its last commit. */
export interface End {
  readonly head: Offset
  /** The latest arrival so far; -Infinity before the first record. */
  readonly clock: Millis
}

/** A block of this size is never written again. */
export const smallBytes = 65_536
const looseBytes = 1_048_576
const pageBytes = 4_096
/** A row and its share of the tree, at most: a name of 64 kB has pages of its own. */
const topicBytes = 2 * 65_536 + 4 * pageBytes
const blockBytes = 4 * pageBytes

/** The one segment that is written. Every commit is one transaction, on disk when it returns. */
export class ActiveSegment {
  readonly first: Offset
  readonly db: Database
  readonly topics = new TopicIds()
  /** Bytes handed to the disk through this connection, in whole pages: to the journal, and to the file when that is folded. */
  written = 0
  private readonly sealRecords: number
  private readonly onUnlike: (error: FieldError) => void
  /** Small blocks at the end of the file, kept to be written again as one. */
  private loose: { readonly first: Offset; readonly columns: Columns }[] = []
  private began: Millis | null = null
  /** Bytes that the file cannot be larger than. */
  private atMost = Infinity
  private readonly addTopic: Statement<[number, string, string]>
  private readonly addBlock: Statement<[Offset, number, Millis, Millis, Uint8Array, Uint8Array, number]>
  private readonly dropFrom: Statement<[Offset]>
  private readonly dataFrom: Statement<[Offset], { readonly first: Offset; readonly data: Uint8Array }>
  private readonly pages: Statement<[], number>
  private readonly write: (blocks: readonly { first: Offset; columns: Columns }[], seal: boolean, end: End) => End

  /**
   * Takes over the connection, except when it throws. `onUnlike` hears of small blocks that stay as they are, because what
   * they would have become reads otherwise.
   */
  constructor(db: Database, first: Offset, sealRecords: number, onUnlike: (error: FieldError) => void) {
    this.first = first
    this.sealRecords = sealRecords
    this.onUnlike = onUnlike
    this.db = db
    this.addTopic = db.prepare('insert into topic (id, source, name) values (?, ?, ?)')
    this.addBlock = db.prepare('insert into block (first, n, t0, t1, topics, data, sum) values (?, ?, ?, ?, ?, ?, ?)')
    this.dropFrom = db.prepare('delete from block where first >= ?')
    this.dataFrom = db.prepare('select first, data from block where first >= ?')
    this.pages = db.prepare<[], number>('pragma page_count').pluck()
    this.write = db.transaction(this.writeAll.bind(this)).immediate
    this.loadTopics()
  }

  /** Reads what is there; null when the segment is empty. Throws FieldError log_damaged when its end is in doubt. */
  load(): End | null {
    const t0 = this.db.prepare<[], Millis>('select t0 from block order by first limit 1').pluck().get()
    const newest = this.db.prepare<[], StoredBlock>(
      'select first, n, t0, t1, topics, data, sum from block order by first desc',
    )
    let end: End | null = null
    let records = 0
    for (const row of newest.iterate()) {
      end ??= this.endOf(row)
      records += row.n
      if (row.n * 2 >= this.sealRecords || records > this.sealRecords) break
      const columns = readable(row.data)
      if (columns === null || !this.isSmall(columns)) break
      this.loose.unshift({ first: row.first, columns })
    }
    this.began = t0 ?? null
    return end
  }

  private endOf(row: StoredBlock): End {
    if (row.sum !== null && row.sum !== sumOfRow(row, this.topics.sums))
      throw segmentDamaged(this.db.name, 'the row of its newest block is not as it was written')
    return { head: row.first + row.n, clock: row.t1 }
  }

  /**
   * After a write that failed: what the commit left may be on the disk or only seem to be. It is dropped, and the journal
   * is folded into the file, because a journal whose sync failed once cannot be trusted by the next sync. Where a reader
   * holds the journal, the next commit writes over what the failed one left.
   */
  mend(head: Offset): void {
    this.dropFrom.run(head)
    this.db.pragma('wal_checkpoint(TRUNCATE)')
  }

  /** Whether its pages, free ones included, come to so many bytes. They are counted only when they could. */
  isFull(bytes: number): boolean {
    if (this.atMost < bytes) return false
    this.atMost = (this.pages.get() ?? 0) * pageBytes
    return this.atMost >= bytes
  }

  /** Log time it covers so far, were a record of `time` added. */
  span(time: Millis): Millis {
    return this.began === null ? 0 : time - this.began
  }

  /** One durable transaction: the new blocks and, when enough small ones have come together, those as one. */
  commit(parts: readonly Columns[], end: End): End {
    const blocks: { first: Offset; columns: Columns }[] = []
    let first = end.head
    for (const columns of parts) {
      blocks.push({ first, columns })
      first += columns.n
    }
    const small = blocks.length === 1 && this.isSmall(parts[0]!)
    const seal = this.loose.length > 1 && (!small || this.isRipe())
    const now = this.writeKeeping(blocks, seal, end)
    if (seal || !small) this.loose = []
    if (small) this.loose.push(blocks[0]!)
    this.began ??= parts[0]!.t0
    return now
  }

  /** Writes small blocks as one, whatever their number: the last commit of a segment. */
  sealLoose(end: End): void {
    if (this.loose.length > 1) this.writeKeeping([], true, end)
    this.loose = []
  }

  private writeKeeping(blocks: readonly { first: Offset; columns: Columns }[], seal: boolean, end: End): End {
    try {
      const now = this.write(blocks, seal, end)
      this.topics.keep()
      return now
    } catch (error) {
      this.topics.forget()
      throw error
    }
  }

  private writeAll(blocks: readonly { first: Offset; columns: Columns }[], seal: boolean, end: End): End {
    const { fresh, size } = this.topics
    for (let i = 0; i < fresh.length; i++) this.addTopic.run(size - fresh.length + i, fresh[i]!.source, fresh[i]!.name)
    this.atMost += fresh.length * topicBytes
    if (seal) this.writeSealed(end.clock)
    let { head, clock } = end
    for (const { first, columns } of blocks) {
      clock = latest(columns, clock)
      this.writeBlock(first, columns, clock)
      head = first + columns.n
    }
    return { head, clock }
  }

  /** The small blocks go only when the one that takes their place reads as they do: what is to be written, and what was. */
  private writeSealed(clock: Millis): void {
    const first = this.loose[0]!.first
    const whole = joinColumns(this.loose.map((block) => block.columns))
    const data = encodeBlock(whole)
    const read = readable(data)
    if (read === null || !holdsSame(read, this.stored())) {
      this.onUnlike(unlike(this.db.name, first, first + whole.n - 1))
      return
    }
    this.dropFrom.run(first)
    this.writeData(first, whole, clock, data)
  }

  /** The small blocks as the file has them; one that is damaged there as it was. */
  private stored(): readonly Columns[] {
    const rows = new Map(this.dataFrom.all(this.loose[0]!.first).map(({ first, data }) => [first, data]))
    return this.loose.map(({ first, columns }) => readable(rows.get(first) ?? nothing) ?? columns)
  }

  private writeBlock(first: Offset, columns: Columns, clock: Millis): void {
    this.writeData(first, columns, clock, encodeBlock(columns))
  }

  private writeData(first: Offset, columns: Columns, clock: Millis, data: Uint8Array): void {
    const topics = new Uint8Array(topicsIn(columns).buffer)
    const row = { first, n: columns.n, t0: columns.t0, t1: clock, topics }
    this.addBlock.run(first, row.n, row.t0, clock, topics, data, sumOfRow(row, this.topics.sums))
    const bytes = topics.length + data.length
    this.atMost += bytes + blockBytes
    this.written += 2 * (Math.ceil(bytes / pageBytes) + 1) * pageBytes
  }

  private isSmall(columns: Columns): boolean {
    return columns.n * 2 < this.sealRecords && columns.body.length < smallBytes
  }

  private isRipe(): boolean {
    let records = 0
    let bytes = 0
    for (const { columns } of this.loose) {
      records += columns.n
      bytes += columns.body.length
    }
    return records >= this.sealRecords || bytes >= looseBytes
  }

  private loadTopics(): void {
    const rows = this.db.prepare<[], Topic>('select source, name from topic order by id')
    for (const { source, name } of rows.iterate()) this.topics.idOf(source, name)
    this.topics.keep()
  }
}

const nothing = new Uint8Array()

function unlike(file: string, first: Offset, last: Offset): FieldError {
  return new FieldError('log_damaged', `${file}: records ${first} to ${last} would read otherwise as one block`, {
    hint: 'they stay in the blocks in which they were stored, and nothing is lost; tell who made this program, and test the memory of this machine',
  })
}

/** A damaged block stays as it is: reading and verify name it, and capture goes on behind it. */
function readable(data: Uint8Array): Columns | null {
  try {
    return decodeBlock(data)
  } catch {
    return null
  }
}
