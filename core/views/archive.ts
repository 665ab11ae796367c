import type { Statement } from 'better-sqlite3'
import type { Millis, Offset } from '../contract/model.ts'
import { beyondAll } from '../stream/gaps.ts'
import { hourFrom, hourKey, hourMs, minuteMs, newestIn } from './bucket.ts'
import { lateChunk } from './gap-tables.ts'
import type { Db } from './tables.ts'

/** Where the log that is kept begins. */
export interface KeptLog {
  readonly first: Offset
  readonly time: Millis
}

const hours = hourKey(1, 0)

/**
 * What the views hold from before the kept log: charts and alerts that are done with. They cannot be made again, and are
 * not for ever either: when the views are too large the oldest hour goes, of all series at once. What belongs to a record
 * of the kept log stays, also where a device was so late with it that it lies in an hour that goes.
 */
export class Archive {
  private readonly db: Db
  private readonly oldest: Statement<[{ from: number }], { hour: number | null }>
  private readonly rollups: Statement<
    [{ hour: number; first: Offset }],
    { key: number; base: number; blob: Uint8Array }
  >
  private readonly dropRollup: Statement<[number]>
  private readonly drops: readonly Statement<[{ first: Offset; end: Millis; minute: number; hour: number }]>[]
  private readonly keep: Statement<[Millis]>
  private readonly kept: Statement<[], { value: Millis }>
  /** Hours before it were looked through since the program began. */
  private from = 0

  constructor(db: Db) {
    this.db = db
    this.oldest = db.prepare(
      `select min((select key from rollup where key >= series.id * ${hours} + $from
         and key < (series.id + 1) * ${hours} order by key limit 1) % ${hours}) as hour from series`,
    )
    this.rollups = db.prepare(
      `select key, base, blob from rollup where key in (select id * ${hours} + $hour from series) and base < $first`,
    )
    this.dropRollup = db.prepare('delete from rollup where key = ?')
    this.drops = dropped.map((sql) => db.prepare(sql))
    this.keep = db.prepare("insert or replace into meta(name, value) values ('archive', ?)")
    this.kept = db.prepare("select value from meta where name = 'archive'")
  }

  /** Null: nothing went since the views were made. */
  begins(): Millis | null {
    return this.kept.get()?.value ?? null
  }

  /** Lets the oldest hour go, in a transaction of its own, when the views are larger than that. False: there is none. */
  trim(maxBytes: number, kept: () => KeptLog): boolean {
    if (this.bytes() <= maxBytes) return false
    const { first, time } = kept()
    if (first === 0) return false // all that ever came is in the log
    const { hour } = this.oldest.get({ from: this.from })!
    if (hour === null || (hour + 1) * hourMs > time) return false
    this.db.transaction(() => this.drop(hour, first))()
    this.from = hour + 1
    return true
  }

  /** Free pages are filled again before the file grows. */
  private bytes(): number {
    const pragma = (name: string) => Number(this.db.pragma(name, { simple: true }))
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
  }

  private drop(hour: number, first: Offset): void {
    const end = (hour + 1) * hourMs
    let rows = 0
    for (const { key, base, blob } of this.rollups.all({ hour, first }))
      if (newestIn(hourFrom(key, base, blob)) < first) rows += this.dropRollup.run(key).changes
    for (const drop of this.drops) rows += drop.run({ first, end, minute: end / minuteMs, hour }).changes
    if (rows > 0) this.keep.run(end)
  }
}

const done = `opened_at < $end and closed_at < $end
  and not exists (select 1 from transition where transition.alert = alert.id and transition.offset >= $first)`

/** Of each table what lies before the end of the hour, and before the kept log. What is left out here is small, or bounded. */
const dropped = [
  `delete from transition where alert in (select id from alert where ${done})`,
  `delete from alert where ${done}`,
  'delete from late where series in (select id from series) and time < $end and offset < $first',
  `delete from state_change as old where series in (select id from series) and time < $end and offset < $first
     and exists (select 1 from state_change as new where new.series = old.series and (new.time, new.offset) > (old.time, old.offset))`,
  'delete from minute where minute < $minute and first < $first',
  'delete from device_minute where minute < $minute and first < $first',
  'delete from device_hour where hour <= $hour',
  'delete from traffic_hour where source in (select name from source) and hour <= $hour',
  `delete from gap_late where (about, name, gap) in (select about, name, number from gap where until < $end and closed < $first)`,
  `delete from gap_late where about = 'source' and name in (select name from source) and gap = ${beyondAll}
     and chunk < $first / ${lateChunk}`,
  'delete from gap where until < $end and closed < $first',
  'delete from missed where source in (select name from source) and time < $end and offset < $first',
  `delete from not_stored where source in (select name from source) and why in ('dropped', 'left out') and time < $end and offset < $first`,
]
