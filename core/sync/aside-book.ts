import type Database from 'better-sqlite3'
import type { AsideRow, Calls } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Span } from './resume.ts'
import type { Origin } from './sender.ts'

/** A record that the cluster would not take. */
export interface Letter extends Origin {
  readonly reason: string
  readonly kept: AsideRow['kept']
}

const mostRows = 1_000_000

/** The part of state.db that knows what was set aside, and what became of it. The records themselves are in the log. */
export class AsideBook {
  private readonly sql: ReturnType<typeof prepare>

  constructor(db: Database.Database) {
    this.sql = prepare(db)
  }

  /** What is known of the record already is replaced. */
  add(destination: string, { offset, index, what, reason, kept }: Letter, time: Millis): void {
    this.sql.add.run(destination, offset, index, what, reason, kept, time)
  }

  /** What is known of the record already stays, but for a dead letter that it has by now. */
  note(destination: string, { offset, index, what, reason, kept }: Letter, time: Millis): void {
    this.sql.note.run(destination, offset, index, what, reason, kept, time)
  }

  /** It was taken when it was sent again. */
  sent(destination: string, { offset, index, what }: Origin, time: Millis): void {
    this.sql.sent.run(time, destination, offset, index, what)
  }

  /** Whether no dead letter has it. */
  isOnlyInLog(destination: string, { offset, index, what }: Origin): boolean {
    return this.sql.onlyInLog.get(destination, offset, index, what) === 1
  }

  /** Of records before `base`, which left the log: what no dead letter has is gone. Null: nothing is. */
  letGo(destination: string, base: Offset): (Span & { readonly count: number }) | null {
    const lost = this.sql.lost.get(destination, base)!
    if (lost.count > 0) this.sql.letGo.run(destination, base)
    return lost.count > 0 ? lost : null
  }

  /** Not sent since, and not gone. */
  count(destination: string): number {
    return this.sql.count.get(destination)!
  }

  /** `base`: where the log begins. */
  rows({ destination, after, limit }: Calls['sync.aside']['in'], base: Offset): Calls['sync.aside']['out'] {
    const rows = this.sql.rows.all(destination, after ?? 0, limit + 1)
    return {
      rows: rows.slice(0, limit).map((row) => ({ ...row, inLog: row.offset >= base })),
      more: rows.length > limit,
      sendable: this.sql.sendable.get(destination, base)!,
    }
  }

  /** Readings of [from, to) that are set aside and were not sent since, as `offset:index`. */
  readings(destination: string, { from, to }: Span): Set<string> {
    return new Set(this.sql.readings.all(destination, from, to))
  }

  /** The next offset of [from, to) of which a reading is; null: none is. */
  nextReading(destination: string, { from, to }: Span): Offset | null {
    return this.sql.nextReading.get(destination, from, to) ?? null
  }

  /** Transitions of alerts of [from, to), as `readings`. */
  alerts(destination: string, { from, to }: Span): readonly Origin[] {
    const rows = this.sql.alerts.all(destination, from, to)
    return rows.map((row) => ({ ...row, what: 'alert' }))
  }

  prune(): void {
    this.sql.prune.run(mostRows)
  }
}

/** Sent since are those with a time, and gone is what left the log before it was. */
const waits = "again is null and kept <> 'gone'"

function prepare(db: Database.Database) {
  return {
    add: db.prepare(
      `insert or replace into aside (destination, at, part, what, reason, kept, time, again)
       values (?, ?, ?, ?, ?, ?, ?, null)`,
    ),
    note: db.prepare(
      `insert into aside (destination, at, part, what, reason, kept, time, again)
       values (?, ?, ?, ?, ?, ?, ?, null)
       on conflict do update set kept = excluded.kept where kept = 'log' and excluded.kept = 'topic'`,
    ),
    sent: db.prepare('update aside set again = ? where destination = ? and at = ? and part = ? and what = ?'),
    count: db.prepare<[string], number>(`select count(*) from aside where destination = ? and ${waits}`).pluck(),
    onlyInLog: db
      .prepare<[string, Offset, number, string], number>(
        `select exists (select 1 from aside
           where destination = ? and at = ? and part = ? and what = ? and kept = 'log' and again is null)`,
      )
      .pluck(),
    lost: db.prepare<[string, Offset], Span & { readonly count: number }>(
      `select count(*) as count, min(at) as "from", max(at) + 1 as "to" from aside
       where destination = ? and at < ? and kept = 'log' and again is null`,
    ),
    letGo: db.prepare(
      `update aside set kept = 'gone' where destination = ? and at < ? and kept = 'log' and again is null`,
    ),
    sendable: db
      .prepare<[string, Offset], number>(`select count(*) from aside where destination = ? and at >= ? and ${waits}`)
      .pluck(),
    rows: db.prepare<[string, number, number], Omit<AsideRow, 'inLog'>>(
      `select rowid as id, destination, at as offset, part as "index", what, reason, kept, time from aside
       where destination = ? and rowid > ? and ${waits} order by rowid limit ?`,
    ),
    readings: db
      .prepare<[string, Offset, Offset], string>(
        `select at || ':' || part from aside
         where destination = ? and at >= ? and at < ? and what = 'reading' and again is null`,
      )
      .pluck(),
    nextReading: db
      .prepare<[string, Offset, Offset], Offset>(
        `select min(at) from aside
         where destination = ? and at >= ? and at < ? and what = 'reading' and again is null`,
      )
      .pluck(),
    alerts: db.prepare<[string, Offset, Offset], Pick<Origin, 'offset' | 'index'>>(
      `select at as offset, part as "index" from aside
       where destination = ? and at >= ? and at < ? and what = 'alert' and again is null order by at, part`,
    ),
    prune: db.prepare('delete from aside where rowid <= (select max(rowid) from aside) - ?'),
  }
}
