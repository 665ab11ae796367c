import type { Statement } from 'better-sqlite3'
import type { Millis, Offset, Topic, UndecodableReason } from '../contract/model.ts'
import { minuteOf } from './bucket.ts'
import type { Db } from './tables.ts'

/** Bad messages that can be listed; all of them are counted, and all of them stay in the log. */
export const undecodableKept = 10_000

const maxTopic = 512

/** The topic as the list holds it: long ones are cut. */
export function listedTopic(name: string): string {
  return name.slice(0, maxTopic)
}

/** Counts bad messages by reason, for ever, and names the newest of them. */
export class Undecodable {
  private readonly insert: Statement<[number, number, number, string, string, string]>
  private readonly forget: Statement<[number]>
  private readonly count: Statement<[string, number, number]>
  private seq: number
  private readonly totals: Map<string, number>

  constructor(db: Db) {
    this.insert = db.prepare('insert into undecodable values (?, ?, ?, ?, ?, ?)')
    this.forget = db.prepare('delete from undecodable where seq = ?')
    this.count = db.prepare('insert or replace into undecodable_total(reason, minute, total) values (?, ?, ?)')
    this.seq = db.prepare<[], { seq: number | null }>('select max(seq) as seq from undecodable').get()!.seq ?? 0
    this.totals = loadTotals(db)
  }

  add(offset: Offset, time: Millis, topic: Topic, reason: UndecodableReason): void {
    const total = (this.totals.get(reason) ?? 0) + 1
    this.totals.set(reason, total)
    this.count.run(reason, minuteOf(time), total)
    this.seq += 1
    this.insert.run(this.seq, offset, time, topic.source, listedTopic(topic.name), reason)
    this.forget.run(this.seq - undecodableKept)
  }
}

function loadTotals(db: Db): Map<string, number> {
  const rows = db
    .prepare<[], { reason: string; total: number }>(
      'select reason, max(total) as total from undecodable_total group by reason',
    )
    .all()
  return new Map(rows.map(({ reason, total }) => [reason, total]))
}
