import type { Statement } from 'better-sqlite3'
import type { Offset } from '../contract/model.ts'
import type { Gap } from '../stream/gaps.ts'
import { type Db, stillOpen } from './tables.ts'

/** Records of one row of late messages. */
export const lateChunk = 1_024
/** Rows in memory between two flushes; a row is up to 2 kB. */
const maxRows = 4_096

interface Row {
  readonly about: Gap['about']
  readonly name: string
  readonly gap: number
  readonly chunk: number
  total: number
  /** Of the messages, within the chunk: a past instant counts those before it. */
  readonly offsets: number[]
}

/** Writes gaps, and how much of what came late lies in each. */
export class GapTables {
  private readonly putGap: Statement<[string, string, number, number, number, number, string, string | null, number]>
  private readonly putLate: Statement<[string, string, number, number, number, Uint8Array]>
  private readonly getLate: Statement<[string, string, number, number], { offsets: Uint8Array }>
  private readonly rows = new Map<string, Row>()

  constructor(db: Db) {
    this.putGap = db.prepare('insert or replace into gap values (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.putLate = db.prepare('insert or replace into gap_late values (?, ?, ?, ?, ?, ?)')
    this.getLate = db.prepare('select offsets from gap_late where about = ? and name = ? and gap = ? and chunk = ?')
  }

  /** `offset` is of the record at which the gap is as it is. */
  put({ about, name, number, opened, from, until, cause, detail }: Gap, offset: Offset): void {
    const closed = until === null ? stillOpen : offset
    this.putGap.run(about, name, number, opened, from, until ?? stillOpen, cause, detail, closed)
  }

  late(about: Gap['about'], name: string, gap: number, offset: Offset, total: number): void {
    const row = this.rowOf(about, name, gap, Math.floor(offset / lateChunk))
    row.total = total
    row.offsets.push(offset % lateChunk)
    if (this.rows.size > maxRows) this.flush()
  }

  flush(): void {
    for (const { about, name, gap, chunk, total, offsets } of this.rows.values())
      this.putLate.run(about, name, gap, chunk, total, new Uint8Array(Uint16Array.from(offsets).buffer))
    this.rows.clear()
  }

  private rowOf(about: Gap['about'], name: string, gap: number, chunk: number): Row {
    const key = `${chunk}/${gap}/${about}/${name}`
    let row = this.rows.get(key)
    if (row === undefined) {
      const offsets = this.getLate.get(about, name, gap, chunk)?.offsets
      row = { about, name, gap, chunk, total: 0, offsets: offsets === undefined ? [] : [...lateOffsets(offsets)] }
      this.rows.set(key, row)
    }
    return row
  }
}

/** Within their chunk, ascending. */
export function lateOffsets(blob: Uint8Array): Uint16Array {
  return new Uint16Array(blob.slice().buffer)
}
